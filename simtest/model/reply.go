package model

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"nudge/channels"
	"nudge/engine"
	"nudge/lang/shape"
)

// partsOf is what conditions see of the parts of a reply.
func partsOf(parts []channels.ReplyPart) (all []any) {
	for _, p := range parts {
		part := map[string]any{"type": p.Type, "data": anything(p.Data)}
		for key, value := range map[string]string{"name": p.Name, "url": p.URL} {
			if value != "" {
				part[key] = value
			}
		}
		all = append(all, part)
	}
	return all
}

// anything is JSON as a value; an object that has one key twice is nothing.
func anything(raw json.RawMessage) any {
	if _, twice := shape.TwiceIn(raw); twice || len(raw) == 0 {
		return nil
	}
	return object([]byte(`{"V":` + string(raw) + "}"))["V"]
}

// reply goes to one run, or starts some.
func (w *World) reply(in *engine.Input) {
	rp := in.Payload.(*engine.Reply)
	h := &happening{at: w.stamp, who: rp.Profile, text: rp.Text, conv: rp.Conversation, parts: partsOf(rp.Parts), meta: anything(rp.Metadata)}
	if w.startByReply(h, true) {
		return
	}
	order := func(runs []*Run) []*Run {
		slices.SortStableFunc(runs, func(a, b *Run) int {
			return cmp.Or(cmp.Compare(b.lastPosted(), a.lastPosted()), b.id.Compare(a.id))
		})
		return runs
	}
	runs := order(w.liveOf(rp.Profile))
	first, theirs := w.answeredRun(runs, rp, *h)
	nearer := w.nearer(runs, theirs.conv)
	if first != nil {
		if w.feed(first, fact{kind: answered, h: theirs}) {
			return
		}
	}
	for _, r := range nearer {
		if r != first && w.feed(r, fact{kind: answered, h: theirs}) {
			return
		}
	}
	for _, r := range order(w.liveOf(rp.Profile)) {
		if w.feed(r, fact{kind: answered, h: h, anywhere: true}) {
			w.Reached["reply heard anywhere"]++
			return
		}
	}
	keeper := first
	if keeper == nil && theirs.conv != "" && len(nearer) > 0 {
		keeper = nearer[0]
	}
	if keeper != nil && !keeper.now.leaving && keeper.flow.hearsReplies() {
		w.Reached["reply held"]++
		w.feed(keeper, fact{kind: held, h: theirs})
		return
	}
	w.startByReply(h, false)
}

// answeredRun is the run whose message the provider says is answered, and the reply as it
// stands in that message's conversation. The reply may be the first to tell which that is.
func (w *World) answeredRun(runs []*Run, rp *engine.Reply, h happening) (*Run, *happening) {
	for _, r := range runs {
		for i := range r.now.messages {
			byRef := rp.Answers.Run == r.id.String() && rp.Answers.Message == i+1
			byID := rp.Answers.Run != r.id.String() && rp.AnswersID != "" && r.now.messages[i].provider == rp.AnswersID
			if !byRef && !byID || r.now.messages[i].gone {
				continue
			}
			conv := r.now.convOf(i)
			if conv == "" && h.conv != "" {
				w.feed(r, fact{kind: placed, message: i + 1, outcome: h.conv})
			}
			if conv != "" && !r.now.wroteIn(h.conv) {
				h.conv = conv
			}
			return r, &h
		}
	}
	return nil, &h
}

// nearer are the runs that a reply in a conversation is offered to: those that have written
// in it, else those of which it is not known; without a conversation all of them.
func (w *World) nearer(runs []*Run, conv string) (found []*Run) {
	if conv == "" {
		return runs
	}
	for _, r := range runs {
		if r.now.wroteIn(conv) {
			found = append(found, r)
		}
	}
	if len(found) > 0 {
		slices.SortStableFunc(found, func(a, b *Run) int { return cmp.Compare(b.now.lastIn(conv), a.now.lastIn(conv)) })
		w.Reached["reply in a conversation"]++
		return found
	}
	for _, r := range runs {
		for i := range r.now.messages {
			if r.now.adrift(i) {
				found = append(found, r)
				break
			}
		}
	}
	return found
}

var (
	sentence = regexp.MustCompile(`(?m)(?:[^.!\r\n]|[.!]+[^\s.!])+`)
	inside   = regexp.MustCompile(`[\pL\pN?](?:.*[\pL\pN?])?[\p{Mn}\p{Mc}]*`)
	spoken   = regexp.MustCompile(`[\pL\pN]`)
)

// keyword is the first sentence in which there is a letter or a digit, without what is around
// its words.
func keyword(text string) string {
	for _, s := range sentence.FindAllString(norm.NFKC.String(text), -1) {
		if spoken.MatchString(s) {
			return strings.ToLower(strings.TrimRight(inside.FindString(s), "\ufe0e\ufe0f"))
		}
	}
	return ""
}
