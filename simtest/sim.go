package simtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"nudge/engine"
	"nudge/store/memory"
)

// Report is what one seed led to.
type Report struct {
	Seed    uint64
	Config  string
	Inputs  int            // applied
	Runs    int            // started
	Faults  int            // operations of the disk that failed, and deaths of the process
	Reached map[string]int // states, and how often
	Hash    uint64         // of all that was committed
	Err     error          // the rule that was broken
	moves   []move
	disk    *memory.KV // as it was left
}

// calmFor is how long the world goes on after its last fault.
const calmFor = 48 * time.Hour

// Run plays the history of a seed: some hours of faults, then as long without
// any as it takes for everything to come to its end.
func Run(seed uint64, hours int) *Report { return RunOver(seed, hours, 1) }

// RunOver plays the history of a seed in an installation that is divided into partitions, each with a disk and a process of its
// own. Backups are for one partition.
func RunOver(seed uint64, hours, partitions int) *Report { return run(seed, hours, partitions, false) }

// RunNodes plays the history of a seed in an installation that several nodes have together: they come and go, stand still, and do
// not reach the database, and partitions move between them.
func RunNodes(seed uint64, hours, partitions int) *Report { return run(seed, hours, partitions, true) }

func run(seed uint64, hours, partitions int, apart bool) *Report {
	dice := rand.New(rand.NewPCG(seed, 0x6e75646765))
	w := &world{config: drawConfig(dice), dice: dice, authors: &author{dice: dice, rarer: ownDice(seed, rarerKey), broken: ownDice(seed, brokenKey), talks: ownDice(seed, talksKey), times: ownDice(seed, timesKey)},
		turns: map[string][]turn{}, heralds: map[herald]int{}}
	w.divide(seed, partitions)
	w.authors.waits, w.authors.hours = waitsDice(seed), ownDice(seed, hoursKey)
	w.authors.crowds, w.authors.dos = ownDice(seed, crowdsKey), dosDice(seed)
	if w.oracle = oracleOf(seed); w.oracle != nil {
		w.lanes = w.oracle.traits(w.lanes)
	}
	if name := exampleOf(seed); name != "" {
		w.useExample(name)
	}
	w.now, w.authors.begin, w.shelf.service.dice = w.begin, w.begin, w.authors.rarer
	for range w.people {
		w.reads = append(w.reads, traits{reads: dice.Float64(), replies: dice.Float64() * 0.6, robot: dice.IntN(4) == 0})
	}
	w.proposals = proposalsDice(seed)
	if apart {
		w.meet(seed)
	} else {
		w.each(w.boot)
	}
	w.deploy()
	w.clients()
	if dice.IntN(8) == 0 {
		w.later(w.between(time.Hour, 20*time.Hour), w.flood)
	}
	w.operate()
	w.notes(seed)
	w.retries(seed)
	if w.apart == nil {
		w.keepBackups()
	}
	w.weather()
	w.damages = damageDice(seed)
	w.decay()
	err := w.live(time.Duration(hours) * time.Hour)
	if err == nil {
		err = w.checkAll()
	}
	if err == nil && !w.endless() {
		err = w.conclude()
	}
	w.process = w.parts[0]
	r := &Report{Seed: seed, Config: w.config.String(), Inputs: w.taken(), Runs: len(w.names), Reached: w.reached,
		Hash: w.trace.Sum64(), Err: err, moves: w.moves, disk: w.disk.KV}
	for _, p := range w.parts {
		for state, n := range p.model.Reached {
			r.Reached[state] += n
		}
	}
	if w.endless() {
		r.Reached["judged up to a point, as there is no end"]++
	}
	return r
}

// conclude ends a history of which nothing broke a rule.
func (w *world) conclude() error {
	if w.fleet != nil && w.fleet.dice.IntN(4) == 0 {
		return w.fleet.failOver()
	}
	return w.settleDown()
}

