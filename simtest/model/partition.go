package model

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"slices"

	"nudge/channels"
	"nudge/engine"
)

// division is what the world of one partition knows of the installation.
type division struct {
	partition engine.Partition
	worlds    []*World // of all partitions, this one too
	owes      []engine.Owed
	owed      []uint64 // by partition: how many inputs it was owed so far
	seen      []uint64 // by sender: the last of its inputs that was taken
}

// Divide makes worlds those of the partitions of one installation.
func Divide(worlds []*World) {
	for i, w := range worlds {
		w.div = division{partition: engine.Partition{Number: i, Of: len(worlds)}, worlds: worlds,
			owed: make([]uint64, len(worlds)), seen: make([]uint64, len(worlds)+1)}
	}
}

// partitionOf is the partition of a name.
func (w *World) partitionOf(name string) int {
	sum := sha256.Sum256([]byte(name))
	return int(sum[0]) * w.div.partition.Of / 256
}

func (w *World) divided() bool { return w.div.partition.Of > 1 }

func (w *World) owns(name string) bool {
	return !w.divided() || w.partitionOf(name) == w.div.partition.Number
}

// common reports whether an input is a command that every partition takes.
func (w *World) common(in *engine.Input) bool {
	return in.Origin != nil && in.Origin.From == w.div.partition.Of
}

// comesFrom holds an input to the order of its sender.
func (w *World) comesFrom(in *engine.Input) {
	o := in.Origin
	if o == nil {
		return
	}
	if !w.divided() || o.Number != w.div.seen[o.From]+1 {
		w.fail("it is input %d of sender %d, after %d of them", o.Number, o.From, w.div.seen[o.From])
	}
	w.Reached["input of another partition: "+in.Kind().String()]++
	w.div.seen[o.From] = o.Number
}

// owe notes what another partition must take.
func (w *World) owe(to int, in *engine.Input) {
	if in.Depth > engine.MaxDepth {
		panic("model: an owed input has too many causes")
	}
	w.div.owes = append(w.div.owes, engine.Owed{To: to, Input: in})
}

// follows notes what must come next: here, or in the partition that it is about.
func (w *World) follows(in *engine.Input) {
	to := w.div.partition.Number
	switch p := in.Payload.(type) {
	case *engine.Call:
		to = w.partitionOf(p.Profile)
	case *engine.ChildEnded:
		to = int(p.Parent[9])
	}
	if w.divided() && to != w.div.partition.Number {
		w.owe(to, in)
		return
	}
	w.derived = append(w.derived, in)
}

// compareOwed holds what a batch owes other partitions against what must be owed.
func (w *World) compareOwed(b *engine.Batch) {
	want := w.div.owes
	w.div.owes = nil
	for i := range max(len(want), len(b.Owed)) {
		switch {
		case i >= len(b.Owed):
			w.fail("partition %d should be owed %s", want[i].To, show(want[i].Input))
		case i >= len(want):
			w.fail("partition %d is owed %s, which follows from nothing", b.Owed[i].To, show(b.Owed[i].Input))
		}
		got, to := *b.Owed[i].Input, b.Owed[i].To
		w.div.owed[to]++
		if o := got.Origin; o == nil || o.From != w.div.partition.Number || o.Number != w.div.owed[to] {
			w.fail("partition %d is owed its input %d as %+v", to, w.div.owed[to], o)
		}
		got.Origin = nil
		if to != want[i].To || !sameOwed(want[i].Input, &got) {
			w.fail("partition %d is owed\n got %s, want for %d\n%s", to, show(&got), want[i].To, show(want[i].Input))
		}
	}
}

// sameOwed is sameInput, which has nothing to say of what an event or a campaign brings along.
func sameOwed(a, b *engine.Input) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch p := a.Payload.(type) {
	case *engine.Snapshot:
		return samePart(p, b.Payload.(*engine.Snapshot))
	case *engine.CampaignControl:
		return sameSaid(p, b.Payload.(*engine.CampaignControl))
	case *engine.Event:
		return samePassed(p.Passed, b.Payload.(*engine.Event).Passed) && sameInput(a, b)
	}
	return sameInput(a, b)
}

