package model

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"nudge/flows"
)

// read makes a tree of a bundle. The compiled flow gives steps their numbers.
func read(bundle flows.Bundle, compiled *flows.Flow) (*Flow, error) {
	f := &Flow{compiled: compiled, zone: compiled.Zone, Name: compiled.Name, Version: compiled.Version,
		project: "nudge", byIndex: map[int]*step{}, texts: map[string]*yaml.Node{}}
	numbers := map[string]int{}
	for i := range compiled.Steps {
		at := compiled.Steps[i].Span.Start
		numbers[fmt.Sprint(at.Line, ":", at.Column)] = i
		f.order = append(f.order, compiled.Steps[i].ID)
	}
	for _, file := range bundle {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(file.Text), &doc); err != nil {
			return nil, fmt.Errorf("model: %s: %w", file.Name, err)
		}
		switch root := &doc; {
		case len(doc.Content) == 0:
		case file.Name == flows.ProjectFile:
			f.project = cmp.Or(text(get(root.Content[0], "project")), f.project)
			f.from, f.locale = get(root.Content[0], "from"), text(get(root.Content[0], "locale"))
			f.events = get(root.Content[0], "events")
			f.onUnknown, f.mergeFields = text(get(root.Content[0], "on_unknown")), text(get(root.Content[0], "merge_fields")) == "allow"
			var err error
			if f.categories, err = readCategories(get(root.Content[0], "categories")); err != nil {
				return nil, fmt.Errorf("model: %s: %w", file.Name, err)
			}
		case strings.HasPrefix(file.Name, "flows/"):
			r := &reading{f: f, numbers: numbers}
			r.flow(root.Content[0])
			if r.err != nil {
				return nil, fmt.Errorf("model: %s: %w", file.Name, r.err)
			}
		case strings.HasPrefix(file.Name, "templates/"):
			name := strings.TrimSuffix(strings.TrimPrefix(file.Name, "templates/"), ".yaml")
			f.texts[name] = root.Content[0]
		}
	}
	return f, nil
}

// reading is one flow being read.
type reading struct {
	f       *Flow
	numbers map[string]int
	loops   int // around what is being read
	err     error
}

func (r *reading) fail(n *yaml.Node, what string) {
	if r.err == nil {
		r.err = fmt.Errorf("line %d: %s", n.Line, what)
	}
}

func (r *reading) flow(n *yaml.Node) {
	for _, t := range listOf(get(n, "trigger")) {
		r.f.triggers = append(r.f.triggers, trigger{
			event: text(get(t, "event")), key: text(get(t, "key")), to: text(get(t, "to")), if_: text(get(t, "if")),
			reply: get(t, "reply") != nil, beforeWaits: text(get(t, "before_waits")) == "true", schedule: r.schedule(t),
		})
	}
	if entry := get(n, "entry"); entry != nil {
		r.f.running = text(get(entry, "if_running"))
		count, per, limited := strings.Cut(text(get(entry, "at_most")), " per ")
		r.f.atMost, _ = strconv.Atoi(count)
		if limited {
			r.f.per = r.span(entry, per)
		}
	}
	r.f.thread = get(n, "conversation")
	if from := get(n, "from"); from != nil {
		r.f.from = from
	}
	r.f.category, r.f.account = text(get(n, "category")), text(get(n, "account"))
	r.f.own = get(n, "data")
	if r.f.data = wordsOf(get(n, "data")); slices.ContainsFunc(listOf(get(n, "trigger")), asksStored) {
		for name, word := range r.f.data { // stored profiles bring no data
			r.f.data[name] = "optional " + strings.TrimPrefix(word, "optional ")
		}
	}
	r.f.exits = r.lines(get(n, "exit"))
	r.f.migrations = migrationsOf(get(n, "migrate"))
	r.f.steps = r.steps(get(n, "steps"))
	markLast(r.f.steps, false)
}

// schedule reads what a trigger by cron or at says of the clock; nil for another trigger. A
// date fires as a cron of that day would, of which the next is not in reach.
func (r *reading) schedule(n *yaml.Node) *schedule {
	spec := text(get(n, "cron"))
	if get(n, "event") != nil && get(n, "audience") != nil { // it has no clock
		spec = "event"
	}
	s := &schedule{fields: strings.Fields(spec), maxDelay: r.span(n, text(get(n, "max_delay"))),
		audience: text(get(get(n, "audience"), "if"))}
	if at := text(get(n, "at")); at != "" {
		spec = at
		day, err := time.Parse("2006-01-02 15:04", at)
		if err != nil {
			r.fail(n, err.Error())
		}
		s.fields = strings.Fields(day.Format("4 15 2 1 *"))
	}
	if every := text(get(n, "every")); every != "" {
		spec = "every " + every
		m := ofDay.FindStringSubmatch(every)
		s.which, s.days, s.own = m[1], m[2], m[4]
		at, _ := time.Parse("15:04", m[3])
		s.fields = strings.Fields(at.Format("4 15 * * *"))
	}
	if spec == "" {
		return nil
	}
	if rate := text(get(n, "rate")); rate != "" {
		count, unit, _ := strings.Cut(rate, "/")
		people, err := strconv.Atoi(count)
		if err != nil {
			r.fail(n, err.Error())
		}
		s.pace = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit] / time.Duration(people)
	}
	zone := text(get(n, "timezone"))
	if s.words = spec + " in " + zone; zone != "local" {
		s.zone = zoneNamed(zone)
	}
	return s
}

