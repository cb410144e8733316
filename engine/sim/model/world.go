package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// World is everything the model knows: the people, the runs with their histories, and
// what must follow next.
type World struct {
	installation engine.Installation
	seq          uint64
	stamp        engine.Instant
	outbound     engine.Outbound
	only         []string
	killed       bool
	active       []*Flow // by name
	versions     map[engine.FlowVersion]*Flow
	runs         map[engine.RunID]*Run
	order        []*Run // live runs, oldest first
	people       map[string]*person
	derived      []*engine.Input // to come next, in order
	owed         int             // of them when the batch began; what a group's own inputs led to follows the group
	ids          map[string]engine.Instant
	arms         map[string]int // dealt by splits
	schedules    []*scheduled
	firings      map[uint64]*firing
	fired        map[*firing]bool     // begun or changed by the batch in hand
	categories   map[string]*Category // of the active flows
	openings     map[asked]time.Time  // that were found

	// Of the input in hand.
	in      *engine.Input
	starts  int
	slots   int
	touched []*Run
	after   map[engine.RunID]*engine.Run // what the engine made of the runs of the batch
	changed map[*Run]bool

	Reached map[string]int // states worth having been in, and how often
}

// Run is a run by its history.
type Run struct {
	world      *World
	id         engine.RunID
	begun      *Flow // the version it began with
	flow       *Flow // the one it is of now
	profile    string
	key        string
	by         string
	data       map[string]any
	depth      int
	parent     engine.RunID
	parentStep int
	facts      []fact
	now        *walk
	firing     *firing
	begins     engine.Instant // when its person's own time comes, where it waits for that
	seen       int            // entries of its timeline that were compared
	gathered   bool
	forgotten  bool
	learned    map[uint64]engine.Instant
	told       map[int]engine.Entry // that were learned from, by their place on the timeline
	late       map[int]bool         // whether a deferred message was given up there
	bodies     map[int]string       // of messages, where they are known
	convs      map[int]string       // the conversations they were posted to
}

type person struct {
	known   map[string]any
	optOuts map[string]bool
	places  []place
	starts  []start
	queue   []queued
}

type start struct {
	flow, key string
	at        engine.Instant
	reply     bool
}

type queued struct {
	flow, key string
	h         happening
}

// Violation is something that must not be.
type Violation struct {
	What string
	Run  engine.RunID // it shows in; zero for none
}

// Error is what must not be.
func (v *Violation) Error() string { return v.What }

func (w *World) fail(format string, args ...any) { w.failIn(nil, format, args...) }

func (w *World) failIn(r *Run, format string, args ...any) {
	v := &Violation{What: fmt.Sprintf("input %d, a %s: ", w.seq, w.in.Kind) + fmt.Sprintf(format, args...)}
	if r != nil {
		v.Run = r.id
	}
	panic(v)
}

// New returns the world of an empty store.
func New(installation engine.Installation) *World {
	return &World{installation: installation, outbound: engine.OutboundLive,
		versions: map[engine.FlowVersion]*Flow{}, runs: map[engine.RunID]*Run{}, people: map[string]*person{},
		ids: map[string]engine.Instant{}, arms: map[string]int{}, openings: map[asked]time.Time{}, firings: map[uint64]*firing{}, Reached: map[string]int{}}
}

// Take takes a batch that was committed, and says what in it must not be (I2, I4, I5,
// I7). Compiled returns a version that is in use.
func (w *World) Take(b *engine.Batch, compiled func(engine.FlowVersion) *flows.Flow) (err error) {
	defer func() {
		if p := recover(); p != nil {
			v, ok := p.(*Violation)
			if !ok {
				panic(p)
			}
			err = v
		}
	}()
	w.owed = len(w.derived)
	w.after, w.changed, w.fired = map[engine.RunID]*engine.Run{}, map[*Run]bool{}, map[*firing]bool{}
	for _, c := range b.Changes {
		w.after[c.After.ID] = c.After
	}
	for i := range b.Journal {
		if b.Journal[i].Input.Kind == engine.InputDeploy {
			w.deploy(&b.Journal[i], &b.State, compiled)
		} else {
			w.take(&b.Journal[i])
		}
	}
	w.compare(b)
	return nil
}

func (w *World) count(j *engine.Journaled) {
	switch {
	case j.Seq != w.seq+1:
		w.fail("it comes as number %d", j.Seq)
	case j.Stamp < w.stamp:
		w.fail("stamped %s, before the one before it at %s", j.Stamp, w.stamp)
	}
	w.seq, w.stamp, w.in = j.Seq, j.Stamp, j.Input
	w.starts, w.slots, w.touched = 0, 0, nil
	for _, s := range j.Slots {
		w.slots += s.Free
	}
	if w.killed || w.outbound == engine.OutboundHold {
		w.slots = 0
	}
	if id := j.Input.ID; id != "" {
		name := j.Input.Kind.String() + ":" + id
		if last, ok := w.ids[name]; ok && last.Add(engine.IDRetention) > j.Stamp {
			w.fail("%s was taken at %s already", name, last)
		}
		w.ids[name] = j.Stamp
	}
}

