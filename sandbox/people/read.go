package people

import (
	"math"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// File is the file of a project that its people stand in.
const File = "people.yaml"

// Limits of a people file.
const (
	MaxRules   = 1000 // rules of a `people.yaml`, which are gone through for every message; one more is a mistake of the file
	MaxAnswers = 100  // replies of one rule; one more is a mistake of the file
	MaxScript  = 4096 // bytes of one script; a longer one is a mistake of the file
	MaxPattern = 256  // bytes of one pattern, each of which may look at the whole text of a message; a longer one is a mistake of the file
)

// Read reads a people file: the rules of people, and faults by chance. It adds mistakes of the
// file to list.
//
//	seed: 7                          # decides everything that is left to chance
//	people:
//	  - profile: ann                 # a profile ID, or a pattern with * and ?
//	    does: reads after 10s        # a script; see ParseScript
//	  - profile: "load-*"
//	    does:                        # or several; chance picks one
//	      - 70%: reads after 2s-10m
//	      - 30%: never reads
//	    replies:
//	      - to: "*how was*"          # the text of the message; case is ignored
//	        with: [ "9", "10" ]      # one of them
//	        after: 10s-1m
//	        chance: 80%
//	faults:                          # see ReadFaults
//	  drop_responses: 5%
func Read(file string, text []byte, list *diag.List) (*People, Faults) {
	m := node.Parse(file, text, list)
	p := &People{Seed: readSeed(m)}
	items := m.List("people")
	if len(items) > MaxRules {
		m.Errorf("people", node.CodeTooLarge, "use patterns", "there are %d rules, %d are allowed", len(items), MaxRules)
		items = nil
	}
	for _, item := range items {
		if rule := item.Map(); rule != nil {
			p.Rules = append(p.Rules, readRule(rule))
		}
	}
	f := readFaults(m.Child("faults"), p.Seed)
	m.Close()
	return p, f
}

func readSeed(m *node.Map) uint64 {
	n := m.Int("seed")
	if n < 0 {
		m.Errorf("seed", node.CodeBadValue, "any number from 0", "seed must not be negative")
	}
	return uint64(max(0, n))
}

func readRule(m *node.Map) Rule {
	var r Rule
	if r.Profile = readPattern(m, "profile"); !m.Has("profile") {
		m.Errorf("profile", node.CodeEmpty, `"*" stands for everybody`, "the rule has no profile")
	}
	r.Does = readPlans(m.Get("does"))
	items := m.List("replies")
	if len(items) > MaxAnswers {
		m.Errorf("replies", node.CodeTooLarge, "", "there are %d replies, %d are allowed", len(items), MaxAnswers)
		items = nil
	}
	for _, item := range items {
		if answer := item.Map(); answer != nil {
			r.Replies = append(r.Replies, readAnswer(answer))
		}
	}
	m.Close()
	return r
}

func readPattern(m *node.Map, key string) string {
	pattern := m.Str(key)
	if len(pattern) > MaxPattern {
		m.Errorf(key, node.CodeTooLarge, "use *", "%s has %d bytes, %d are allowed", key, len(pattern), MaxPattern)
	}
	return pattern
}

// readPlans reads a script, or a list of shares with a script each.
func readPlans(v *node.Value) []Plan {
	if v == nil {
		return nil
	}
	if !v.IsList() {
		return []Plan{{1, readScript(v)}}
	}
	var plans []Plan
	total := 0.0
	for _, item := range v.List() {
		entries := item.Map().Entries()
		if len(entries) != 1 {
			if item.IsMap() {
				item.Errorf(node.CodeBadValue, "for example 30%: never reads", "want one share and its script")
			}
			continue
		}
		share, ok := parsePercent(entries[0].Key.Value)
		if !ok {
			item.Errorf(node.CodeBadValue, "for example 30%: never reads", "%q is not a share", entries[0].Key.Value)
		}
		total += share
		plans = append(plans, Plan{share, readScript(entries[0].Value)})
	}
	if math.Abs(total-1) > 1e-9 {
		v.Errorf(node.CodeBadValue, "", "the shares must add up to 100%%, not %s", percent(total))
	}
	return plans
}

func readScript(v *node.Value) Script {
	t := v.Text()
	if t == nil {
		return nil
	}
	script, err := ParseScript(t.Value)
	if err != nil {
		v.Errorf(node.CodeBadValue, "", "%s", err.Error())
	}
	return script
}

func readAnswer(m *node.Map) Answer {
	a := Answer{To: readPattern(m, "to"), After: Span{From: repliesAfter}, Chance: 1}
	with := m.Get("with")
	switch {
	case with == nil:
		m.Errorf("with", node.CodeEmpty, `for example with: "yes"`, "the reply has no text: with is missing")
	case with.IsList():
		for _, item := range with.List() {
			a.With = append(a.With, item.Str())
		}
		if len(a.With) == 0 {
			with.Errorf(node.CodeEmpty, "", "the reply has no text")
		}
	default:
		a.With = []string{with.Str()}
	}
	readSpan(m, "after", &a.After)
	readShare(m, "chance", &a.Chance)
	m.Close()
	return a
}

// readSpan reads a time or two of them, when there is a key.
func readSpan(m *node.Map, key string, into *Span) {
	t := m.Text(key)
	if t == nil {
		return
	}
	s, err := parseSpan(t.Value)
	if err != nil {
		m.Get(key).Errorf(node.CodeBadValue, "", "%s: %v", key, err)
		return
	}
	*into = s
}

// readShare reads a percentage, when there is a key.
func readShare(m *node.Map, key string, into *float64) {
	t := m.Text(key)
	if t == nil {
		return
	}
	share, ok := parsePercent(t.Value)
	if !ok {
		m.Get(key).Errorf(node.CodeBadValue, "for example 10% or 0.5%", "%s: %q is not a percentage from 0%% to 100%%", key, t.Value)
		return
	}
	*into = share
}
