package model

import (
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"nudge/flows"
)

// Flow is one version of a flow, as its YAML says it.
type Flow struct {
	Name        string
	Version     string
	zone        *time.Location
	triggers    []trigger
	running     string // if_running; empty for parallel
	atMost      int
	per         span
	exits       []line
	migrations  []migration
	steps       []*step
	byIndex     map[int]*step
	compiled    *flows.Flow           // for the numbers and names of its steps, and its zone
	texts       map[string]*yaml.Node // templates
	category    string
	account     string
	onUnknown   string               // where a send says nothing
	project     string               // its name
	locale      string               // of the project; empty for English
	thread      *yaml.Node           // the conversation where a message names none; nil for none
	from        *yaml.Node           // the sender where a message names none; nil for none
	mergeFields bool                 // texts may have the provider's own fields in them
	events      *yaml.Node           // the shapes of events
	own         *yaml.Node           // the shape of its data, as it says itself
	data        map[string]string    // what its runs start with, by name: the word for each
	categories  map[string]*Category // that the project had when the flow was loaded
	order       []string             // ids of steps in the order of the program
}

type trigger struct {
	event        string
	key, to, if_ string
	reply        bool
	beforeWaits  bool
	schedule     *schedule // of one by the clock
}

// step is one step with what is inside of it.
type step struct {
	index int // the engine's number for it
	id    string
	if_   string
	verb  string
	node  *yaml.Node // what stands under the verb

	lines   []line // of a wait, or the until of a repeat or collect
	body    []*step
	arms    []arm
	times   int
	every   span
	events  []string // of a collect: the types of its items
	removes []string // and of what takes them back
	unique  string
	till    string // a moment of the clock instead of every
	key     string // of a collect; "any" for the person's
	by      string // of a collect: whom events must name; empty for whoever
	itemIf  string
	include bool
	last    bool   // a collect: none can follow it
	window  *hours // of a send
	looped  bool   // it is in a repeat
}

type arm struct {
	name string
	if_  string
	then []*step
}

// line is one line of a wait, an until or the exits.
type line struct {
	signal string // read, delivered, failed, reply, event, after, at, open, quiet, items, if
	of     string // the step or event it names; "any"
	key    string
	by     string // whom the event must name; empty for whoever
	after  span
	never  bool
	at     string
	open   *openHours // of open, and of an after within hours
	items  int
	if_    string
	as     string
	goal   bool
	then   []*step
	wide   bool // of a reply: it hears every conversation
	does   bool // its steps are taken while the wait goes on
	do     []*step
	atMost int // how often; 0 for any number
}

var verbs = []string{"send", "wait", "branch", "split", "repeat", "collect", "set", "emit", "start", "fetch", "opt_out", "opt_in", "exit"}

var signals = []string{"read", "delivered", "failed", "reply", "event", "after", "at", "open", "quiet", "items"}

// markLast finds the collects that no other can follow, whatever conditions say: those in no
// loop, with none in their own lines or behind them. After says whether one can follow the
// steps. It reports whether one can be come to from the first of them.
func markLast(steps []*step, after bool) (comes bool) {
	for i := len(steps) - 1; i >= 0; i-- {
		s, inside := steps[i], false
		for _, block := range append(s.inner(), s.loopBody()) {
			if len(block) > 0 {
				inside = markLast(block, after) || inside
			}
		}
		if s.last = s.verb == "collect" && !s.looped && !after && !inside; s.verb == "exit" && s.if_ == "" {
			after = false
			continue
		}
		after = after || inside || s.verb == "collect"
	}
	return after
}

// loopBody are the steps of a round.
func (s *step) loopBody() []*step {
	if s.verb == "repeat" {
		return s.body
	}
	return nil
}

// hears reports whether a collect takes events of a type, as items or to take some back.
func (s *step) hears(event string) bool {
	return slices.Contains(s.events, event) || slices.Contains(s.removes, event)
}

// mentions reports whether the flow does something of a kind with an event.
func (f *Flow) collects(event string) bool {
	for _, s := range f.byIndex {
		if s.verb == "collect" && s.hears(event) {
			return true
		}
	}
	return false
}

func (f *Flow) triggersOn(event string) bool {
	return slices.ContainsFunc(f.triggers, func(t trigger) bool { return t.event == event && event != "" && t.schedule == nil })
}

// hearsReplies reports whether a wait or a collect of the flow listens to replies.
func (f *Flow) hearsReplies() bool {
	for _, s := range f.byIndex {
		if (s.verb == "wait" || s.verb == "collect") && slices.ContainsFunc(s.lines, func(l line) bool { return l.signal == "reply" }) {
			return true
		}
	}
	return false
}

// keysOf are the keys by which the flow listens to an event.
func (f *Flow) keysOf(event string) (keys []string) {
	ofLines := func(lines []line) {
		for _, l := range lines {
			if l.signal == "event" && l.of == event {
				keys = append(keys, l.key)
			}
		}
	}
	ofLines(f.exits)
	for _, s := range f.byIndex {
		ofLines(s.lines)
		if s.verb == "collect" && s.hears(event) {
			keys = append(keys, s.key)
		}
	}
	return keys
}