func (w *World) deploy(j *engine.Journaled, state *engine.State, compiled func(engine.FlowVersion) *flows.Flow) {
	w.count(j)
	w.active, w.categories = nil, map[string]*Category{}
	for _, bundle := range j.Input.Deploy.Flows {
		c, err := flows.Compile(bundle) // for its name and version
		if err != nil {
			w.fail("%v", err)
		}
		v := engine.FlowVersion{Flow: c.Name, Version: c.Version}
		if w.versions[v] == nil {
			f, err := read(bundle, compiled(v))
			if err != nil {
				w.fail("%v", err)
			}
			w.versions[v] = f
		}
		w.active = append(w.active, w.versions[v])
		maps.Copy(w.categories, w.versions[v].categories)
	}
	slices.SortFunc(w.active, func(a, b *Flow) int { return strings.Compare(a.Name, b.Name) })
	w.takeUp()
	if len(state.Active) != len(w.active) {
		w.fail("%d flows are active, deployed were %d", len(state.Active), len(w.active))
	}
}

// take lives through one input.
func (w *World) take(j *engine.Journaled) {
	w.count(j)
	in := j.Input
	switch {
	case in.Derived != 0:
		w.expected(in)
	case w.owed > 0:
		w.fail("a %s from outside comes before the %s that followed from an earlier input", in.Kind, w.derived[0].Kind)
	}
	switch in.Kind {
	case engine.InputEvent:
		w.event(in.Event)
	case engine.InputReply:
		w.reply(in)
	case engine.InputReceipt:
		id, _ := engine.ParseRunID(in.Receipt.Ref.Run)
		w.feed(w.known(id), fact{kind: receipted, receipt: in.Receipt})
	case engine.InputResult:
		w.result(in.Result)
	case engine.InputTimer:
		w.timer(in.Timer)
	case engine.InputClaim:
		w.claim(in.Claim)
	case engine.InputCancel:
		r := w.known(in.Cancel.Run)
		if r.over() {
			w.fail("it cancels run %s, which has ended", r.id)
		}
		w.feed(r, fact{kind: ends, outcome: engine.OutcomeCancelled})
	case engine.InputSteer:
		w.steer(in.Steer)
	case engine.InputSweep:
		w.sweep(in.Sweep)
	case engine.InputMove:
		w.move(in.Move)
	case engine.InputControl:
		w.control(in.Control)
	case engine.InputProfile:
		w.profile(in.Profile)
	case engine.InputCall:
		w.call(in.Call)
	case engine.InputChildEnded:
		w.childEnded(in.ChildEnded.Parent, in.ChildEnded.Step, in.ChildEnded.Outcome)
	case engine.InputDequeue:
		w.dequeue(in.Dequeue)
	case engine.InputFetched:
		w.feed(w.known(in.Fetched.Run), fact{kind: fetchEnded, fetched: in.Fetched})
	case engine.InputTick:
		w.tick(in.Tick)
	case engine.InputFrozen:
		w.frozen(in.Frozen)
	case engine.InputRows:
		w.rows(in.Rows)
	default:
		w.fail("an input of unknown kind %s", in.Kind)
	}
	for _, r := range slices.Clone(w.touched) {
		if !r.over() {
			w.feed(r, fact{kind: touched})
		}
	}
}

// expected takes the derived input that must come next.
func (w *World) expected(in *engine.Input) {
	if len(w.derived) == 0 {
		w.fail("a derived %s follows from nothing", in.Kind)
	}
	want := w.derived[0]
	w.derived, w.owed = w.derived[1:], max(0, w.owed-1)
	got := *in
	got.Derived = 0
	if same := sameInput(want, &got); !same {
		w.fail("a derived %s is not the one that follows:\n got %s\nwant %s", in.Kind, show(&got), show(want))
	}
}

func sameInput(a, b *engine.Input) bool {
	x, y := *a, *b
	if a.Kind == engine.InputEvent && b.Kind == engine.InputEvent {
		if a.Event.Type != b.Event.Type || a.Event.Profile != b.Event.Profile || !reflect.DeepEqual(object(a.Event.Data), object(b.Event.Data)) {
			return false
		}
		x.Event, y.Event = nil, nil
	}
	if a.Kind == engine.InputCall && b.Kind == engine.InputCall {
		p, q := *a.Call, *b.Call
		if !reflect.DeepEqual(object(p.Data), object(q.Data)) {
			return false
		}
		p.Data, q.Data = nil, nil
		x.Call, y.Call = &p, &q
	}
	return reflect.DeepEqual(x, y)
}

