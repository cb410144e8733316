package simtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/simtest/model"
	"nudge/store"
)

// watched is the store that the loop sees: it lets the judges look at every batch that
// was kept, whatever the loop is told of it.
type watched struct {
	*store.Store
	m *machine
}

var _ runner.Store = watched{}

func (w watched) Commit(b *engine.Batch) (err error) {
	updates := w.m.disk.updates
	defer func() {
		died := recover()
		if w.m.disk.updates == updates { // nothing was kept
			if c := w.m.disk.sent; c != nil && c.batch == nil {
				c.batch = b
			}
			if died != nil {
				panic(died)
			}
			return
		}
		if v := w.m.committed(b); v != nil {
			err = v
			return
		}
		if died != nil {
			panic(died)
		}
	}()
	return w.Store.Commit(b)
}

// committed takes a batch that the disk has kept.
func (m *machine) committed(b *engine.Batch) error {
	if m.blind() {
		return m.keepsOn(b)
	}
	m.batches = append(m.batches, b)
	if b.State.Installation != m.identity {
		return broken("I8", "the store is installation %s, and was %s", b.State.Installation, m.identity)
	}
	m.inputs += len(b.Journal)
	for i := range b.Journal {
		j := &b.Journal[i]
		if m.fresh != nil {
			m.fresh[j.Input] = true
		}
		m.ledger.correct(j.Input)
		m.reached["input "+j.Input.Kind().String()]++
		if r, ok := j.Input.Payload.(*engine.SendResult); ok && r.Returned { // the provider never saw it
			delete(m.posted, channels.Ref{Installation: m.identity.String(), Run: r.Run.String(), Message: r.Message, Attempt: r.Attempt})
		}
		fmt.Fprint(m.trace, j.Seq, j.Stamp, j.Slots, j.Input.Kind())
	}
	for _, c := range b.Changes {
		m.name(c.After)
		fmt.Fprint(m.trace, c.After.ID, c.After.Status, c.After.Deadline, len(c.After.Timeline))
	}
	for _, f := range b.Versions {
		m.versions[engine.FlowVersion{Flow: f.Name, Version: f.Version}] = f
	}
	for _, f := range b.Campaigns {
		m.campaigns[f.ID] = f.Number
	}
	m.seq = b.State.Seq
	m.look(b)
	if err := errors.Join(m.audited(b), m.checkStopped(b)); err != nil {
		return err
	}
	if err := m.model.Take(b, func(v engine.FlowVersion) *flows.Flow { return m.versions[v] }); err != nil {
		return broken("I2", "%v%s", err, m.history(err, b))
	}
	for i := range b.Journal {
		if rows, ok := b.Journal[i].Input.Payload.(*engine.Rows); ok {
			if v := m.checkRows(rows); v != nil {
				return v
			}
		}
	}
	return nil
}

// history is the timeline of the run in which a batch broke a rule, and its flow.
func (m *machine) history(err error, b *engine.Batch) string {
	var v *model.Violation
	if !errors.As(err, &v) {
		return ""
	}
	last := b.Journal[len(b.Journal)-1]
	raw, _ := json.Marshal(last.Input)
	return m.lifeOf(v.Run) + fmt.Sprintf("\nthe last input: %d at %s: %s", last.Seq, last.Stamp, raw) // all of the batch is there
}

// lifeOf is a run's timeline, and its flow.
func (m *machine) lifeOf(id engine.RunID) string {
	if m.loop == nil {
		return ""
	}
	r, err := m.store.Run(id)
	if err != nil || r == nil {
		return ""
	}
	var text strings.Builder
	f := m.versions[engine.FlowVersion{Flow: r.Flow, Version: r.Version}]
	for _, e := range r.Timeline {
		fmt.Fprintf(&text, "\n%s  %s", e.At, engine.Describe(f, e))
	}
	for _, file := range f.Bundle {
		fmt.Fprintf(&text, "\n-- %s --\n%s", file.Name, file.Text)
	}
	return text.String()
}
