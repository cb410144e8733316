package people

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// People is who does what with the messages they get: people by name, then the first
// rule that fits; whoever fits none has DefaultScript. It does not change once in use.
//
// Everything that is left to chance follows from the seed, the profile and the text of
// the message, so the same person does the same with the same words every time.
type People struct {
	Seed  uint64
	Named map[string]Script
	Rules []Rule
}

// Rule is what the people do whose profile ID fits a pattern.
type Rule struct {
	Profile string   // pattern: * stands for any text, ? for one character; "" fits everybody
	Does    []Plan   // one of them, by chance; none: DefaultScript
	Replies []Answer // the first that fits is added to what they do
}

// Plan is a script with its share, from 0 to 1.
type Plan struct {
	Share  float64
	Script Script
}

// Answer is a reply to messages whose text fits a pattern.
type Answer struct {
	To     string   // pattern, of which the case does not matter; "" fits every text
	With   []string // one of them, by chance
	After  Span
	Chance float64 // that there is a reply at all, from 0 to 1
}

// Script is what somebody does with a message: nothing in it is left to chance.
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

// plan is the plan whose turn it is, for a share from 0 up to but without 1.
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

// answered is a script with the reply that the text of a message calls for.
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

// percent is a share as people write it.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*1e8)/1e6, 'f', -1, 64) + "%"
}

// parsePercent reads 30% or 0.5%; false when it is no share.
func parsePercent(text string) (float64, bool) {
	number, ok := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	return f / 100, ok && err == nil && f >= 0 && f <= 100
}
