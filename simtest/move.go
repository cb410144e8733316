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
}

type moveKind uint8

const (
	moveStep moveKind = iota
	moveStart
	moveKill
	moveBackUp
	movePutBack
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
	switch {
	case in.Snapshot != nil:
		made.rows, made.campaign = m.shelf.frozen[in.Snapshot.Audience], m.campaignNamed(in.Snapshot.Campaign)
	case in.CampaignControl != nil:
		made.campaign = m.campaignNamed(in.CampaignControl.Campaign)
	}
	return made
}

// campaignNamed is the name of a firing; empty for none.
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
	switch {
	case in.Receipt != nil:
		id, _ := engine.ParseRunID(in.Receipt.Ref.Run)
		return id
	case in.Result != nil:
		return in.Result.Run
	case in.Cancel != nil:
		return in.Cancel.Run
	case in.Move != nil:
		return in.Move.Run
	case in.Fetched != nil:
		return in.Fetched.Run
	case in.StatusAnswer != nil:
		return in.StatusAnswer.Run
	case in.Reply != nil && !in.Reply.Answers.IsZero():
		id, _ := engine.ParseRunID(in.Reply.Answers.Run)
		return id
	}
	return engine.RunID{}
}

// again is the input in the history as it is now; nil where its run is not in it.
func (m *machine) again(im *inputMove) *engine.Input {
	in := im.input
	if in.Snapshot != nil {
		c := *in.Snapshot
		c.Campaign = m.campaigns[im.campaign]
		in.Snapshot, m.shelf.frozen[c.Audience] = &c, im.rows
		return &in
	}
	if in.CampaignControl != nil && im.campaign != "" {
		c := *in.CampaignControl
		if c.Campaign = m.campaigns[im.campaign]; c.Campaign == 0 {
			return nil
		}
		in.CampaignControl = &c
	}
	if im.run == (runName{}) {
		return &in
	}
	id, ok := m.ids[im.run]
	if !ok {
		return nil
	}
	ref := func(r channels.Ref) channels.Ref { r.Run = id.String(); return r }
	switch {
	case in.Receipt != nil:
		c := *in.Receipt
		c.Ref = ref(c.Ref)
		in.Receipt = &c
	case in.Result != nil:
		c := *in.Result
		c.Run = id
		in.Result = &c
		if m.posted[channels.Ref{Installation: m.identity.String(), Run: id.String(), Message: c.Message, Attempt: c.Attempt}] == 0 {
			return nil // it was not posted
		}
	case in.Cancel != nil:
		c := *in.Cancel
		c.Run = id
		in.Cancel = &c
	case in.Move != nil:
		c := *in.Move
		c.Run = id
		in.Move = &c
	case in.Fetched != nil:
		c := *in.Fetched
		c.Run = id
		in.Fetched = &c
	case in.StatusAnswer != nil:
		c := *in.StatusAnswer
		c.Run = id
		if in.StatusAnswer = &c; m.questionAbout(&c) == 0 {
			return nil // nobody asked
		}
	case in.Reply != nil:
		c := *in.Reply
		c.Answers = ref(c.Answers)
		in.Reply = &c
	}
	return &in
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
