package prove_test

import (
	"fmt"
	"strings"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/whatif/prove"
)

// manyPeople is how many people are tried until splits deal one as a story says.
const manyPeople = 64

// play plays a story with the real engine.
func play(w *world, story prove.Story) (end *world, err error) {
	people := 1
	for _, m := range story {
		for _, n := range m.Needs {
			if strings.Contains(n.Condition, " deals arm ") {
				people = manyPeople
			}
		}
	}
	for n := range people {
		if end, err = playAs(w.as(n), story); err == nil {
			return end, nil
		}
	}
	return end, err
}

func playAs(w *world, story prove.Story) (*world, error) {
	sent := 0
	for _, m := range story {
		if m.Kind == prove.MoveMessage {
			steps := w.postedBy()
			if len(steps) <= sent || steps[sent] != m.Step {
				return w, fmt.Errorf("%s is not the next message after %d of %v", m.Step, sent, steps)
			}
			sent++
		}
		next, err := playMove(w, m)
		if err != nil {
			return w, fmt.Errorf("%s at %d: %w", m.Kind, m.At, err)
		}
		if w = next; w.run != nil && w.age().Milliseconds() != m.At {
			return w, fmt.Errorf("%s: it is %v, not %v", m.Kind, w.age(), time.Duration(m.At)*time.Millisecond)
		}
	}
	return w, nil
}

func playMove(w *world, m prove.Move) (*world, error) {
	later := time.Duration(m.At)*time.Millisecond - w.age()
	switch m.Kind {
	case prove.MoveStart:
		data := map[string]any{"id": "k", "total": 15.0}
		for name, value := range m.Data {
			data[name] = value
		}
		return w.event("order", data, 0), nil
	case prove.MoveHeldBack:
		return w, fmt.Errorf("held back")
	case prove.MoveMessage:
		return w, nil
	case prove.MoveEnd:
		if w.live() || w.run.Outcome != m.Outcome {
			return w, fmt.Errorf("the run has not ended as %s", m.Outcome)
		}
		return w, nil
	}
	if m.Kind == prove.MoveProfile {
		if m.Data == nil { // the move before said what is to change
			return w, nil
		}
		return w.plan(fmt.Sprint(m.Data["plan"]), later), nil
	}
	if !w.live() {
		return w, fmt.Errorf("the run has ended")
	}
	return playInput(w, m, later)
}

// playInput gives an input to the live run.
func playInput(w *world, m prove.Move, later time.Duration) (*world, error) {
	switch m.Kind {
	case prove.MoveTime:
		if w.run.Status == engine.Sending {
			return w.result(channels.Accepted), nil
		}
		if w.run.Deadline == 0 {
			return w, fmt.Errorf("no timer is set")
		}
		return w.ring(), nil
	case prove.MoveRefused:
		return w.result(channels.Refused), nil
	case prove.MoveReply:
		return w.reply(m.Text, later), nil
	case prove.MoveEvent:
		who := w.name
		if m.By == prove.Nobody {
			who = ""
		}
		return w.eventBy(who, m.Event, map[string]any{"id": "k"}, later), nil
	}
	return playReceipt(w, m, later)
}

// playReceipt reports on the newest message of the move's step, or on any.
func playReceipt(w *world, m prove.Move, later time.Duration) (*world, error) {
	status := map[prove.MoveKind]channels.Status{
		prove.MoveRead: channels.Read, prove.MoveDelivered: channels.Delivered, prove.MoveFailed: channels.Failed,
	}[m.Kind]
	f := w.core.Flow(engine.FlowVersion{Flow: w.run.Flow, Version: w.run.Version})
	for n := len(w.run.Messages); n > 0; n-- {
		message := w.run.Message(n)
		if (m.Message == "" || f.Steps[message.Step].ID == m.Step) && message.Attempt > 0 {
			return w.receipt(n, status, later), nil
		}
	}
	return w, fmt.Errorf("there is no message to report on")
}
