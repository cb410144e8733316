package engine

import (
	"cmp"
	"encoding/json"
	"maps"

	"nudge/flows"
	"nudge/lang/shape"
)

// scope returns what conditions see of a run at the instant of the current input.
func (a *applier) scope(r pinned) map[string]any {
	scope := map[string]any{
		flows.NameData:    a.reading(r.flow.Data, r.Data),
		flows.NameProfile: a.profileView(r.Profile, r.flow),
		flows.NameVars:    varsView(r.Run),
		flows.NameRound:   r.round(),
		flows.NameRun: map[string]any{
			"id": r.ID.String(), "key": r.Key, "started": shape.TimeOf(r.Started().Time()), "started_by": r.StartedBy,
		},
		flows.NameNow:   shape.TimeOf(a.now.Time()),
		flows.NameToday: a.today(r.Profile, r.flow),
		flows.NameEvent: a.eventView(r, r.Event),
		flows.NameReply: a.replyView(r, r.Reply),
	}
	for i := range r.flow.Steps {
		switch r.flow.Steps[i].Verb {
		case flows.VerbSend:
			scope[r.flow.Steps[i].ID] = messageView(r.sentBy(i))
		case flows.VerbWait, flows.VerbRepeat, flows.VerbStart, flows.VerbBranch, flows.VerbSplit:
			scope[r.flow.Steps[i].ID] = a.waitView(r, i)
		case flows.VerbFetch:
			scope[r.flow.Steps[i].ID] = fetchView(r, i)
		case flows.VerbCollect:
			scope[r.flow.Steps[i].ID] = a.collectView(r, i)
		}
	}
	return scope
}

// renderScope returns what the template of a message sees: the run at the instant at which
// the message was planned, so that a later attempt has the same text.
func (a *applier) renderScope(r pinned, m *Message) map[string]any {
	scope := a.scope(r)
	scope[flows.NameNow] = shape.TimeOf(m.Planned.Time())
	return scope
}

// bindSignal puts a signal into a scope, as the line that checks it sees it.
func (a *applier) bindSignal(scope map[string]any, f *flows.Flow, h *Signal) {
	switch {
	case h == nil:
	case h.Event != "":
		scope[flows.NameEvent] = a.eventData(f, h)
	default:
		scope[flows.NameReply] = h.view(localeOf(scope[flows.NameProfile].(map[string]any), f))
	}
}

// wants reports whether a trigger's condition is true for an event that it names. The
// condition sees no run, because there is none yet.
func (a *applier) wants(f *flows.Flow, t *flows.Trigger, ev *Event) (bool, error) {
	data, err := ev.decode(f)
	if err != nil || t.If == nil {
		return err == nil, err
	}
	return a.triggerTruth(t.If, map[string]any{
		flows.NameEvent:   data,
		flows.NameProfile: a.profileView(ev.Profile, f),
		flows.NameNow:     shape.TimeOf(a.now.Time()),
		flows.NameToday:   a.today(ev.Profile, f),
	}, f, ev.Profile)
}

func (a *applier) eventView(r pinned, hand int) map[string]any {
	if hand == 0 {
		return noEvent
	}
	return a.eventData(r.flow, &r.Signals[hand-1])
}

func (a *applier) eventData(f *flows.Flow, h *Signal) map[string]any {
	return a.reading(f.EventShape(h.Event), h.Data)
}

// reading returns the same as object. It decodes the data of the current event only once.
func (a *applier) reading(t *shape.Type, raw json.RawMessage) map[string]any {
	if ev, ok := a.in.Payload.(*Event); ok && string(ev.Data) == string(raw) {
		if data, err := ev.decodeAs(cmp.Or(t, shape.Any)); err == nil {
			return data
		}
	}
	return object(t, raw)
}

func (a *applier) replyView(r pinned, hand int) map[string]any {
	if hand == 0 {
		return noReply
	}
	return r.Signals[hand-1].view(localeOf(a.profileView(r.Profile, r.flow), r.flow))
}

func messageView(m *Message) map[string]any {
	if m == nil {
		return noMessage
	}
	return map[string]any{
		"status": m.Status.String(), "reason": m.Reason,
		"accepted":  m.Accepted,
		"sent":      m.Status >= Sent && !m.Status.lost(),
		"delivered": satisfies(m.Status, flows.SignalDelivered),
		"read":      satisfies(m.Status, flows.SignalRead),
		"failed":    m.Status.lost(),

		"conversation": textOrNil(m.Conversation),
	}
}

// textOrNil returns a text, or nil for an empty one, which is absent.
func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// Values for what is missing. Scopes share them: a scope is never changed below its own
// names.
var (
	noMessage = map[string]any{"status": "", "reason": "", "accepted": false, "sent": false, "delivered": false, "read": false, "failed": false, "conversation": nil}
	noEvent   = map[string]any{}
	noReply   = (&Signal{}).view("")
	notEnded  = map[string]any{"outcome": "", "event": noEvent, "reply": noReply}
)

func (a *applier) waitView(r pinned, step int) map[string]any {
	for i := len(r.Waits) - 1; i >= 0; i-- {
		if w := &r.Waits[i]; w.Step == step {
			return map[string]any{
				"outcome": w.Outcome, "event": a.eventView(r, w.Event), "reply": a.replyView(r, w.Reply),
			}
		}
	}
	return notEnded
}

// collectView returns what a collect has gathered so far, and how it ended.
func (a *applier) collectView(r pinned, step int) map[string]any {
	view := maps.Clone(a.waitView(r, step))
	items := []any{}
	for _, c := range r.Collected {
		if c.Step != step {
			continue
		}
		items = items[:0]
		several := len(r.flow.Steps[step].Collect.Events) > 1
		for _, n := range c.Signals {
			item := a.eventData(r.flow, &r.Signals[n-1])
			if several {
				item = maps.Clone(item)
				item[flows.NameEvent] = r.Signals[n-1].Event
			}
			items = append(items, item)
		}
	}
	view["items"], view["count"] = items, len(items)
	return view
}

func varsView(r *Run) map[string]any {
	vars := make(map[string]any, len(r.Vars))
	for _, v := range r.Vars {
		value, err := shape.Restore(v.Value)
		if err != nil {
			panic("engine: stored variable " + v.Name + ": " + err.Error())
		}
		vars[v.Name] = value
	}
	return vars
}

// object reads a stored object. It was checked on arrival. If a newer shape does not fit, it
// is read without a shape.
func object(t *shape.Type, raw json.RawMessage) map[string]any {
	if t != nil {
		if data, err := decodeObject(t, raw); err == nil {
			return data
		}
	}
	data, err := decodeObject(shape.Any, raw)
	if err != nil {
		return map[string]any{}
	}
	return data
}