func set(words []string) map[string]bool {
	all := map[string]bool{}
	for _, w := range words {
		all[w] = true
	}
	return all
}

// waits reports whether a flow starts runs by an event only after the partitions that have runs of a key: it gathers such events.
func (w *World) waits(f *Flow, event string) bool {
	return len(w.in.Elsewhere) > 0 && f.triggersOn(event) && f.collects(event)
}

// mayStart reports whether a flow may start runs by an event now.
func (w *World) mayStart(f *Flow, h *happening, p *engine.Passed, gathered map[string]bool) bool {
	if p != nil && p.Only != nil {
		return slices.Contains(p.Only, f.Name)
	}
	if gathered[f.Name] {
		return false
	}
	if p == nil {
		return !w.waits(f, h.event)
	}
	return !slices.Contains(p.Collected, f.Name) && (p.Via == nil || !slices.Contains(p.Later, f.Name))
}

// passOn is what other partitions must hear of an event: those with runs that it is about, and those of whom a trigger means. What
// gathers such events is asked in one partition after the other, and then the flows start that waited for it.
func (w *World) passOn(h *happening, p *engine.Passed, gathered map[string]bool) {
	var later, taken []string
	for _, f := range w.active {
		if gathered[f.Name] && f.triggersOn(h.event) {
			taken = append(taken, f.Name)
		} else if p == nil && w.waits(f, h.event) {
			later = append(later, f.Name)
		}
	}
	switch {
	case p == nil:
		w.passFirst(h, taken, later)
	case p.Later == nil:
	case p.Via != nil:
		w.tell(p.Via[0], h, &engine.Passed{ID: p.ID, Known: p.Known, Collected: slices.Concat(p.Collected, taken), Later: p.Later, Via: p.Via[1:]})
	default:
		w.passLast(h, p, taken)
	}
}

