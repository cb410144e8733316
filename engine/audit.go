package engine

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Actor is who gave a command: an operator or author with a token, or the process itself.
type Actor struct {
	Name    string `json:"name"`              // of the token; of the process, what it was doing
	Address string `json:"address,omitempty"` // of the client; empty for the process
	Request string `json:"request,omitempty"` // ID of the HTTP request
}

// AuditEntry says who changed what. Every command with an [Actor] that changed something leaves one.
type AuditEntry struct {
	Seq     uint64  // number of the command in the journal
	At      Instant // when it was applied
	By      Actor
	Did     string          // what was done, in words
	On      string          // what it was done to: a run, a campaign, a flow, a person; empty for the whole server
	Profile string          // the person whom it is about; empty for nobody, or once they are forgotten
	Erased  string          // keyed hash of the person who was forgotten since
	Reason  string          // that the operator gave; may be empty
	Before  json.RawMessage // an object: the fields that changed, as they were; empty for none
	After   json.RawMessage // an object: the same fields, as they are now; empty for none
}

// What forgetting a person has to know of entries about others.
const (
	DidSetOutbound  = "set outbound"
	DidChangePerson = "change person"
)

// DidDeployFlows is what the entry of a deploy says was done; it was done to a proposal, or to the whole server.
const DidDeployFlows = "deploy flows"

// Common reports whether the entry is of a command that every partition takes, so that each has an entry of it: of a deploy or of
// a change of what may go out. No other command has their words.
func (e *AuditEntry) Common() bool { return e.Did == DidDeployFlows || e.Did == DidSetOutbound }

// audited is a payload that operators and authors send.
type audited interface {
	// view says what the command does, and shows what it changes. It is called before and
	// after the command is applied.
	view(a *applier) auditView
}

// auditView is a command and what it changes, at one moment.
type auditView struct {
	did, on, profile, reason string
	fields                   map[string]any
}

// look returns the view of the input, or nil for an input that leaves no entry.
func (a *applier) look() *auditView {
	p, ok := a.in.Payload.(audited)
	if a.in.By == nil || !ok {
		return nil
	}
	v := p.view(a)
	return &v
}

// audit leaves an entry of the input, which was applied since it had the view before.
func (a *applier) audit(before *auditView) {
	if before == nil {
		return
	}
	now := a.look()
	was, is := differences(before.fields, now.fields)
	a.out.Audit = &AuditEntry{Seq: a.seq, At: a.now, By: *a.in.By, Did: now.did, On: now.on, Profile: now.profile,
		Reason: cut(now.reason, MaxReasonBytes), Before: was, After: is}
}

// differences returns the fields that differ, as objects. A field that one side lacks is left
// out there.
func differences(before, after map[string]any) (was, is json.RawMessage) {
	x, y := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for name, v := range before {
		x[name] = asJSON(v)
	}
	for name, v := range after {
		y[name] = asJSON(v)
		if old, ok := x[name]; ok && bytes.Equal(old, y[name]) {
			delete(x, name)
			delete(y, name)
		}
	}
	return objectJSON(x), objectJSON(y)
}

func objectJSON(fields map[string]json.RawMessage) json.RawMessage {
	if len(fields) == 0 {
		return nil
	}
	return asJSON(fields)
}

func asJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("engine: a value of an audit entry does not encode: " + err.Error())
	}
	return raw
}

func (c *Cancel) view(a *applier) auditView {
	v := auditView{did: "cancel run", on: c.Run.String(), reason: c.Reason}
	if r := a.ws.Run(c.Run); r != nil {
		v.profile, v.fields = r.Profile, map[string]any{"status": r.Status.String()}
		if !r.Live() {
			v.fields["outcome"] = r.Outcome
		}
	}
	return v
}

func (d *Deploy) view(a *applier) auditView {
	v := auditView{did: DidDeployFlows, on: d.Proposal, fields: map[string]any{}}
	for _, f := range a.e.State.Active {
		v.fields[f.Flow] = f.Version
	}
	return v
}

func (c *Control) view(a *applier) auditView {
	s := &a.e.State
	return auditView{did: DidSetOutbound, fields: map[string]any{"mode": s.Outbound, "only": append([]string{}, s.Only...), "killed": s.Killed}}
}

func (c *ProfileChange) view(a *applier) auditView {
	v := auditView{did: DidChangePerson, on: c.Profile, profile: c.Profile}
	if c.Forget {
		v.did = "forget person"
		return v
	}
	p := a.ws.person(c.Profile)
	if p == nil {
		return v
	}
	v.fields = map[string]any{"opt_outs": append([]string{}, p.OptOuts...)}
	if len(p.Attributes) > 0 {
		attributes := map[string]json.RawMessage{}
		if err := json.Unmarshal(p.Attributes, &attributes); err != nil {
			panic("engine: stored attributes: " + err.Error())
		}
		for name, value := range attributes {
			v.fields[name] = value
		}
	}
	return v
}

func (c *Call) view(a *applier) auditView {
	v := auditView{did: "start run", on: c.Flow, profile: c.Profile}
	if i := slices.IndexFunc(a.out.Answer.Decisions, func(d Decision) bool { return d.Action == DidStart }); i >= 0 {
		v.fields = map[string]any{"run": a.out.Answer.Decisions[i].Run}
	}
	return v
}

func (s *CampaignControl) view(a *applier) auditView {
	v := auditView{did: s.Do.String() + " campaign", on: s.Flow, reason: s.Reason}
	if s.Do.Starts() {
		v.did = "start campaign"
		if i := slices.IndexFunc(a.out.Answer.Decisions, func(d Decision) bool { return d.Action == DidFire }); i >= 0 {
			v.fields = map[string]any{"campaign": a.out.Answer.Decisions[i].Reason}
		}
		return v
	}
	if c := a.ws.campaign(s.Campaign); c != nil {
		v.on, v.fields = c.ID, map[string]any{"status": c.Status.String(), "paused": c.Paused, "end_runs": c.EndRuns}
	}
	return v
}

// Note is a command that changes something outside of the engine, such as the tokens of the API.
// Its only effect is its entry.
type Note struct {
	Did     string          `json:"did,omitempty"`     // in words
	Profile string          `json:"profile,omitempty"` // the person whom it is about; empty for nobody
	Reason  string          `json:"reason,omitempty"`  // that was given; may be empty
	Before  json.RawMessage `json:"before,omitempty"`  // an object; may be empty
	After   json.RawMessage `json:"after,omitempty"`   // an object; may be empty
}

// Kind is InputNote.
func (n *Note) Kind() InputKind { return InputNote }

func (n *Note) needs(*Engine, *Needs) {}

func (n *Note) apply(a *applier) { a.changed = true }

func (n *Note) view(a *applier) auditView {
	v := auditView{did: n.Did, on: n.Profile, profile: n.Profile, reason: n.Reason}
	raw := n.Before
	if a.changed {
		raw = n.After
	}
	if len(raw) == 0 {
		return v
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		panic("engine: a note that is no object: " + err.Error())
	}
	v.fields = map[string]any{}
	for name, value := range fields {
		v.fields[name] = value
	}
	return v
}
