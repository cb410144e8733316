package prove

import (
	"slices"
	"strings"
	"time"

	"nudge/whatif/story"
)

const (
	storyHint = "nudge test can play what happens: the times of day, the hours of messages and the hour of the start decide"
	askedHint = "the flow asks what is remaining, which a proof takes both ways; nudge test can play what happens"
)

// breaks notes a promise that seems not to hold. It is broken only where that can really
// happen: a coarse proof and one that goes by the clock may be wrong about it, so there a story
// must show it.
func (j *job) breaks(r *Report, x *explorer, p Promise, tell func() Story) {
	p.Story = tell()
	if x.coarse && p.Story == nil {
		p.Found, p.hint = "it may be broken, but within the budget no story shows it", budgetHint
		r.Unproved = append(r.Unproved, p)
		return
	}
	if p.hint = r.doubts(x, &p); p.hint != "" {
		p.Found = strings.Replace(p.Found, "can ", "may ", 1) + ", but no story shows it"
		p.Story = nil
		r.Unproved = append(r.Unproved, p)
		return
	}
	if x.coarse {
		p.Found = strings.Replace(p.Found, "can ", "may ", 1)
	}
	r.Broken = append(r.Broken, p)
}

// doubts says what to do about a promise of which it is not sure that it can be broken; empty
// where it is sure. A story for which only a value is missing is not doubted.
func (r *Report) doubts(x *explorer, p *Promise) (hint string) {
	if !p.ofCap && !x.hasTimesOfDay() && len(r.Holds) == 0 {
		return "" // nothing goes by the clock
	}
	if p.Story == nil {
		if x.hasTimesOfDay() && !p.endless {
			return storyHint
		}
		return ""
	}
	switch _, why := r.Test(p.What, p.Story); {
	case why == WhyUnknown, why == whyStart, why == whyHours && p.ofCap:
		return storyHint
	case why != "" && p.ofCap && slices.ContainsFunc(p.Story, asksRemaining):
		return askedHint
	}
	return ""
}

// asksRemaining reports whether a move goes by what a cap still allows.
func asksRemaining(m Move) bool {
	return slices.ContainsFunc(m.Needs, func(n Need) bool { return strings.Contains(n.Condition, "remaining(") })
}

// plays reports whether a file of one test passes.
func (r *Report) plays(text string) bool {
	file, list := story.Parse(r.project, "tests/proof.yaml", []byte(text))
	if list.HasErrors() {
		return false
	}
	result, err := story.Play(file.Tests[0], story.Options{})
	return err == nil && result.Failure == nil
}

// cappedLast reports whether a story plays up to a last message that only a cap holds back: its
// hours are open.
func (r *Report) cappedLast(s Story, start time.Time) bool {
	last := len(s) - 1
	if last < 1 || s[last].Kind != MoveMessage {
		return false
	}
	send := r.flow.Steps[r.flow.StepNamed(s[last].Step)].Send
	category := r.project.Categories[send.Category]
	if category == nil || len(category.Caps) == 0 {
		return false
	}
	at := start.Add(time.Duration(s[last].At) * time.Millisecond)
	opens, _, ok := hoursOf(r.project, send).Next(at, time.UTC)
	return ok && opens.Equal(at) && r.plays(r.written("up to the cap", s[:last], start).out.String())
}
