package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"

	"nudge/flows"
	"nudge/lang/shape"
)

var errNobody = errors.New("the event names no person and the trigger has no to")

// Check reports why an input must be refused, or nil. It reads only the input and the flows,
// so a whole group can be checked before any of it is applied.
func (e *Engine) Check(in *Input) *Refusal {
	if len(in.ID) > MaxIDBytes {
		return limit("id", MaxIDBytes, "bytes")
	}
	switch p := in.Payload.(type) {
	case *Event:
		if p.Profile != "" {
			if refusal := checkPerson(in, p.Profile); refusal != nil {
				return refusal
			}
		}
		return e.checkEvent(p)
	case *ProfileChange:
		if refusal := checkPerson(in, p.Profile); refusal != nil && !(p.Forget && p.Profile != "") {
			return refusal
		}
		return e.checkProfile(p)
	case *Reply:
		return checkPerson(in, p.Profile)
	case *Call:
		return checkPerson(in, p.Profile)
	}
	return nil
}

// checkPerson refuses an invalid profile ID. Derived inputs and those of other partitions are not
// checked: their person was checked before.
func checkPerson(in *Input, id string) *Refusal {
	if in.Derived != 0 || in.Origin != nil {
		return nil
	}
	if err := CheckProfileID(id); err != nil {
		return invalid("profile", err.Error())
	}
	return nil
}

func (e *Engine) checkProfile(c *ProfileChange) *Refusal {
	if c.OptOuts != nil && len(*c.OptOuts) > MaxOptOuts {
		return limit("opt_outs", MaxOptOuts, "categories")
	}
	if err := e.checkAttributes(c.Set); err != nil {
		refusal := &Refusal{Why: RefusedShape, Detail: err.Error()}
		if m := new(shape.Mismatch); errors.As(err, &m) {
			refusal.Field = m.Path
		}
		return refusal
	}
	return nil
}

func (e *Engine) checkEvent(ev *Event) *Refusal {
	switch {
	case ev.Type == "":
		return invalid("type", "an event needs a type")
	case len(ev.Type) > MaxEventType:
		return limit("type", MaxEventType, "characters")
	case len(ev.Data) > MaxEventBytes:
		return limit("data", MaxEventBytes, "bytes")
	}
	shaped := false
	for _, f := range e.active {
		if f.EventShape(ev.Type) == nil {
			continue
		}
		if _, err := ev.decode(f); err != nil {
			return misfit(err, f)
		}
		shaped = true
	}
	if shaped { // so it is an object, too
		return nil
	}
	if _, err := ev.decodeAs(shape.Any); err != nil {
		return misfit(err, nil)
	}
	return nil
}

// answerEarly answers an input without applying it: one that is refused, or whose id was
// seen before.
func (e *Engine) answerEarly(ws *WorkingSet, in *Input, stamp Instant) (Answer, bool) {
	if refusal := e.Check(in); refusal != nil {
		return Answer{ID: in.ID, Refused: refusal}, true
	}
	if in.ID == "" {
		return Answer{}, false
	}
	first := ws.ids[in.rememberedAs()]
	if first == nil || first.Stamp.Add(IDRetention) <= max(stamp, e.State.Stamp) {
		return Answer{}, false
	}
	if first.Digest != in.digest() {
		return Answer{ID: in.ID, Refused: conflict(in)}, true
	}
	again := first.Answer
	again.Repeated = true
	return again, true
}

// Refusals reports for each input of a group why it must be refused now, or nil. Unlike
// Check it also refuses an id that was used with another body, before or within the group.
func (e *Engine) Refusals(ws *WorkingSet, group []*Input, stamp Instant) []*Refusal {
	refusals, digests := make([]*Refusal, len(group)), map[string]uint64{}
	for i, in := range group {
		answer, _ := e.answerEarly(ws, in, stamp)
		refusals[i] = answer.Refused
		if in.ID == "" || refusals[i] != nil {
			continue
		}
		digest := in.digest()
		if first, seen := digests[in.rememberedAs()]; seen && first != digest {
			refusals[i] = conflict(in)
		}
		digests[in.rememberedAs()] = digest
	}
	return refusals
}

