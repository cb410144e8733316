package lsp

import (
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/shape"
)

// dataType returns the shape of the data whose key a spot is: of an event, of the data of a
// flow that is started or called, or of a profile. It returns nil for other keys. The keys are
// the path of the spot without the items of lists.
func (p *project) dataType(s spot, keys []string, of string) *shape.Type {
	if len(keys) < 2 {
		return nil
	}
	switch before := keys[len(keys)-2]; {
	case before == "data" && s.beside("event", 1) != "":
		return p.read.Events[s.beside("event", 1)]
	case before == "data" && of == "flow" && s.beside("flow", 1) != "":
		return p.dataOf(s.beside("flow", 1))
	case before == "data" && of == "test" && s.beside("call", 1) != "":
		return p.dataOf(s.beside("call", 1))
	case of == "test" && (len(keys) == 3 && keys[0] == "people" || before == "profile"):
		return p.read.Profile
	}
	return nil
}

func (p *project) dataOf(flow string) *shape.Type {
	if f := p.read.Flow(flow); f != nil {
		return f.Data
	}
	return nil
}

// endsOf returns the outcomes by which runs of a flow can end, sorted.
func endsOf(f *flows.Flow) []string {
	ends := []string{"completed", "failed", "cancelled"}
	for _, line := range f.Exits {
		ends = append(ends, line.As)
	}
	for i := range f.Steps {
		if e := f.Steps[i].Exit; e != nil {
			ends = append(ends, e.As)
		}
	}
	slices.SortFunc(ends, strings.Compare)
	return slices.Compact(ends)
}
