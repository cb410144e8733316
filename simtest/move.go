package simtest

import (
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
)

// move is one thing that was done to the machine, in names that mean the same in a
// shorter history: runs are told by whose they are, not by their ids.
type move struct {
	kind   moveKind
	at     time.Time
	lanes  []runner.AccountSettings
	fault  fault
	groups []groupMove
	backup int
	renews bool // it is put back as another installation
	run    runName
	bit    int // of its record, which is damaged
}

type moveKind uint8

const (
	moveStep moveKind = iota
	moveStart
	moveKill
	moveBackUp
	movePutBack
	moveDamage
	moveMend
)

type groupMove struct {
	inputs  []inputMove
	frees   int
	account string
}

// inputMove is an input, and the run it names where it names one.
type inputMove struct {
	input    engine.Input
	run      runName
	campaign string       // that is steered, or of an audience that was frozen
	rows     []engine.Row // of it
}

// runName is a run by its flow, person and key, and how many of the same were before.
type runName struct {
	flow, profile, key string
	n                  int
}

// name notes what a run is called.
func (m *machine) name(r *engine.Run) {
	if _, known := m.names[r.ID]; known {
		return
	}
	n := runName{flow: r.Flow, profile: r.Profile, key: r.Key}
	m.counts[n]++
	numbered := n
	numbered.n = m.counts[n]
	m.names[r.ID], m.ids[numbered] = numbered, r.ID
}

func (m *machine) record(now time.Time, groups []*runner.Group, f fault) move {
	made := move{kind: moveStep, at: now, fault: f}
	for _, g := range groups {
		gm := groupMove{frees: g.Frees, account: g.Account}
		for _, in := range g.Inputs {
			gm.inputs = append(gm.inputs, m.inputMove(in))
		}
		made.groups = append(made.groups, gm)
	}
	return made
}

func (m *machine) inputMove(in *engine.Input) inputMove {
	made := inputMove{input: *in, run: m.names[runOf(in)]}
	switch p := in.Payload.(type) {
	case *engine.Snapshot:
		made.rows, made.campaign = m.shelf.frozen[p.Audience], m.campaignNamed(p.Campaign)
	case *engine.CampaignControl:
		made.campaign = m.campaignNamed(p.Campaign)
	}
	return made
}

// campaignNamed is the name of a campaign; empty for none.
func (m *machine) campaignNamed(number uint64) string {
	for id, n := range m.campaigns {
		if n == number {
			return id
		}
	}
	return ""
}

// runOf is the run that an input names, or none.
func runOf(in *engine.Input) engine.RunID {
	switch p := in.Payload.(type) {
	case *engine.Receipt:
		id, _ := engine.ParseRunID(p.Ref.Run)
		return id
	case *engine.SendResult:
		return p.Run
	case *engine.Cancel:
		return p.Run
	case *engine.Retry:
		return p.Run
	case *engine.Move:
		return p.Run
	case *engine.FetchResult:
		return p.Run
	case *engine.StatusAnswer:
		return p.Run
	case *engine.Reply:
		id, _ := engine.ParseRunID(p.Answers.Run)
		return id
	}
	return engine.RunID{}
}

// again is the input in the history as it is now; nil where its run is not in it.
func (m *machine) again(im *inputMove) *engine.Input {
	in := im.input
	switch p := in.Payload.(type) {
	case *engine.Snapshot:
		c := *p
		c.Campaign = m.campaigns[im.campaign]
		in.Payload, m.shelf.frozen[c.Audience] = &c, im.rows
		return &in
	case *engine.CampaignControl:
		if im.campaign == "" {
			break
		}
		c := *p
		if c.Campaign = m.campaigns[im.campaign]; c.Campaign == 0 {
			return nil
		}
		in.Payload = &c
	}
	if im.run == (runName{}) {
		return &in
	}
	id, ok := m.ids[im.run]
	if !ok {
		return nil
	}
	if in.Payload = m.rerouted(in.Payload, id); in.Payload == nil {
		return nil
	}
	return &in
}

// rerouted is a payload that names a run by the ID that the run has now; nil where nothing
// was sent or asked that it could answer.
func (m *machine) rerouted(payload engine.Payload, id engine.RunID) engine.Payload {
	switch p := payload.(type) {
	case *engine.Receipt:
		c := *p
		c.Ref.Run = id.String()
		return &c
	case *engine.SendResult:
		c := *p
		c.Run = id
		if m.posted[channels.Ref{Installation: m.identity.String(), Run: id.String(), Message: c.Message, Attempt: c.Attempt}] == 0 {
			return nil // it was not posted
		}
		return &c
	case *engine.Cancel:
		c := *p
		c.Run = id
		return &c
	case *engine.Retry:
		c := *p
		c.Run = id
		return &c
	case *engine.Move:
		c := *p
		c.Run = id
		return &c
	case *engine.FetchResult:
		c := *p
		c.Run = id
		return &c
	case *engine.StatusAnswer:
		c := *p
		if c.Run = id; m.questionAbout(&c) == 0 {
			return nil // nobody asked
		}
		return &c
	case *engine.Reply:
		c := *p
		c.Answers.Run = id.String()
		return &c
	}
	return payload
}

// questionAbout is the number of the last question that an answer can be to; 0 for none.
func (m *machine) questionAbout(in *engine.StatusAnswer) int {
	for i := len(m.asks); i > 0; i-- {
		if q := &m.asks[i-1]; q.Run == in.Run && q.Message == in.Message {
			return i
		}
	}
	return 0
}

// play makes moves on a new machine, and returns the rule that they break, or nil.
func play(moves []move) (v *violation, m *machine) {
	m = newMachine()
	for i := range moves {
		if err := m.play(&moves[i]); err != nil {
			return err.(*violation), m
		}
	}
	return nil, m
}

func (m *machine) play(mv *move) error {
	var err error
	switch mv.kind {
	case moveKill:
		m.kill()
	case moveBackUp:
		m.backUp()
	case movePutBack:
		if mv.backup < len(m.backups) {
			m.kill()
			m.putBack(mv.backup, mv.renews)
		}
	case moveDamage:
		if id, ok := m.ids[mv.run]; ok {
			m.damage(id, mv.bit)
		}
	case moveMend:
		m.mend()
	case moveStart:
		_, err = m.start(mv.at, mv.lanes, mv.fault)
	case moveStep:
		if m.loop == nil { // its start was left out
			return nil
		}
		var groups []*runner.Group
		for i := range mv.groups {
			g := &runner.Group{Frees: mv.groups[i].frees, Account: mv.groups[i].account}
			for j := range mv.groups[i].inputs {
				if in := m.again(&mv.groups[i].inputs[j]); in != nil {
					g.Inputs = append(g.Inputs, in)
				}
			}
			if len(g.Inputs) > 0 {
				groups = append(groups, g)
			}
		}
		_, err = m.step(mv.at, groups, mv.fault)
	}
	return err
}
