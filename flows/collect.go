package flows

import (
	"slices"
	"strings"

	"nudge/lang/node"
	"nudge/lang/shape"
)

// collect reads a step that gathers events until a line of its until happens.
func (r *reader) collect(v *node.Value, at int, k *typeEnv) (joints []patch, ends bool) {
	c := &Collect{}
	r.flow.Steps[at].Collect = c
	m := v.Map()
	if m == nil {
		return nil, false
	}
	item, any := r.collectEvents(m, c)
	c.By = r.eventBy(m, k)
	c.If = r.expr(m.Get("if"), k.with(NameEvent, item).scope(), forCondition)
	c.Unique = r.expr(m.Get("unique"), shape.MapOf(map[string]*shape.Type{NameEvent: any}), forValue)
	c.IncludeTrigger = m.Bool("include_trigger")
	r.checkTriggerItem(m, c)
	until := m.Get("until")
	if until == nil {
		m.Errorf("until", codeNoLimit, "for example until: [ { quiet: 10m }, { after: 1h } ]", "this collect has no end")
	}
	m.Close(stepKeys...)

	gathered := map[string]*shape.Type{"items": shape.ListOf(r.itemShape(m, c, item)), "count": shape.Number}
	before := k.with(r.flow.Steps[at].ID, shape.MapOf(gathered))
	lines, lineMaps := r.lines(until, before, inCollect)
	c.Until = lines
	markGathered(lines, r.flow.Steps[at].ID)
	r.checkCollect(until, lines)
	unnamed := Unnamed(lines)
	self := r.linesShape(lines, unnamed...)
	for name, t := range gathered {
		self.Fields[name] = t
	}
	r.learn(k, at, self)
	joints, ends = r.follow(lines, lineMaps, at, before, k)
	return joints, ends && len(unnamed) == 0
}

// checkTriggerItem checks that the event of include_trigger can start the flow.
func (r *reader) checkTriggerItem(m *node.Map, c *Collect) {
	same := slices.ContainsFunc(r.flow.Triggers, func(t Trigger) bool { return slices.Contains(c.Events, t.Event) })
	if c.IncludeTrigger && len(c.Events) > 0 && !same {
		verb := "does"
		if len(c.Events) > 1 {
			verb = "do"
		}
		m.Errorf("include_trigger", codeBadValue, "remove it", "include_trigger has no effect: %s %s not start this flow",
			strings.Join(c.Events, " and "), verb)
	}
}

// checkCollect checks that a collect always ends.
func (r *reader) checkCollect(v *node.Value, lines []Line) {
	var timer, quiet, items bool
	for _, line := range lines {
		switch line.Signal {
		case SignalAfter, SignalAt, SignalOpen:
			timer = true
		case SignalQuiet:
			quiet = true
		case SignalItems:
			items = true
		}
	}
	switch {
	case v == nil || timer || quiet && items:
	case items:
		r.mayNotEnd(v.Span(), "add a line, for example - after: 1d",
			"if fewer items arrive, this collect never ends, so the run stays alive forever")
	default:
		v.Errorf(codeNoLimit, "add a line, for example - after: 1h", "this collect may never end")
	}
}
