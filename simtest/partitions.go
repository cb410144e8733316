package simtest

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/simtest/model"
	"nudge/store"
)

// apart is what a world of several partitions has besides them.
type apart struct {
	dice    *rand.Rand
	slow    float64 // handovers that come late
	lost    float64 // handovers, and what is said of them, that never come
	doubled float64 // handovers that come again
	log     *commandLog
	offers  []map[int]bool // by partition: to whom a handover is on its way
	told    []uint64       // by partition: common commands that its process has heard of
	pending []*order
	before  [][]uint64 // by partition, by receiver: what was owed an hour before the end
}

// commandLog is the common commands, in the one order in which every partition takes them. It outlives all processes.
type commandLog struct {
	all     []*engine.Input
	stopped bool // a kill switch was answered, and nobody has asked for its end since
}

// killing reports what a common command says of the kill switch; nil for nothing.
func killing(in *engine.Input) *bool {
	if c, ok := in.Payload.(*engine.Control); ok {
		return c.Kill
	}
	return nil
}

// order is a common command that is not answered yet.
type order struct {
	number  uint64
	command *engine.Input
	answers []engine.Answer // of the first partition that took it
	told    func([]engine.Answer)
}

// others is what a machine knows of those beside it.
type others struct {
	all      []*machine
	commands *commandLog
	tail     *tail
}

// blind reports whether the judges of what was committed have nothing to go by any more.
func (m *machine) blind() bool { return m.others != nil && m.others.tail.lost }

const apartKey = 7731

// divide makes the processes of a world.
func (w *world) divide(seed uint64, n int) {
	if n == 1 {
		w.process = &process{machine: newMachine()}
		w.parts = []*process{w.process}
		return
	}
	dice := rand.New(rand.NewPCG(seed, apartKey))
	w.apart = &apart{dice: dice, slow: dice.Float64() / 4, lost: dice.Float64() / 4, doubled: dice.Float64() / 4, log: &commandLog{}}
	for _, m := range newMachines(n, w.apart.log) {
		w.parts = append(w.parts, &process{machine: m})
		w.apart.offers, w.apart.told = append(w.apart.offers, map[int]bool{}), append(w.apart.told, 0)
	}
	w.process = w.parts[0]
	w.parts[0].shelf.over = n
}

// newMachines returns the machines of an installation, which share what the judges know of all.
func newMachines(n int, commands *commandLog) (all []*machine) {
	var worlds []*model.World
	for i := range n {
		m := newMachineOf(engine.Partition{Number: i, Of: n})
		if i > 0 {
			one := all[0]
			m.reached, m.trace, m.versions, m.shelf = one.reached, one.trace, one.versions, one.shelf
			m.posted, m.ledger, m.names, m.counts, m.ids, m.campaigns = one.posted, one.ledger, one.names, one.counts, one.ids, one.campaigns
		}
		all, worlds = append(all, m), append(worlds, m.model)
	}
	model.Divide(worlds)
	lost := &tail{noticed: map[int]bool{}}
	for _, m := range all {
		m.others = &others{all: all, commands: commands, tail: lost}
	}
	return all
}

// join makes the process of a partition one of several.
func (m *machine) join() error {
	if err := m.loop.UsePeers(peers{m}); err != nil {
		return err
	}
	m.loop.Obey(m.commandsUpTo(uint64(len(m.others.commands.all))))
	return nil
}

// commandsUpTo are the common commands that the partition has not taken, up to a number.
func (m *machine) commandsUpTo(number uint64) *runner.Handover {
	state := &m.loop.Core().State
	h := &runner.Handover{Store: state.Installation, From: m.part.Commands()}
	for _, in := range m.others.commands.all[min(state.SeenOf(h.From), number):number] {
		c := *in
		h.Inputs = append(h.Inputs, &c)
	}
	return h
}

// checkStopped holds that no partition claims a message once a kill switch was answered (I3).
func (m *machine) checkStopped(b *engine.Batch) error {
	if m.others == nil || !m.others.commands.stopped {
		return nil
	}
	for _, c := range b.Changes {
		for i := range c.After.Messages {
			x := &c.After.Messages[i]
			if x.Status != engine.Claimed {
				continue
			}
			if c.Before == nil || c.Before.Message(x.Number) == nil || c.Before.Message(x.Number).Status != engine.Claimed {
				return broken("I3", "partition %d claims message %d of run %s after the kill switch was answered", m.part.Number, x.Number, c.After.ID)
			}
		}
	}
	return nil
}

// peers looks into the disks of the other partitions, whether or not a process has them.
type peers struct{ m *machine }

var _ runner.Peers = peers{}

