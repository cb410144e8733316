package lsp

import (
	"slices"
	"strings"

	"nudge/flows"
	"nudge/lang/node"
	"nudge/lang/shape"
)

// dataType returns the shape of the map whose key a spot is, where that is data of an event,
// of a flow that is started or called, or of a profile. It returns nil for other keys. The keys
// are the path of the spot without the items of lists.
func (p *project) dataType(s spot, keys []string, of string) *shape.Type {
	for i, key := range keys[:max(len(keys)-1, 0)] {
		t, below := (*shape.Type)(nil), i+1
		switch {
		case key == "data" && i > 0:
			t = p.dataBeside(s.maps[i], of)
		case of == "test" && i == 0 && key == "people":
			t, below = p.read.Profile, i+2
		case of == "test" && i > 0 && key == "profile":
			t = p.read.Profile
		case of == "test" && i > 1 && key == "json" && keys[i-2] == "answers":
			t = p.answerOf(s.text.Span.File, keys[i-1])
		}
		if t == nil {
			continue
		}
		for ; below < len(keys)-1 && t != nil; below++ {
			t = insideOf(t).Fields[keys[below]]
		}
		if t == nil || below > len(keys)-1 {
			return nil
		}
		return insideOf(t)
	}
	return nil
}

// answerOf returns the shape of the answer of a fetch step, of the flows that a file of tests is
// about.
func (p *project) answerOf(file, step string) *shape.Type {
	for _, f := range p.tested(file) {
		if i := f.StepNamed(step); i >= 0 && f.Steps[i].Fetch != nil {
			return f.Steps[i].Fetch.Shape
		}
	}
	return nil
}

// insideOf returns the type of the items of a list of lists; another type is itself.
func insideOf(t *shape.Type) *shape.Type {
	for t.Kind == shape.KindList && t.Elem != nil {
		t = t.Elem
	}
	return t
}

// dataBeside returns the shape of data, by what stands beside it.
func (p *project) dataBeside(m *node.Map, of string) *shape.Type {
	if event := textIn(m, "event"); event != "" {
		return p.eventType(event)
	}
	if flow := textIn(m, "flow"); flow != "" && of == "flow" {
		return p.dataOf(flow)
	}
	if flow := textIn(m, "call"); flow != "" && of == "test" {
		return p.dataOf(flow)
	}
	return nil
}

// eventType returns the shape of an event: as nudge.yaml declares it, else as a flow does that
// listens to it; nil if nobody does.
func (p *project) eventType(event string) *shape.Type {
	if t := p.read.Events[event]; t != nil {
		return t
	}
	for _, f := range p.read.Flows {
		if t := f.EventShape(event); t != nil && t.Kind == shape.KindMap {
			return t
		}
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

// testFlows returns the names of the flows that a file of tests is about: those that it names,
// and those that these start.
func (p *project) testFlows(file string) []string {
	return p.flowsNamedIn(parse(file, p.folder.texts[file]))
}

// flowsNamedIn is testFlows for a file of tests that is parsed already.
func (p *project) flowsNamedIn(tests *node.Map) (names []string) {
	walk(tests, func(s spot) {
		if keys := s.keys(); !s.isKey && len(keys) == 1 && (keys[0] == "flow" || keys[0] == "flows") {
			names = append(names, s.text.Value)
		}
	})
	for i := 0; i < len(names); i++ {
		f := p.read.Flow(names[i])
		if f == nil {
			continue
		}
		for at := range f.Steps {
			if s := f.Steps[at].Start; s != nil && !slices.Contains(names, s.Flow) {
				names = append(names, s.Flow)
			}
		}
	}
	slices.Sort(names)
	return names
}

// tested returns the flows that a file of tests is about, without those that have mistakes.
func (p *project) tested(file string) (all []*flows.Flow) {
	for _, name := range p.testFlows(file) {
		if f := p.read.Flow(name); f != nil {
			all = append(all, f)
		}
	}
	return all
}
