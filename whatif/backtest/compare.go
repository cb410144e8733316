package backtest

import (
	"cmp"
	"maps"
	"slices"
)

// comparison pairs the messages of two worlds.
type comparison struct {
	total     Changes
	templates map[flowWord]*Template
	people    map[string]*Person
}

func newComparison() *comparison {
	return &comparison{templates: map[flowWord]*Template{}, people: map[string]*Person{}}
}

// group is what messages have in common that may be the same one: a template, of runs of
// one person for the same thing.
type group struct {
	self     runKey
	template string
}

// compare pairs the messages of each group: first those at the same place of runs that
// began at the same time, then the rest in the order in which they left.
func (c *comparison) compare(before, after []sent) {
	groups := map[group][2][]*sent{}
	for side, list := range [...][]sent{before, after} {
		for i := range list {
			g := group{list[i].self, list[i].key.template}
			both := groups[g]
			both[side] = append(both[side], &list[i])
			groups[g] = both
		}
	}
	for g, both := range groups {
		c.pair(g, both[0], both[1])
	}
}

func (c *comparison) pair(g group, before, after []*sent) {
	c.template(g).Before += len(before)
	c.template(g).After += len(after)
	p := c.person(g.self.profile)
	p.Before, p.After = p.Before+len(before), p.After+len(after)
	before, after = c.pairEqual(g, before, after)
	n := min(len(before), len(after))
	for i := range n {
		c.both(g, before[i], after[i])
	}
	for _, m := range before[n:] {
		c.count(g, func(x *Changes) { x.Dropped++ })
		p.Dropped = append(p.Dropped, difference(g, m))
	}
	for _, m := range after[n:] {
		c.count(g, func(x *Changes) { x.Added++ })
		p.Added = append(p.Added, difference(g, m))
	}
}

// pairEqual pairs what has its place in the other world too, and returns the rest, in
// the order in which it left.
func (c *comparison) pairEqual(g group, before, after []*sent) (restBefore, restAfter []*sent) {
	type place struct {
		started int64
		nth     int
	}
	waiting := map[place]*sent{}
	for _, m := range before {
		waiting[place{int64(m.started), m.key.nth}] = m
	}
	paired := map[*sent]bool{}
	for _, m := range after {
		at := place{int64(m.started), m.key.nth}
		if other := waiting[at]; other != nil {
			delete(waiting, at)
			paired[other] = true
			c.both(g, other, m)
		} else {
			restAfter = append(restAfter, m)
		}
	}
	restBefore = slices.DeleteFunc(before, func(m *sent) bool { return paired[m] })
	for _, rest := range [...][]*sent{restBefore, restAfter} {
		slices.SortStableFunc(rest, func(a, b *sent) int { return cmp.Compare(a.at, b.at) })
	}
	return restBefore, restAfter
}

// both counts a message that both worlds sent.
func (c *comparison) both(g group, before, after *sent) {
	switch {
	case after.at.Time().Sub(before.at.Time()).Abs() >= moved:
		c.count(g, func(x *Changes) { x.Moved++ })
		d := difference(g, after)
		d.Was = before.at
		p := c.person(g.self.profile)
		p.Moved = append(p.Moved, d)
	case after.text != before.text:
		c.count(g, func(x *Changes) { x.Reworded++ })
	default:
		c.count(g, func(x *Changes) { x.Same++ })
	}
}

func difference(g group, m *sent) Difference {
	return Difference{Flow: g.self.flow, Key: g.self.key, Template: g.template, At: m.at}
}

func (c *comparison) count(g group, add func(*Changes)) {
	add(&c.total)
	add(&c.template(g).Changes)
}

func (c *comparison) template(g group) *Template {
	word := flowWord{g.self.flow, g.template}
	if c.templates[word] == nil {
		c.templates[word] = &Template{Flow: word.flow, Template: word.word}
	}
	return c.templates[word]
}

func (c *comparison) person(profile string) *Person {
	if c.people[profile] == nil {
		c.people[profile] = &Person{Profile: profile}
	}
	return c.people[profile]
}

func (c *comparison) byTemplate() []Template {
	list := make([]Template, 0, len(c.templates))
	for _, t := range c.templates {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b Template) int {
		return cmp.Or(cmp.Compare(a.Flow, b.Flow), cmp.Compare(a.Template, b.Template))
	})
	return list
}

// byPerson are the people for whom something is different.
func (c *comparison) byPerson() []Person {
	list := []Person{}
	for _, p := range slices.Collect(maps.Values(c.people)) {
		if p.differences() == 0 {
			continue
		}
		for _, d := range [...][]Difference{p.Added, p.Dropped, p.Moved} {
			slices.SortFunc(d, Difference.compare)
		}
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Person) int {
		return cmp.Or(b.differences()-a.differences(), cmp.Compare(a.Profile, b.Profile))
	})
	return list
}

func (p *Person) differences() int { return len(p.Added) + len(p.Dropped) + len(p.Moved) }

func (d Difference) compare(other Difference) int {
	return cmp.Or(cmp.Compare(d.At, other.At), cmp.Compare(d.Flow, other.Flow),
		cmp.Compare(d.Template, other.Template), cmp.Compare(d.Key, other.Key))
}
