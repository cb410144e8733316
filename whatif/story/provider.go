package story

import (
	"fmt"
	"slices"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
	"nudge/sandbox/people"
)

// post has the provider take a message, and its person act on it.
func (w *World) post(p *engine.Post) {
	r := w.byID[p.Run]
	m := &Message{Run: r, Number: p.Message, Step: &r.Flow.Steps[r.Run.Message(p.Message).Step], At: w.now, Content: p.Content}
	w.Messages = append(w.Messages, m)
	accepted := &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt,
		Result: channels.Result{Outcome: channels.Accepted, ProviderID: fmt.Sprintf("m%d", len(w.Messages))}}
	w.queue = append(w.queue,
		&runner.Group{Frees: 1, Inputs: []*engine.Input{{Kind: engine.InputResult, Result: accepted}}},
		&runner.Group{Inputs: []*engine.Input{w.receipt(m, channels.Sent, "")}})
	script, known := w.scripts[p.Content.To]
	if !known {
		script = w.Others
	}
	for _, a := range script {
		in := w.deed(m, a)
		if a.After == 0 {
			w.queue = append(w.queue, &runner.Group{Inputs: []*engine.Input{in}})
		} else {
			w.later(w.now.Add(a.After), func() error { _, err := w.Input(in); return err })
		}
	}
}

// deed is what somebody does with a message, as an input.
func (w *World) deed(m *Message, a people.Act) *engine.Input {
	switch a.Does {
	case people.Reads:
		return w.receipt(m, channels.Read, "")
	case people.Fails:
		return w.receipt(m, channels.Failed, a.Text)
	case people.Expires:
		return w.receipt(m, channels.Expired, a.Text)
	case people.Replies:
		return &engine.Input{Kind: engine.InputReply, Reply: &channels.Reply{
			Profile: m.Content.To, Conversation: m.Content.Conversation, Text: a.Text, Answers: m.Content.Ref, At: w.now}}
	}
	return w.receipt(m, channels.Delivered, "")
}

func (w *World) receipt(m *Message, status channels.Status, reason string) *engine.Input {
	return &engine.Input{Kind: engine.InputReceipt, Receipt: &channels.Receipt{Ref: m.Content.Ref, Status: status, Reason: reason, At: w.now}}
}

// later has something happen at an instant, after what is to happen then already.
func (w *World) later(at time.Time, does func() error) {
	i, _ := slices.BinarySearchFunc(w.acts, at, func(a act, at time.Time) int {
		if a.at.After(at) {
			return 1
		}
		return -1
	})
	w.acts = slices.Insert(w.acts, i, act{at, does})
}

// fetch has a service answer.
func (w *World) fetch(p *engine.FetchPost) {
	id := w.byID[p.Run].Flow.Steps[p.Step].ID
	answer, known := w.answers[id]
	if !known {
		w.Unanswered = append(w.Unanswered, id)
		answer.Error = "the story has no answer"
	}
	w.queue = append(w.queue, &runner.Group{Inputs: []*engine.Input{{Kind: engine.InputFetched, Fetched: &engine.FetchResult{
		Run: p.Run, Step: p.Step, Attempt: p.Attempt, Status: answer.Status, JSON: answer.JSON, Error: answer.Error}}}})
}