func (p peers) WithKeys(keys []engine.FlowKey) ([][]int, error) {
	found := make([][]int, len(keys))
	return found, p.each(func(n int, s *store.Store) error {
		one, err := store.WithKeys([]*store.Store{s}, keys)
		note(found, one, n)
		return err
	})
}

func (p peers) HasFiring(in int, k engine.FlowKey) (bool, error) {
	s, err := store.Open(p.m.others.all[in].disk.KV)
	if err != nil {
		return false, err
	}
	return s.HasFiring(k)
}

func (p peers) WithMessages(ids []string) ([][]int, error) {
	found := make([][]int, len(ids))
	return found, p.each(func(n int, s *store.Store) error {
		one, err := store.WithMessages([]*store.Store{s}, ids)
		note(found, one, n)
		return err
	})
}

// note notes where something was found.
func note(found, here [][]int, partition int) {
	for i := range here {
		if len(here[i]) > 0 {
			found[i] = append(found[i], partition)
		}
	}
}

func (p peers) VersionsInUse() ([]engine.FlowVersion, error) {
	return p.versions((*store.Store).VersionsInUse)
}

func (p peers) VersionsNeeded(since engine.Instant) ([]engine.FlowVersion, error) {
	return p.versions(func(s *store.Store) ([]engine.FlowVersion, error) { return s.VersionsNeeded(since) })
}

func (p peers) versions(of func(*store.Store) ([]engine.FlowVersion, error)) (all []engine.FlowVersion, err error) {
	err = p.each(func(_ int, s *store.Store) error {
		some, err := of(s)
		all = append(all, some...)
		return err
	})
	return all, err
}

func (p peers) Commands() (least uint64, err error) {
	least = uint64(len(p.m.others.commands.all))
	err = p.each(func(_ int, s *store.Store) error {
		state, err := s.State()
		least = min(least, state.SeenOf(p.m.part.Commands()))
		return err
	})
	return least, err
}

func (p peers) Taken(by int) (uint64, error) {
	s, err := store.Open(p.m.others.all[by].disk.KV)
	if err != nil {
		return 0, err
	}
	state, err := s.State()
	return state.SeenOf(p.m.part.Number), err
}

