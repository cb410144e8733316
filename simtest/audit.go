package simtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"nudge/engine"
)

// notesKey is the least key with which the older seeds of the corpus know nothing of notes.
const notesKey = 23042

// operator is who gives the commands of a history.
var operator = engine.Actor{Name: "ops", Address: "10.0.0.7:4711", Request: "r1"}

// signed puts the operator's name under the commands of a delivery.
func signed(inputs []*engine.Input) {
	for _, in := range inputs {
		switch p := in.Payload.(type) {
		case *engine.Cancel, *engine.Deploy, *engine.Control, *engine.ProfileChange, *engine.Note, *engine.Retry:
			in.By = &operator
		case *engine.CampaignControl:
			if p.Do != engine.CampaignAdmit {
				in.By = &operator
			}
		case *engine.Call:
			if p.Number == 0 {
				in.By = &operator
			}
		}
	}
}

// notes lets operators change, in one history of eight, something that only the audit trail knows.
func (w *world) notes(seed uint64) {
	dice := ownDice(seed, notesKey)
	if dice == nil || dice.IntN(8) != 0 {
		return
	}
	w.later(time.Duration(dice.IntN(20))*time.Hour, func() {
		w.submit([]*engine.Input{{Payload: &engine.Note{Did: "reload tokens", Before: []byte(`{"tokens":["a"]}`), After: []byte(`{"tokens":["a","b"]}`)}}}, 0)
	})
}

// audited holds the audit trail of a batch against its inputs: a command that has an operator leaves
// one entry with what it did, and nothing else leaves one.
func (m *machine) audited(b *engine.Batch) error {
	entries := map[uint64]*engine.AuditEntry{}
	for _, e := range b.Audit {
		entries[e.Seq] = e
	}
	for i := range b.Journal {
		j := &b.Journal[i]
		e := entries[j.Seq]
		delete(entries, j.Seq)
		switch {
		case e == nil && j.Input.By != nil && mustShow(j.Input):
			return broken("I16", "input %d, a %s of %s, is not in the audit trail", j.Seq, j.Input.Kind(), j.Input.By.Name)
		case e == nil:
			continue
		case j.Input.By == nil || e.By != *j.Input.By || e.At != j.Stamp:
			return broken("I16", "input %d is in the audit trail as of %s at %s", j.Seq, e.By.Name, e.At)
		}
		if err := shows(j.Input, e, b.State.Active); err != nil {
			return broken("I16", "input %d, a %s: the audit trail %v", j.Seq, j.Input.Kind(), err)
		}
		m.reached["audited: "+e.Did]++
	}
	for seq, e := range entries {
		return broken("I16", "the audit trail has %q of input %d, which is not in its batch", e.Did, seq)
	}
	return nil
}

// mustShow reports whether a command that was taken has always changed something. The others may
// have been taken for their ID alone.
func mustShow(in *engine.Input) bool {
	d, deploys := in.Payload.(*engine.Deploy)
	return in.ID == "" && !(in.Origin != nil && deploys && d.Proposal != "") // which every partition refuses where it is stale
}

// shows reports what an entry says otherwise than its command. Active are the flows after the batch,
// in which nothing follows a deploy.
func shows(in *engine.Input, e *engine.AuditEntry, active []engine.FlowVersion) error {
	var was, is map[string]any
	for raw, into := range map[*json.RawMessage]*map[string]any{&e.Before: &was, &e.After: &is} {
		if len(*raw) > 0 && json.Unmarshal(*raw, into) != nil {
			return fmt.Errorf("has %s, which is no object", *raw)
		}
	}
	for name, now := range is {
		if old, ok := was[name]; ok && fmt.Sprint(old) == fmt.Sprint(now) {
			return fmt.Errorf("says that %s changed from %v to %v", name, old, now)
		}
	}
	if p, ok := in.Payload.(*engine.Retry); ok {
		return agreesRetry(p, e, was)
	}
	return agrees(in, e, was, is, active)
}

// agreesRetry is agrees for a retry.
func agreesRetry(p *engine.Retry, e *engine.AuditEntry, was map[string]any) error {
	if e.On != p.Run.String() || e.Profile == "" || was["outcome"] == "" {
		return fmt.Errorf("says of run %s that %s of %s was %v", p.Run, e.On, e.Profile, was)
	}
	return nil
}

// agrees reports what the fields of an entry say otherwise than its command.
func agrees(in *engine.Input, e *engine.AuditEntry, was, is map[string]any, active []engine.FlowVersion) error {
	switch p := in.Payload.(type) {
	case *engine.Control:
		if killed, ok := is["killed"]; ok && (p.Kill == nil || killed != *p.Kill) {
			return fmt.Errorf("says killed is %v", killed)
		}
	case *engine.Cancel:
		if e.On != p.Run.String() || e.Profile == "" || is["outcome"] != engine.OutcomeCancelled || is["status"] == was["status"] {
			return fmt.Errorf("says of run %s that %s of %s went from %v to %v", p.Run, e.On, e.Profile, was, is)
		}
	case *engine.ProfileChange:
		if e.Profile != p.Profile || p.Forget && len(was)+len(is) > 0 {
			return fmt.Errorf("says of %s that %s went from %v to %v", p.Profile, e.Profile, was, is)
		}
	case *engine.Deploy:
		for name, version := range is {
			if !slices.Contains(active, engine.FlowVersion{Flow: name, Version: fmt.Sprint(version)}) {
				return fmt.Errorf("says that %s went to %v", name, version)
			}
		}
	}
	return nil
}
