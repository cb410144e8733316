package server

import (
	"slices"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
)

// sawOfRun adds to the lines of a run the conditions that led to them. The lines are the timeline from its end.
func (s *Server) sawOfRun(lines []HistoryLine, r *engine.Run, f *flows.Flow, person *engine.Person, v *view) error {
	if f == nil || r.Profile == "" {
		return nil
	}
	sight, err := engine.Look(r, f, person, engine.InstantOf(s.now()))
	if err != nil {
		return err
	}
	secrets, err := v.secrets(r.Flow, r.Data, person)
	for i := 0; i < len(lines) && err == nil; i++ {
		lines[i].Conditions, err = v.conditions(r.Flow, conditionsOf(sight.Saw(len(r.Timeline)-1-i)...), secrets)
	}
	return err
}

// sawOfInput returns the conditions by which an input started nothing.
func (s *Server) sawOfInput(x *explanation, item *store.HistoryItem, person *engine.Person, v *view) (shown []Condition, err error) {
	switch p := item.Input.Payload.(type) {
	case *engine.Event:
		if slices.ContainsFunc(item.Entry.Decisions, func(d engine.Decision) bool { return d.Flow == x.Flow && d.Reason == engine.SkippedIf }) {
			shown, err = s.sawOfEvent(x.Flow, p, item.Entry.At, v)
		}
	case *engine.Rows:
		shown, err = s.sawOfRow(item, p, x.Profile)
	}
	if err != nil {
		return nil, err
	}
	return v.conditions(x.Flow, shown, v.secretsOfInput(item.Input, person))
}

// sawOfEvent returns the conditions of the triggers that an event did not meet. Those of a version that is no longer active are
// not known: the history does not say which version it was.
func (s *Server) sawOfEvent(flow string, ev *engine.Event, at engine.Instant, v *view) (shown []Condition, err error) {
	f, err := v.activeFlow(flow)
	if err != nil || f == nil {
		return nil, err
	}
	since, err := s.config.Store.DeployedSince(flow)
	if err != nil || since > at {
		return nil, err
	}
	for i := range f.Triggers {
		if t := &f.Triggers[i]; t.Event == ev.Type && t.If != nil {
			saw, err := engine.SawEvent(f, t, ev, at)
			if err == nil { // else it does not fit the shape, and its condition was not asked
				shown = append(shown, conditionsOf(saw)...)
			}
		}
	}
	return shown, nil
}

// sawOfRow returns the condition by which a campaign left a person out.
func (s *Server) sawOfRow(item *store.HistoryItem, rows *engine.Rows, profile string) ([]Condition, error) {
	c := item.Campaign
	at := slices.IndexFunc(rows.Rows, func(row engine.Row) bool { return row.Profile == profile })
	if c == nil || at < 0 {
		return nil, nil
	}
	f, err := s.flows.version(engine.FlowVersion{Flow: c.Flow, Version: c.Version})
	if err != nil || f == nil || c.Trigger >= len(f.Triggers) {
		return nil, err
	}
	t := &f.Triggers[c.Trigger]
	cond := t.If
	if item.Entry.Reason == engine.LeftAudience && t.Schedule != nil {
		cond = t.Schedule.Audience.If
	}
	if cond == nil || item.Entry.Reason != engine.LeftAudience && item.Entry.Reason != engine.LeftCondition {
		return nil, nil
	}
	return conditionsOf(engine.SawRow(f, cond, &rows.Rows[at], item.Entry.At)), nil
}