// asksStored reports whether a trigger is for stored profiles.
func asksStored(t *yaml.Node) bool { return get(get(t, "audience"), "if") != nil }

func (r *reading) steps(n *yaml.Node) (steps []*step) {
	for _, item := range listOf(n) {
		steps = append(steps, r.step(item))
	}
	return steps
}

func (r *reading) step(n *yaml.Node) *step {
	index, ok := r.numbers[fmt.Sprint(n.Line, ":", n.Column)]
	if !ok {
		r.fail(n, "no step of the program stands here")
		return &step{}
	}
	s := &step{index: index, id: r.f.order[index], if_: text(get(n, "if")), looped: r.loops > 0}
	r.f.byIndex[index] = s
	for _, verb := range verbs {
		if v := get(n, verb); v != nil {
			s.verb, s.node = verb, v
		}
	}
	switch s.verb {
	case "wait":
		if s.node.Kind == yaml.ScalarNode {
			s.lines = []line{{signal: "after", as: "after", of: s.node.Value}}
			r.elapse(s.node, &s.lines[0])
		} else {
			s.lines = r.lines(s.node)
		}
	case "branch":
		s.arms = r.branchArms(s.node)
	case "split":
		for _, a := range listOf(s.node) {
			s.arms = append(s.arms, arm{text(get(a, "as")), "", r.steps(get(a, "then"))})
		}
	case "repeat":
		r.repeat(s)
	case "collect":
		s.events, s.removes, s.unique = textsOf(get(s.node, "event")), textsOf(get(s.node, "remove")), text(get(s.node, "unique"))
		s.key, s.by, s.itemIf = text(get(s.node, "key")), text(get(s.node, "by")), text(get(s.node, "if"))
		s.include = text(get(s.node, "include_trigger")) == "true"
		s.lines = r.lines(get(s.node, "until"))
		for i := range s.lines { // a condition over the items is asked when those change
			if l := &s.lines[i]; l.signal == "if" && (strings.Contains(l.if_, s.id+".count") || strings.Contains(l.if_, s.id+".items")) {
				l.signal = "gathered"
			}
		}
	case "send":
		h, err := readHours(get(s.node, "window"))
		if err != nil {
			r.fail(n, err.Error())
		}
		s.window = h
	case "fetch":
		s.body = r.steps(get(s.node, "on_error"))
	case "":
		r.fail(n, "a step without a verb")
	}
	return s
}

func (r *reading) repeat(s *step) {
	s.times, _ = strconv.Atoi(text(get(s.node, "times")))
	switch every := text(get(s.node, "every")); {
	case ofDay.MatchString(every):
		s.till = every
	case every != "":
		s.every = r.span(s.node, every)
	}
	s.lines = r.lines(get(s.node, "until"))
	r.loops++
	s.body = r.steps(get(s.node, "steps"))
	r.loops--
}

// textsOf are one text or a list of them.
func textsOf(n *yaml.Node) (all []string) {
	for _, item := range listOf(n) {
		all = append(all, text(item))
	}
	return all
}

// branchArms are the arms of a branch, which have names by their place.
func (r *reading) branchArms(n *yaml.Node) (arms []arm) {
	for i, a := range listOf(n) {
		then, name := get(a, "then"), fmt.Sprint("arm_", i+1)
		if then == nil {
			then, name = get(a, "else"), "else"
		}
		if as := text(get(a, "as")); as != "" {
			name = as
		}
		arms = append(arms, arm{name, text(get(a, "if")), r.steps(then)})
	}
	return arms
}

func (r *reading) lines(n *yaml.Node) (lines []line) {
	for _, item := range listOf(n) {
		l := line{signal: "if", key: text(get(item, "key")), by: text(get(item, "by")), if_: text(get(item, "if")), as: text(get(item, "as")),
			goal: text(get(item, "goal")) == "true", then: r.steps(get(item, "then")),
			wide: get(item, "conversation") != nil}
		for _, signal := range signals {
			if v := get(item, signal); v != nil {
				l.signal, l.of = signal, v.Value
			}
		}
		switch l.signal {
		case "after", "quiet":
			if l.never = l.of == "never"; !l.never {
				r.elapse(get(item, l.signal), &l)
			}
		case "open":
			r.within(get(item, "open"), &l)
		case "at":
			l.at = l.of
		case "items":
			l.items, _ = strconv.Atoi(l.of)
		}
		if l.as == "" {
			l.as = l.signal
		}
		if do := get(item, "do"); do != nil {
			l.does, l.do = true, r.steps(do)
			if l.atMost, _ = strconv.Atoi(text(get(item, "at_most"))); l.signal != "reply" && l.signal != "event" {
				l.atMost = 1
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// elapse reads 3d, or 4h of work.
func (r *reading) elapse(n *yaml.Node, l *line) {
	takes, within, counted := strings.Cut(l.of, " of ")
	if l.after = r.span(n, takes); counted {
		r.within(&yaml.Node{Kind: yaml.ScalarNode, Value: within, Line: n.Line}, l)
	}
}

// within reads the hours of a line.
func (r *reading) within(n *yaml.Node, l *line) {
	var err error
	if l.open, err = readOpen(n); err != nil {
		r.fail(n, err.Error())
	}
}

// span reads 1w, 3d, 1d12h, 90m.
func (r *reading) span(n *yaml.Node, words string) (s span) {
	s, err := parseSpan(words)
	if err != nil {
		r.fail(n, err.Error())
	}
	return s
}