// passFirst is what others must hear of an event that came to this partition first.
func (w *World) passFirst(h *happening, taken, later []string) {
	id := w.in.ID
	if id == "" {
		id = w.firstRunID()
	}
	told, asked := w.toldOf(h.who), w.in.Elsewhere
	others := w.meant(h, func(f *Flow) bool { return !slices.Contains(later, f.Name) })
	if later != nil {
		w.Reached["starts that wait for other partitions"]++
		w.tell(asked[0], h, &engine.Passed{ID: id, Known: told, Collected: taken, Later: later, Via: asked[1:]})
	}
	for _, n := range asked {
		if others[n] = later == nil; later != nil {
			delete(others, n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(others)) {
		w.Reached["an event passed on"]++
		w.tell(n, h, &engine.Passed{ID: id, Known: told, Collected: slices.Concat(taken, later)})
	}
}

// passLast is what others must hear of an event that all partitions with runs of a key have had: whoever starts by it now.
func (w *World) passLast(h *happening, p *engine.Passed, taken []string) {
	var only []string
	for _, name := range p.Later {
		if w.activeNamed(name) != nil && !slices.Contains(p.Collected, name) && !slices.Contains(taken, name) {
			only = append(only, name)
		}
	}
	others := w.meant(h, func(f *Flow) bool { return slices.Contains(only, f.Name) })
	if h.who != "" && only != nil && !w.owns(h.who) {
		others[w.partitionOf(h.who)] = true
	}
	for _, n := range slices.Sorted(maps.Keys(others)) {
		w.Reached["starts that waited for other partitions"]++
		w.tell(n, h, &engine.Passed{ID: p.ID, Known: p.Known, Only: only})
	}
}

// meant are the other partitions of people whom the triggers of some flows mean.
func (w *World) meant(h *happening, by func(*Flow) bool) map[int]bool {
	others := map[int]bool{}
	for _, f := range w.active {
		for i := range f.triggers {
			t := &f.triggers[i]
			if by(f) && t.event == h.event && h.event != "" && t.schedule != nil {
				others[w.partitionOf(f.Name)] = true
			} else if by(f) && t.event == h.event && t.to != "" {
				people, _ := peopleOf(t, h)
				for _, who := range people {
					others[w.partitionOf(who)] = true
				}
			}
		}
	}
	delete(others, w.div.partition.Number)
	return others
}

func (w *World) tell(to int, h *happening, p *engine.Passed) {
	w.owe(to, &engine.Input{Depth: w.in.Depth, Payload: &engine.Event{Type: h.event, Profile: h.who, Data: json.RawMessage(h.raw), Passed: p}})
}

// toldOf is what other partitions are told of a person; nil for nothing.
func (w *World) toldOf(who string) *engine.Known {
	p := w.people[who]
	if who == "" || p == nil || len(p.known)+len(p.places) == 0 {
		return nil
	}
	told := &engine.Known{}
	if len(p.known) > 0 {
		told.Attributes = jsonOf(p.known)
	}
	for _, at := range p.places {
		told.Caps = append(told.Caps, engine.CapCount{Category: at.category, At: []engine.Instant{at.at}})
	}
	return told
}

// heardOf is a person of another partition, by what came with an event.
func heardOf(k *engine.Known) *person {
	p := &person{}
	if k == nil {
		return p
	}
	p.known, p.places = object(k.Attributes), placesOf(&engine.Person{Caps: k.Caps})
	for _, h := range k.Homes {
		p.homes = append(p.homes, home{h.Zone, h.Until})
	}
	return p
}

// namedBy is the person whom an event names, as far as it is known here.
func (w *World) namedBy(h *happening) *person {
	switch {
	case h.who == "" || w.owns(h.who):
		return w.personOf(h.who)
	case h.named != nil:
		return h.named
	}
	return &person{}
}

// knowsVersion reports whether the partition has heard of a version. What is only in one whose deploy is still to come is not looked for.
func (w *World) knowsVersion(f *Flow) bool {
	return w.versions[engine.FlowVersion{Flow: f.Name, Version: f.Version}] != nil
}

// looked holds what the loop has found out about other partitions against what they hold: an event must reach every run that it is
// about.
func (w *World) looked(in *engine.Input, h *happening) {
	if !w.divided() {
		return
	}
	for n, other := range w.div.worlds {
		if n == w.div.partition.Number || slices.Contains(in.Elsewhere, n) {
			continue
		}
		for _, f := range other.openFirings() {
			if _, some := f.hears(h); some && int(f.number>>48) == n && w.knowsVersion(f.flow) {
				w.fail("it is about campaign %s of partition %d, which is not among %v", f.id(), n, in.Elsewhere)
			}
		}
		for _, r := range other.order {
			if w.knowsVersion(r.flow) && h.who != r.profile && r.concerned(h) {
				w.fail("it is about run %s of partition %d, which is not among %v", r.id, n, in.Elsewhere)
			}
		}
	}
}

// handOn is a receipt whose message another partition has.
func (w *World) handOn(rc *channels.Receipt) {
	w.Reached["a receipt handed on"]++
	delete(w.orphans, rc.ProviderID)
	w.owe(w.in.Elsewhere[0], &engine.Input{Payload: &engine.Receipt{Receipt: *rc}})
}

// forgetAll lets the other partitions forget a person, too.
func (w *World) forgetAll(who string) {
	for to := range w.div.partition.Of {
		if to != w.div.partition.Number && w.in.Origin == nil {
			w.owe(to, &engine.Input{Depth: w.in.Depth, Payload: &engine.ProfileChange{Profile: who, Forget: true}})
		}
	}
}

// Seen is the number of the last input of a sender that was taken.
func (w *World) Seen(from int) uint64 { return w.div.seen[from] }

// Owed is how many inputs a partition was owed.
func (w *World) Owed(to int) uint64 { return w.div.owed[to] }

// all are the worlds of the installation.
func (w *World) all() []*World {
	if w.divided() {
		return w.div.worlds
	}
	return []*World{w}
}

// everywhere are the live runs of all partitions.
func (w *World) everywhere() []*Run {
	var all []*Run
	for _, other := range w.all() {
		all = append(all, other.order...)
	}
	return all
}