func conflict(in *Input) *Refusal {
	return &Refusal{Why: RefusedConflict, Field: "id",
		Detail: "this id was used with another body: use a new id for a new " + in.Kind().String()}
}

// rememberedAs returns the id under which the input's answer is kept.
func (in *Input) rememberedAs() string { return in.Kind().String() + ":" + in.ID }

// digest hashes the content of the input, to tell a repeated input from a misused id.
func (in *Input) digest() uint64 {
	h := fnv.New64a()
	switch p := in.Payload.(type) {
	case *Event:
		mix(h, p.Type, p.Profile, string(p.Data))
	case *Reply:
		mix(h, p.Profile, p.Conversation, p.Text)
	case *Call:
		mix(h, p.Flow, p.Profile, p.Key, string(p.Data))
	case *ProfileChange:
		mix(h, p.Profile, string(p.Set), fmt.Sprint(p.Replace, p.Forget, p.OptOuts != nil))
		if p.OptOuts != nil {
			mix(h, *p.OptOuts...)
		}
		if p.OptOut != "" || p.OptIn != "" { // other digests stay as they were stored
			mix(h, p.OptOut, p.OptIn)
		}
	case *CampaignControl:
		mix(h, p.Do.String(), p.Flow, fmt.Sprint(p.Campaign, p.EndRuns), p.Reason)
	case runCommand:
		mix(h, p.told()...)
	case *Deploy:
		p.mix(h)
	case *Control:
		mix(h, fmt.Sprint(uint8(p.Outbound), p.Kill != nil, p.Kill != nil && *p.Kill))
		mix(h, p.Only...)
	}
	return h.Sum64()
}

func (d *Deploy) mix(h hash.Hash64) {
	for _, bundle := range d.Flows {
		mix(h, fmt.Sprint(len(bundle)))
		for _, f := range bundle {
			mix(h, f.Name, f.Text)
		}
	}
	if d.Marks != "" { // other digests stay as they were stored
		mix(h, d.Marks)
	}
}

// runCommand is what an operator does with a run.
type runCommand interface{ told() []string }

func (c *Cancel) told() []string { return []string{c.Run.String(), c.Reason} }

// told leaves out what follows from the run.
func (p *Retry) told() []string { return []string{p.Run.String(), p.Reason} }

// mix hashes texts so that different lists never hash the same bytes.
func mix(h hash.Hash64, parts ...string) {
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
}

// decode reads the event's data by the shape that the flow declares for it.
func (ev *Event) decode(f *flows.Flow) (map[string]any, error) {
	if t := f.EventShape(ev.Type); t != nil {
		return ev.decodeAs(t)
	}
	return ev.decodeAs(shape.Any)
}

// decodeAs reads the event's data by a shape, only once for each shape.
func (ev *Event) decodeAs(t *shape.Type) (map[string]any, error) {
	for i := range ev.readings {
		if ev.readings[i].shape == t {
			return ev.readings[i].data, ev.readings[i].err
		}
	}
	data, err := decodeObject(t, ev.Data)
	ev.readings = append(ev.readings, reading{t, data, err})
	return data, err
}

// reading is an event's data, decoded by one shape.
type reading struct {
	shape *shape.Type
	data  map[string]any
	err   error
}

func decodeObject(t *shape.Type, raw json.RawMessage) (map[string]any, error) {
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	value, err := t.Decode(raw)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, &shape.Mismatch{Want: "an object", Got: "something else"}
	}
	return object, nil
}

func misfit(err error, f *flows.Flow) *Refusal {
	refusal := &Refusal{Why: RefusedShape, Field: "data", Detail: err.Error()}
	if m := new(shape.Mismatch); errors.As(err, &m) {
		m = m.At("data")
		refusal.Field, refusal.Detail = m.Path, m.Error()
	}
	if f != nil {
		refusal.Detail += " (flow " + f.Name + " reads it)"
	}
	return refusal
}

func invalid(field, detail string) *Refusal {
	return &Refusal{Why: RefusedInvalid, Field: field, Detail: detail}
}

func limit(field string, max int, unit string) *Refusal {
	return &Refusal{Why: RefusedLimit, Field: field, Detail: fmt.Sprintf("must be at most %d %s", max, unit)}
}