func (p peers) each(look func(n int, s *store.Store) error) error {
	for n, m := range p.m.others.all {
		if m == p.m {
			continue
		}
		s, err := store.Open(m.disk.KV)
		if err == nil {
			err = look(n, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// everybodyIn are the people of all partitions, in the order in which a store of all of them would list them.
type everybodyIn struct{ *others }

func (e everybodyIn) People(visit func(*engine.Person) bool) error {
	var all []*engine.Person
	for _, m := range e.all {
		s, err := store.Open(m.disk.KV)
		if err == nil {
			err = s.People(func(p *engine.Person) bool { all = append(all, p); return true })
		}
		if err != nil {
			return err
		}
	}
	slices.SortFunc(all, func(a, b *engine.Person) int {
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	for _, p := range all {
		if !visit(p) {
			return nil
		}
	}
	return nil
}

// sendApart brings inputs to their partitions. Of an array each takes its own events.
func (w *world) sendApart(d *delivery) {
	parts := map[int][]int{}
	for i, in := range d.inputs {
		r := engine.RouteOf(in, len(w.parts))
		if r.Each {
			w.command(d)
			return
		}
		parts[r.Partition] = append(parts[r.Partition], i)
	}
	if len(parts) == 1 {
		for n := range parts {
			w.with(w.parts[n], func() { w.deliver(d) })
		}
		return
	}
	w.reached["an array for several partitions"]++
	answers, left, lost := make([]engine.Answer, len(d.inputs)), len(parts), false
	for n := range w.parts {
		if parts[n] == nil {
			continue
		}
		piece := &delivery{frees: d.frees, account: d.account, owed: d.owed}
		for _, i := range parts[n] {
			piece.inputs = append(piece.inputs, d.inputs[i])
		}
		piece.told = func(got []engine.Answer) {
			for i, at := range parts[n] {
				if got != nil {
					answers[at] = got[i]
				}
			}
			lost = lost || got == nil
			if left--; left > 0 || d.told == nil {
				return
			}
			if lost {
				answers = nil
			}
			d.told(answers)
		}
		w.with(w.parts[n], func() { w.deliver(piece) })
	}
}

// command puts a common command into the log. From then on it is certain.
func (w *world) command(d *delivery) {
	if w.fleet != nil && !w.fleet.takesCommands() {
		d.told(nil)
		return
	}
	in := *d.inputs[0]
	in.ID = ""
	number := uint64(len(w.apart.log.all) + 1)
	in.Origin = &engine.Origin{From: len(w.parts), Number: number}
	w.apart.log.all = append(w.apart.log.all, &in)
	w.apart.pending = append(w.apart.pending, &order{number: number, command: &in, told: d.told})
	if kill := killing(&in); kill != nil && !*kill {
		w.apart.log.stopped = false
	}
	for n, p := range w.parts {
		w.with(p, func() { w.later(w.handing()+w.fleet.lag(), func() { w.hear(n, number) }) })
	}
}

// hear lets the process of a partition know of common commands.
func (w *world) hear(n int, number uint64) {
	w.apart.told[n] = max(w.apart.told[n], number)
	if w.loop != nil {
		w.wake(0)
	}
}

// commandsDue are the groups of the common commands that the process in hand has heard of.
func (w *world) commandsDue() []*runner.Group {
	groups, err := w.loop.Take(w.commandsUpTo(w.apart.told[w.part.Number]))
	if err != nil {
		w.gap(err, broken("I1", "a common command cannot be taken: %v", err))
	}
	return groups
}

// obeyed notes what a step made of common commands, and answers those that no process can act against any more: each has taken
// it, or takes it before anything else.
func (w *world) obeyed(groups []*runner.Group) {
	for _, g := range groups {
		if o := g.Inputs[0].Origin; o != nil && o.From == len(w.parts) {
			for _, x := range w.apart.pending {
				if x.number == o.Number && x.answers == nil {
					x.answers = g.Answers
				}
			}
		}
	}
	for len(w.apart.pending) > 0 {
		x := w.apart.pending[0]
		if slices.ContainsFunc(w.parts, func(p *process) bool {
			return p.loop != nil && p.loop.Core().State.SeenOf(len(w.parts)) < x.number
		}) {
			return
		}
		w.apart.pending = w.apart.pending[1:]
		lifted := slices.ContainsFunc(w.apart.log.all[x.number:], func(in *engine.Input) bool { return killing(in) != nil && !*killing(in) })
		if kill := killing(x.command); kill != nil && *kill && !lifted {
			w.apart.log.stopped = true
			w.reached["a kill switch over several partitions"]++
		}
		if x.answers == nil {
			x.answers = []engine.Answer{{}}
		}
		if x.told != nil {
			x.told(x.answers)
		}
	}
}

// joined is what follows from the start of a process.
func (w *world) joined() {
	n := w.part.Number
	w.apart.told[n] = uint64(len(w.apart.log.all))
	w.apart.offers[n] = map[int]bool{}
	w.obeyed(nil)
	w.offer()
}

// handing is how long something takes between two partitions.
func (w *world) handing() time.Duration {
	a := w.apart
	most := time.Second
	if !w.calm && a.dice.Float64() < a.slow {
		most = pick(a.dice, time.Minute, time.Hour, 5*time.Hour)
	}
	return time.Duration(a.dice.Int64N(int64(most)))
}

// strikesApart reports whether something between two partitions goes wrong that does so often.
func (w *world) strikesApart(rate float64) bool { return !w.calm && w.apart.dice.Float64() < rate }

// offer begins a handover to each partition that the one in hand owes something.
func (w *world) offer() {
	for to := range w.parts {
		offers := w.apart.offers[w.part.Number]
		if offers[to] || w.loop.Core().Backlog(to) == 0 {
			continue
		}
		offers[to] = true
		w.handOver(to, w.handing())
	}
}

// handOver hands over what is owed after a while, if the process still lives: the next one does it anew.
func (w *world) handOver(to int, in time.Duration) {
	life := w.life
	w.onItsNode(in, func() {
		if life != w.life || w.loop == nil {
			return
		}
		h, err := w.loop.Handover(to, 1+w.apart.dice.IntN(20))
		switch {
		case h == nil && w.blind():
			return // it does not know yet that its last commits are lost
		case err != nil:
			w.err = broken("I1", "what is owed to partition %d cannot be read: %v", to, err)
			return
		case h == nil:
			w.err = broken("I1", "partition %d owes %d inputs to %d, and has none of them", w.part.Number, w.loop.Core().Backlog(to), to)
			return
		}
		if w.strikesApart(w.apart.lost) {
			w.reached["a handover lost"]++
			w.handOver(to, w.handing()+10*time.Second)
			return
		}
		w.reach(to, h)
		if w.strikesApart(w.apart.doubled) {
			w.reached["a handover doubled"]++
			again := func() {
				w.with(w.parts[to], func() { w.enqueue(&delivery{handed: copyOf(h), told: func([]engine.Answer) {}}) })
			}
			if again(); w.apart.dice.IntN(2) == 0 { // at once, and once more much later
				w.later(w.handing(), again)
			}
		}
	})
}

// reach brings a handover to its receiver, and what came of it back to the sender.
func (w *world) reach(to int, h *runner.Handover) {
	from, life := w.process, w.life
	w.with(w.parts[to], func() {
		w.enqueue(&delivery{handed: h, told: func(answers []engine.Answer) {
			taken := uint64(0)
			if answers != nil {
				taken = w.parts[to].loop.Core().State.SeenOf(h.From)
			}
			w.with(from, func() { w.handed(to, life, taken) })
		}})
	})
}

// handed tells the sender how a handover went: up to where the receiver has taken what it was owed; 0 for nobody knows.
func (w *world) handed(to, life int, taken uint64) {
	if taken == 0 || w.strikesApart(w.apart.lost) {
		if life == w.life && w.loop != nil {
			w.handOver(to, w.handing()+10*time.Second)
		}
		return
	}
	w.onItsNode(w.handing(), func() {
		if life != w.life || w.loop == nil {
			return
		}
		if err := w.loop.Delivered(to, taken); err != nil {
			w.gap(err, broken("I1", "%v", err))
			return
		}
		w.reached["handed over"]++
		w.apart.offers[w.part.Number][to] = false
		w.offer()
	})
}

// handedGroups are the groups of a handover. One that comes before commands which its sender had applied waits for those.
func (w *world) handedGroups(d *delivery) []*runner.Group {
	groups, err := w.loop.Take(d.handed)
	switch {
	case errors.Is(err, runner.ErrBehind):
		w.reached["a handover before a common command"]++
		w.hear(w.part.Number, d.handed.Commands)
		return nil // its sender tries again
	case err != nil:
		w.gap(err, broken("I1", "partition %d cannot take what %d hands over: %v", w.part.Number, d.handed.From, err))
		return nil
	}
	return groups
}

func copyOf(h *runner.Handover) *runner.Handover {
	c := *h
	c.Inputs = nil
	for _, in := range h.Inputs {
		again := *in
		c.Inputs = append(c.Inputs, &again)
	}
	return &c
}

// owedNow are the numbers of what each partition has owed each so far.
func (w *world) owedNow() (all [][]uint64) {
	for _, from := range w.parts {
		var owed []uint64
		for to := range w.parts {
			owed = append(owed, from.model.Owed(to))
		}
		all = append(all, owed)
	}
	return all
}

// underWay reports whether something is owed that was not taken.
func (w *world) underWay() bool {
	for from, owed := range w.owedNow() {
		for to, n := range owed {
			if n > w.parts[to].model.Seen(from) {
				return true
			}
		}
	}
	return false
}

// checkHanded holds that nothing that was owed an hour ago is left once nothing fails any more.
func (w *world) checkHanded() error {
	for _, from := range w.parts {
		for to, p := range w.parts {
			if owed, seen := w.apart.before[from.part.Number][to], p.model.Seen(from.part.Number); owed > seen {
				return broken("I1", "partition %d was owed %d inputs by %d, and has taken %d", to, owed, from.part.Number, seen)
			}
		}
		if seen := from.model.Seen(len(w.parts)); seen != uint64(len(w.apart.log.all)) {
			return broken("I1", "partition %d has taken %d common commands of %d", from.part.Number, seen, len(w.apart.log.all))
		}
	}
	return w.checkSums()
}

// checkSums holds that the people of a campaign of which all rows are taken add up to its audience, over all partitions (I9).
func (w *world) checkSums() error {
	taken, total, live, busy := map[uint64]int{}, map[uint64]int{}, map[uint64]int{}, map[uint64]int{}
	for _, p := range w.parts {
		s, err := store.Open(p.disk.KV)
		if err != nil {
			return broken("I8", "%v", err)
		}
		all, err := s.ListCampaigns("", 0, 1<<20)
		if err != nil {
			return broken("I8", "%v", err)
		}
		for _, c := range all {
			for _, left := range c.Excluded {
				taken[c.Number] += left.Rows
			}
			for _, n := range c.Tally.Standings {
				taken[c.Number] += int(n)
			}
			live[c.Number] += c.Live
			if len(c.Dealt) > 0 && c.Status == engine.Walked {
				total[c.Number], busy[c.Number] = c.Total, len(c.Busy)
			}
		}
	}
	for number, rows := range total {
		w.reached["a campaign that adds up over partitions"]++
		if taken[number] != rows {
			return broken("I9", "of %d rows of campaign %d are accounted for %d", rows, number, taken[number])
		}
		if live[number] == 0 && busy[number] > 0 && !w.underWay() {
			return broken("I9", "campaign %d has no live runs, and %d partitions count as busy with it", number, busy[number])
		}
	}
	return nil
}
