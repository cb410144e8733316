package people

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// People says what each person does with a message. A script by name comes first, then the
// first rule whose pattern fits. Everybody else has [DefaultScript]. It must not change once
// it is in use.
//
// Every choice by chance follows from the seed, the profile and the text of the message, so
// the same person always does the same with the same words.
type People struct {
	Seed  uint64
	Named map[string]Script
	Rules []Rule
}

// Rule is the behaviour of all people whose profile ID fits a pattern.
type Rule struct {
	Profile string   // pattern: * stands for any text, ? for one character; "" fits everybody
	Does    []Plan   // one of them, by chance; empty: DefaultScript
	Replies []Answer // the first that fits is added to the plan
}

// Plan is a script with its share, from 0 to 1.
type Plan struct {
	Share  float64
	Script Script
}

// Answer is a reply to messages whose text fits a pattern.
type Answer struct {
	To     string   // pattern, case is ignored; "" fits every text
	With   []string // one of them, by chance
	After  Span
	Chance float64 // of a reply at all, from 0 to 1
}

// Script returns what a person does with a message of this text. All choices are made: no act
// has a range of times.
func (p *People) Script(profile, text string) Script {
	if script, ok := p.Named[profile]; ok {
		return script.Drawn(p.Seed, profile, text)
	}
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return r.Profile == "" || glob(r.Profile).fits(profile) })
	if i < 0 {
		return DefaultScript()
	}
	r, d := p.Rules[i], diceOf(p.Seed, profile, text)
	script := r.plan(d.share())
	if !script.has(Fails) && !script.has(Expires) && script.has(Delivers) {
		script = r.answered(script, text, &d)
	}
	return script.Drawn(p.Seed, profile, text)
}

// plan picks the plan for a share from 0 up to but not including 1.
func (r Rule) plan(share float64) Script {
	for _, p := range r.Does {
		if share -= p.Share; share < 0 {
			return p.Script
		}
	}
	if n := len(r.Does); n > 0 {
		return r.Does[n-1].Script // the shares add up to a little less than 1
	}
	return DefaultScript()
}

// answered adds the reply that the text of a message asks for.
func (r Rule) answered(script Script, text string, d *dice) Script {
	text = strings.ToLower(text)
	i := slices.IndexFunc(r.Replies, func(a Answer) bool {
		return a.To == "" || glob(strings.ToLower(a.To)).fits(text)
	})
	if i < 0 || !d.happens(r.Replies[i].Chance) {
		return script
	}
	a := r.Replies[i]
	act := Act{Does: Replies, After: d.within(a.After), Text: a.With[int(d.next()%uint64(len(a.With)))]}
	script = append(slices.Clone(script), act)
	for _, does := range []Deed{Delivers, Reads} {
		script.noLater(does, act.After)
	}
	script.sort()
	return script
}

// percent writes a share as people do: 0.5 is 50%.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*1e8)/1e6, 'f', -1, 64) + "%"
}

// parsePercent reads 30% or 0.5%. It returns false when the text is not a share.
func parsePercent(text string) (float64, bool) {
	number, ok := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	return f / 100, ok && err == nil && f >= 0 && f <= 100
}
