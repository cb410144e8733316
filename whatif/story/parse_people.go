package story

import (
	"encoding/json"
	"fmt"

	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/sandbox/people"
)

func (r *reader) people(v *node.Value) {
	if v == nil {
		return
	}
	m := v.Map()
	if m == nil {
		return
	}
	for _, e := range m.Entries() {
		p := Person{Name: e.Key.Value}
		if !e.Value.IsEmpty() {
			if known := e.Value.Map(); known != nil {
				p.Attributes = r.person(known, &p)
			}
		}
		r.file.People = append(r.file.People, p)
	}
}

// person reads what is known of somebody, and what they do.
func (r *reader) person(m *node.Map, p *Person) json.RawMessage {
	known := map[string]any{}
	for _, e := range m.Entries() {
		switch e.Key.Value {
		case "does":
			script, err := ParseScript(e.Value.Str())
			if err != nil {
				e.Value.Errorf(codeScript, `for example: reads after 3s, or: never reads, replies "yes" after 1h`, "%v", err)
			}
			p.Script = script
		case "fails":
			p.Script = people.Script{{Does: people.Fails, Text: "unreachable"}}
			if why, isText := e.Value.Literal().(string); isText {
				p.Script[0].Text = why
			} else if !e.Value.Bool() {
				p.Script = nil
			}
		case "timezone":
			if shape.Zone(e.Value.Str()) == nil {
				e.Value.Errorf(codeMoment, "for example Europe/London", "there is no time zone %q", e.Value.Str())
			}
			known["timezone"] = e.Value.Str()
		default:
			known[e.Key.Value] = literal(e.Value)
		}
	}
	if len(known) == 0 {
		return nil
	}
	return encoded(known)
}

// ParseScript reads what somebody does with every message (people.ParseScript). A story
// leaves nothing to chance, so every time must be one.
func ParseScript(text string) (people.Script, error) {
	script, err := people.ParseScript(text)
	if err != nil {
		return nil, err
	}
	for _, a := range script {
		if a.Until > a.After {
			return nil, fmt.Errorf("%s leaves its time to chance; a story needs one fixed time", a)
		}
	}
	return script, nil
}
