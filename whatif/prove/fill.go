package prove

import (
	"fmt"
	"slices"
	"strings"

	"nudge/flows"
)

// fill gives the events and replies of a story what its conditions need, where that
// can be told: comparisons of one field with a literal. What cannot stays among the
// needs, for the reader.
func (x *explorer) fill(story Story, instants map[alarm]int64) {
	given := map[string]bool{} // what must be true of what the run began with
	for _, m := range story {
		for _, n := range m.Needs {
			if a, ok := x.atoms[n.Condition]; ok && constant(a) {
				given[n.Condition] = n.Holds
			}
		}
	}
	for i := range story {
		m := &story[i]
		for k := range m.Needs {
			a, ok := x.atoms[m.Needs[k].Condition]
			m.Needs[k].Told = ok && a.Path != pathRoot(a.Path) || m.Needs[k].split != nil || m.Needs[k].by != nil
		}
		switch m.Kind {
		case MoveStart:
			m.Data = x.values(flows.NameData, given)
			for path, n := range x.anchors {
				if at, ok := instants[alarm{atAnchor, n, false}]; ok {
					m.Data[strings.TrimPrefix(path, flows.NameData+".")] = anchored(at)
				}
			}
		case MoveEvent:
			m.Data = x.values(flows.NameEvent, needed(m.Needs))
			m.nameWhom()
		case MoveReply:
			m.Text = x.replyText(needed(m.Needs))
		}
	}
}

// profileBefore is the change of what is known of the person that must come before
// something else can come out as it is needed.
func (x *explorer) profileBefore(needs []Need, known map[string]any) []Move {
	facts, change := needed(needs), map[string]any{}
	for _, path := range x.pathsUnder(flows.NameProfile, facts) {
		v, ok := known[path]
		if ok && x.fits(path, v, facts) || !ok && x.noneHolds(path, facts) {
			continue
		}
		if v := x.witness(path, facts); v != nil {
			known[path] = v
			change[strings.TrimPrefix(path, flows.NameProfile+".")] = v
		}
	}
	if len(change) == 0 {
		return nil
	}
	return []Move{{Kind: MoveProfile, Data: change}}
}

// noneHolds reports whether no fact about a path is to be true, as where it is absent.
func (x *explorer) noneHolds(path string, facts map[string]bool) bool {
	for text, fact := range facts {
		if fact && x.atoms[text].Path == path {
			return false
		}
	}
	return true
}

// anchored is an instant of a story, in milliseconds after its start.
type anchored int64

// MarshalJSON writes it in words.
func (a anchored) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%q", fmt.Sprintf("%s after the start", span(int64(a)))), nil
}

func needed(needs []Need) map[string]bool {
	facts := map[string]bool{}
	for _, n := range needs {
		facts[n.Condition] = n.Holds
	}
	return facts
}

// values are the fields of something that the facts speak of, by their paths below it.
func (x *explorer) values(root string, facts map[string]bool) map[string]any {
	fields := map[string]any{}
	for _, path := range x.pathsUnder(root, facts) {
		if v := x.witness(path, facts); v != nil {
			fields[strings.TrimPrefix(path, root+".")] = v
		}
	}
	return fields
}

func (x *explorer) pathsUnder(root string, facts map[string]bool) []string {
	var paths []string
	for text := range facts {
		if a, ok := x.atoms[text]; ok && pathRoot(a.Path) == root && a.Path != root {
			paths = append(paths, a.Path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// replyText is a reply of which the facts hold.
func (x *explorer) replyText(facts map[string]bool) string {
	for _, path := range x.pathsUnder(flows.NameReply, facts) {
		if v := x.witness(path, facts); v != nil {
			return fmt.Sprint(v)
		}
	}
	return "yes"
}