func show(in *engine.Input) string {
	text, err := json.Marshal(in)
	if err != nil {
		return err.Error()
	}
	return string(bytes.ReplaceAll(text, []byte(`null`), []byte(`-`)))
}

// known is a run that is there.
func (w *World) known(id engine.RunID) *Run {
	r := w.runs[id]
	if r == nil {
		w.fail("there is no run %s", id)
	}
	return r
}

func (r *Run) over() bool { return r.now.status == engine.Ended }

// feed lets a fact happen to a run, and what follows from it to the world. It reports
// whether the run took anything from it.
func (w *World) feed(r *Run, f fact) (moved bool) {
	if !w.try(r, f) {
		return false
	}
	w.follow(r)
	return true
}

// try lets a fact happen to a run; one that comes to nothing has not happened.
func (w *World) try(r *Run, f fact) (moved bool) {
	w.around(r, &f)
	before := r.now
	r.facts = append(r.facts, f)
	r.gathered = false
	r.now = w.live(r)
	if !r.now.moved {
		r.facts = r.facts[:len(r.facts)-1]
		r.now = before
		return false
	}
	r.flow = r.now.flow
	return true
}

// around notes in a fact what holds in the world when it happens.
func (w *World) around(r *Run, f *fact) {
	p := w.personOf(r.profile)
	f.now, f.seq, f.depth, f.slots = w.stamp, w.seq, w.in.Depth, w.slots
	f.known, f.outs, f.places, f.categories = p.known, p.optOuts, p.places, w.categories
	f.paused = r.firing != nil && r.firing.paused
	f.allows = w.outbound != engine.OutboundOnly || slices.Contains(w.only, r.profile)
}

// live walks through a run, and says of which one where that breaks.
func (w *World) live(r *Run) *walk {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(*Violation); !ok {
				w.failIn(r, "run %s of %s: %v", r.id, r.flow.Name, p)
			}
			panic(p)
		}
	}()
	return live(r)
}

// follow carries out what follows from a run's last fact.
func (w *World) follow(r *Run) {
	w.changed[r] = true
	if !slices.Contains(w.touched, r) && r.facts[len(r.facts)-1].kind != begins {
		w.touched = append(w.touched, r)
	}
	w.slots -= len(r.now.claims)
	for _, e := range r.now.effects {
		w.effect(r, e)
	}
	if r.over() {
		w.order = slices.DeleteFunc(w.order, func(x *Run) bool { return x == r })
	}
}

func (w *World) effect(r *Run, e effect) {
	p := w.personOf(r.profile)
	switch e.kind {
	case "attributes":
		p.known = e.known
	case "opted":
		p.optOuts = e.outs
	case "places":
		p.places = e.places
	case "emit":
		w.derive(r, &engine.Input{Kind: engine.InputEvent, Event: &engine.Event{Type: e.name, Profile: r.profile, Data: jsonOf(e.data)}})
	case "call":
		call := &engine.Call{Flow: e.name, Profile: r.profile, By: r.flow.Name, Data: jsonOf(e.data)}
		if e.wait {
			call.Parent = r.id
		}
		w.derive(r, &engine.Input{Kind: engine.InputCall, Call: call})
	case "waits":
		if to := w.activeNamed(r.flow.Name); w.takesOver(r, to) {
			w.Reached["taken over on coming to a wait"]++
			w.derive(r, &engine.Input{Kind: engine.InputMove, Move: &engine.Move{Run: r.id, Version: to.Version}})
		}
	case "ended":
		w.afterEnd(r, e.left)
	}
}

func jsonOf(data map[string]any) json.RawMessage {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return raw
}

// derive notes what must come next, unless too many causes led here.
func (w *World) derive(r *Run, in *engine.Input) {
	if in.Kind == engine.InputDequeue { // what waits in a queue is no cause of what waits behind it
		w.derived = append(w.derived, in)
		return
	}
	in.Depth = max(w.in.Depth, r.depth) + 1
	if in.Kind == engine.InputChildEnded { // it starts nothing
		in.Depth = min(in.Depth, engine.MaxDepth)
	}
	if in.Depth > engine.MaxDepth {
		w.Reached["depth limit"]++
		return
	}
	w.derived = append(w.derived, in)
}

func (w *World) personOf(id string) *person {
	p := w.people[id]
	if p == nil {
		p = &person{optOuts: map[string]bool{}}
		w.people[id] = p
	}
	return p
}