// weather sets the clock now and then, and lets people move.
func (w *world) weather() {
	if w.calm {
		w.skew = max(w.skew, 0)
		return
	}
	w.later(w.between(0, 6*time.Hour), w.weather)
	switch {
	case w.chance(clockSteps, 0.5):
		w.skew += w.between(-2*time.Minute, 2*time.Minute)
		w.reached["clock set"]++
	case w.chance(clockSteps, 0.05):
		w.skew += w.between(time.Hour, 26*time.Hour)
		w.reached["clock far ahead"]++
	default:
		w.skew += w.between(-50*time.Millisecond, 50*time.Millisecond) // drift
	}
	w.each(func() { w.wake(0) })
}

// settleDown is the phase in which nothing fails any more: whatever was begun must
// come to its end (I13).
func (w *world) settleDown() error {
	w.calm = true
	w.reached["settled"]++
	off := false
	for _, at := range []time.Duration{0, calmFor / 2} { // an older command may still be under way at first
		w.later(at, func() {
			w.control(engine.Control{Outbound: engine.OutboundLive, Kill: &off})
			w.each(func() {
				for _, number := range w.model.Held() {
					w.resume(number)
				}
			})
		})
	}
	if err := w.live(calmFor); err != nil {
		return err
	}
	if w.endless() {
		return w.checkAll()
	}
	// What is on its way at this very moment has another hour. A loop may send at both ends of it.
	if w.apart != nil {
		w.apart.before = w.owedNow()
	}
	before := make([]unsettled, len(w.parts))
	for i, p := range w.parts {
		w.with(p, func() { before[i] = w.unsettled() })
	}
	if err := w.live(time.Hour); err != nil {
		return err
	}
	if w.endless() {
		return w.checkAll()
	}
	for i, p := range w.parts {
		var err error
		if w.with(p, func() { err = w.settledSince(&before[i]) }); err != nil {
			return err
		}
	}
	return w.checkAll()
}

// checkAll reads all that the stores hold.
func (w *world) checkAll() (err error) {
	w.each(func() {
		if err == nil {
			err = w.check()
		}
	})
	if err == nil && w.apart != nil && w.apart.before != nil && !w.endless() {
		err = w.checkHanded()
	}
	return err
}

// unsettled is what was on its way at a moment.
type unsettled struct {
	lives     map[engine.RunID]string
	campaigns []string
}

func (w *world) unsettled() unsettled {
	u := unsettled{map[engine.RunID]string{}, w.model.Unwalked()}
	for _, id := range w.model.Unsettled() {
		u.lives[id] = w.lifeOf(id)
	}
	return u
}

// settledSince says what has not come to its end in the hour since.
func (w *world) settledSince(before *unsettled) error {
	for _, id := range w.model.Unsettled() {
		life := w.lifeOf(id)
		if was, known := before.lives[id]; known && was == life {
			return broken("I13", "run %s stands where nothing can wake it%s", id, life)
		}
	}
	for _, id := range w.model.Unwalked() {
		if slices.Contains(before.campaigns, id) {
			return broken("I13", "campaign %s does not come to the end of its rows", id)
		}
	}
	switch {
	case w.loop == nil:
		return broken("I13", "no process after %s without a fault", calmFor)
	case w.model.Surveying():
		return broken("I13", "the survey after a long stop does not come to its end")
	case w.model.Following() > 0:
		return broken("I13", "%d inputs that follow from others were never applied", w.model.Following())
	}
	if d := w.model.Deadline(); d != 0 && d.Time().Before(w.clock().Add(-time.Minute)) {
		return broken("I13", "a timer that was due at %s has not fired by %s", d, w.clock())
	}
	return nil
}

// String is the seed and how it went, in a line.
func (r *Report) String() string {
	return fmt.Sprintf("seed %d: %d inputs, %d runs, %x", r.Seed, r.Inputs, r.Runs, r.Hash)
}
