package simtest

import (
	"encoding/json"

	"nudge/channels"
	"nudge/engine"
)

// talkConditions are over what a reply has beside its text.
var talkConditions = []string{
	`len(reply.parts) > 1`, `any(reply.parts, .type startsWith "image/")`, `(find(reply.parts, .type == "image/png")?.url ?? "") endsWith "png"`,
	`(find(reply.parts, .name == "choice")?.data.n ?? 0) > 4`, `(reply.metadata.screen ?? "") == "orders"`,
	`reply.metadata == nil and len(reply.parts) < 2`, `not ((reply.metadata.tries ?? 0) > 1)`,
}

// replyLine writes a line that waits for a reply, with its condition.
func (p *page) replyLine(indent, message, condition string) {
	if p.talks != nil && p.talks.IntN(3) == 0 {
		condition = "'" + pick(p.talks, talkConditions...) + "'"
	}
	p.write("%s- reply: %s\n%s  if: %s\n", indent, message, indent, condition)
	if p.talks != nil && p.talks.IntN(3) == 0 {
		p.write("%s  conversation: any\n", indent)
	}
}

// enrich gives a reply what it may have beside its text.
func (w *world) enrich(r *channels.Reply) {
	if crowds := w.authors.crowds; crowds != nil && crowds.IntN(3) > 0 {
		r.Text = pick(crowds, "1,500", "1.500", "−1", ".5", "order O2: 9", "80kg", "O2", "4,5", "7.5", "-3, or 4", "9/10")
	}
	talks := w.authors.talks
	if talks == nil || talks.IntN(2) == 0 {
		return
	}
	if talks.IntN(3) == 0 {
		r.Text = pick(talks, "Stop. Thank you", "ＳＴＯＰ!", "Stop?", "again! please", "…\n  Again\nnow", "no idea.")
	}
	for range talks.IntN(4) {
		r.Parts = append(r.Parts, pick(talks,
			channels.ReplyPart{Type: "text/plain", Data: jsonOf(r.Text)},
			channels.ReplyPart{Type: "image/png", Name: "cat", URL: "https://people.example/cat.png"},
			channels.ReplyPart{Type: "application/json", Name: "choice", Data: jsonOf(map[string]any{"n": talks.IntN(10)})},
			channels.ReplyPart{Type: "application/json", Name: "choice", Data: json.RawMessage(`{"n":1,"n":2}`)}))
	}
	r.Metadata = pick(talks, nil, json.RawMessage(`{"screen":"orders","tries":2}`), json.RawMessage(`{"tries":0.5}`), json.RawMessage(`"orders"`))
}

// talkExit writes an exit that hears every conversation.
func (p *page) talkExit() {
	if p.talks != nil && p.talks.IntN(4) == 0 {
		p.write("  - { reply: any, conversation: any, if: reply.keyword == \"9\", as: nine }\n")
	}
}

// talkThread gives the messages of a flow a conversation.
func (p *page) talkThread() {
	if p.talks != nil && p.talks.IntN(3) == 0 {
		p.write("conversation: %s\n", pick(p.talks, "\"of {{ data.id }}\"", "orders"))
	}
}

// talkSend is a send into a conversation of its own, or the one that is there.
func (b *block) talkSend(send string) string {
	if b.talks == nil || b.talks.IntN(4) > 0 {
		return send
	}
	return pick(b.talks, `{ template: hello, conversation: new }`, `{ body: "{{ data.id }}", conversation: new, on_unknown: continue }`, `{ template: hello, conversation: "of {{ data.id }}" }`)
}

// assigned is the conversation of a message at the provider, which calls it by an ID.
func assigned(p *engine.Post, id string) string {
	if p.Content.Conversation != "" {
		return p.Content.Conversation
	}
	return "new " + id
}
