package story

import (
	"fmt"

	"nudge/channels"
	"nudge/engine"
	"nudge/sandbox/people"
	"nudge/whatif/virtual"
)

// post has the provider take a message, and its person act on it.
func (w *World) post(p *engine.Post) {
	r := w.byID[p.Run]
	m := &Message{Run: r, Number: p.Message, Step: &r.Flow.Steps[r.Run.Message(p.Message).Step], At: w.virtual.Now(), Content: p.Content.WithPreferences(channels.ExamplePreferencesURL)}
	w.Messages = append(w.Messages, m)
	result := channels.Result{Outcome: channels.Accepted, ProviderID: fmt.Sprintf("m%d", len(w.Messages))}
	if m.Content.Conversation == "" {
		w.fresh++
		result.Conversation = fmt.Sprintf("new_%d", w.fresh)
		m.Content.Conversation = result.Conversation
	}
	w.virtual.Arrive(virtual.Result(p.Run, p.Message, p.Attempt,
		result))
	w.virtual.Arrive(virtual.One(w.receipt(m, channels.Sent, "")))
	script, known := w.scripts[p.Content.To]
	if !known {
		script = w.Others
	}
	for _, a := range script {
		w.virtual.Later(w.virtual.Now().Add(a.After), virtual.One(w.deed(m, a)))
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
		return &engine.Input{Payload: &engine.Reply{Reply: channels.Reply{
			Profile: m.Content.To, Conversation: m.Content.Conversation, Text: a.Text, Answers: m.Content.Ref, At: w.virtual.Now()}}}
	}
	return w.receipt(m, channels.Delivered, "")
}

func (w *World) receipt(m *Message, status channels.Status, reason string) *engine.Input {
	return &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: m.Content.Ref, Status: status, Reason: reason, At: w.virtual.Now()}}}
}

// fetch has a service answer.
func (w *World) fetch(p *engine.FetchPost) {
	r := w.byID[p.Run]
	step := &r.Flow.Steps[p.Step]
	id := step.ID
	w.fetches = append(w.fetches, &fetching{step: id, profile: r.Profile, at: w.virtual.Now(), run: r})
	answer, known := w.answers[id]
	if !known {
		w.unanswered = append(w.unanswered, id)
		answer.Error = "the story has no answer"
	}
	if answer.After > step.Fetch.Timeout {
		answer = Answer{Error: fmt.Sprintf("no answer within %s", step.Fetch.Timeout), After: step.Fetch.Timeout}
	}
	w.virtual.Later(w.virtual.Now().Add(answer.After),
		virtual.Fetched(*p, engine.FetchResult{Status: answer.Status, JSON: answer.JSON, Error: answer.Error}))
}