func (w *World) liveOf(profile string) (runs []*Run) {
	for _, r := range w.order {
		if r.profile == profile {
			runs = append(runs, r)
		}
	}
	return runs
}

func (w *World) activeNamed(name string) *Flow {
	for _, f := range w.active {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// dealt is the arm that a split deals to a person: the one that was seen first, and
// ever after.
func (w *World) dealt(r *Run, s *step) int {
	name := strings.Join([]string{r.flow.Name, s.id, r.profile}, "\x00")
	if n := w.arms[name]; n != 0 {
		return n
	}
	if after := w.after[r.id]; after != nil {
		for _, e := range after.Timeline {
			if e.Kind == engine.KindBranch && e.Step == s.index {
				n := 0
				fmt.Sscan(e.Detail, &n)
				if n < 1 || n > len(s.arms) {
					w.fail("run %s took arm %q of %d", r.id, e.Detail, len(s.arms))
				}
				w.arms[name] = n
				return n
			}
		}
	}
	w.fail("run %s should have come to the split %s", r.id, s.id)
	return 0
}

// pause is when the next attempt of a message or a fetch is due. Its jitter is learned
// from the engine and held against its bounds.
func (w *World) pause(r *Run, f *fact, result *engine.SendResult, attempt int) engine.Instant {
	if at := r.learned[f.seq]; at != 0 {
		return at
	}
	grown := grown(attempt)
	least := grown / 2
	if result != nil {
		least = max(least, result.RetryAfter)
	}
	at := f.now.Add(least)
	if after := w.after[r.id]; after != nil {
		for _, a := range after.Alarms {
			// Another one may stand there at the end of the batch; then this is not seen.
			if a.Place == engine.AtMessage && a.At >= at && a.At <= at.Add(grown/2) {
				at = a.At
				break
			}
		}
	}
	r.learned[f.seq] = at
	return at
}

// grown is how long the pause after an attempt may be that nobody asked for; it is half of
// that at least.
func grown(attempt int) time.Duration {
	return min(2*time.Second<<min(attempt-1, 16), 5*time.Minute)
}

func (w *World) timer(t *engine.Timer) {
	r := w.known(t.Run)
	switch {
	case w.stamp < t.Due:
		w.fail("the timer of run %s fired early: due at %s, at %s (I5)", r.id, t.Due, w.stamp)
	case r.over() || r.now.deadline() != t.Due:
		w.fail("a timer of run %s fired at %s which it does not have (I5): its deadline is %s", r.id, t.Due, r.now.deadline())
	}
	w.feed(r, fact{kind: rings, due: t.Due})
}

func (w *World) claim(ref *engine.OutboxRef) {
	r := w.known(ref.Run)
	switch {
	case w.slots <= 0:
		w.fail("message %d of run %s was claimed while nothing may go out (I7)", ref.Message, r.id)
	case r.over() || r.now.messages[ref.Message-1].status != engine.Planned:
		w.fail("message %d of run %s was claimed, but is not planned (I3)", ref.Message, r.id)
	}
	w.feed(r, fact{kind: claimable, message: ref.Message})
}

func (w *World) result(res *engine.SendResult) {
	r := w.known(res.Run)
	if res.Message < 1 || res.Message > len(r.now.messages) || res.Attempt > r.now.messages[res.Message-1].attempt {
		w.fail("the end of a post that never was: run %s message %d attempt %d (I3)", r.id, res.Message, res.Attempt)
	}
	w.feed(r, fact{kind: resulted, result: res})
}

func (w *World) control(c *engine.Control) {
	if c.Outbound != 0 {
		w.outbound, w.only = c.Outbound, slices.Clone(c.Only)
	}
	if c.Kill != nil {
		w.killed = *c.Kill
	}
}

func (w *World) profile(c *engine.ProfileChange) {
	p := w.personOf(c.Profile)
	if c.Forget {
		for _, r := range w.liveOf(c.Profile) {
			w.feed(r, fact{kind: ends, outcome: engine.OutcomeForgotten})
		}
		w.people[c.Profile] = nil
		w.forgetIn(c.Profile)
		for _, r := range w.runs {
			r.forgotten = r.forgotten || r.profile == c.Profile
		}
		return
	}
	known := map[string]any{}
	if !c.Replace {
		maps.Copy(known, p.known)
	}
	maps.Copy(known, object(c.Set))
	maps.DeleteFunc(known, func(_ string, v any) bool { return v == nil })
	p.known = known
	if c.OptOuts != nil {
		p.optOuts = map[string]bool{}
		for _, o := range *c.OptOuts {
			p.optOuts[o] = true
		}
	}
	for _, r := range w.liveOf(c.Profile) {
		w.feed(r, fact{kind: touched})
	}
}
