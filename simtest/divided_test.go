package simtest

import (
	"bytes"
	"container/heap"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/whatif/replay"
)

// TestDivided holds that a division into partitions changes nothing for anybody: with the same flows and the same inputs, each
// given after the last was answered and handed over, each person gets the same from 1, 2 and 16 partitions: runs, messages,
// instants, outcomes. At least a third of the inputs concern several of 16 partitions. Between people there is no order but cause
// and effect, so a history is given up at an instant at which several people's timers or answers come, or their runs start, and it
// matters which is first.
func TestDivided(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	n := max(8, *seeds/4)
	if testing.Short() {
		n = 4
	}
	inputs, several, whole, campaigns := 0, 0, 0, 0
	answered := map[string]int{}
	for seed := range uint64(n) {
		project, script := scriptOf(seed)
		one := playDivided(t, 1, project, script)
		same, told, said := true, one.told(), one.finished()
		for _, over := range []int{2, 16} {
			parts := playDivided(t, over, project, script)
			if campaigns += parts.parts[0].reached["input rows"]; over == 16 {
				inputs, several = inputs+parts.inputs, several+parts.several
			}
			parts.replay()
			at, what := difference(told, parts.told())
			switch {
			case what == "":
				parts.finished().compare(t, said, answered)
			case len(one.moved(at)) > 1:
				same = false
			default:
				t.Fatalf("seed %d over %d partitions: %s", seed, over, what)
			}
		}
		if same {
			whole++
		}
	}
	t.Logf("%d histories of %d to their end; %d inputs, %d of them concern several partitions of 16; %d times rows of campaigns", whole, n, inputs, several, campaigns)
	checkAnswered(t, answered)
	if campaigns == 0 {
		t.Error("no campaign took rows")
	}
	if 3*several < inputs {
		t.Errorf("of %d inputs only %d concern several partitions", inputs, several)
	}
	if 4*whole < 3*n {
		t.Errorf("only %d histories of %d came to their end", whole, n)
	}
}

// gotten is something that a person got, and when.
type gotten struct {
	at   engine.Instant
	what string
}

// difference is the first thing that only one of two histories has, and when; empty for none.
func difference(a, b map[gotten]int) (first engine.Instant, what string) {
	for i, pair := range [][2]map[gotten]int{{a, b}, {b, a}} {
		for g, n := range pair[0] {
			if n > pair[1][g] && (what == "" || g.at < first || g.at == first && g.what < what) {
				first, what = g.at, fmt.Sprintf("%d partitions more often: %s  %s", i, g.at, g.what)
			}
		}
	}
	return first, what
}

// scripted is an input, and how long after the one before it comes.
type scripted struct {
	after time.Duration
	in    *engine.Input
}

// spreads are over how long the messages of a category go out. That is drawn by the run, which has another ID in every installation.
var spreads = regexp.MustCompile(`,? *spread: \w+`)

// rates are those of campaigns.
var rates = regexp.MustCompile(`, rate: \d+/[smh]`)

var triggerLine = regexp.MustCompile(`(?m)^trigger: .*\}$`)

// scriptOf is a project of the simulator's author, and what its clients have to say.
func scriptOf(seed uint64) (*flows.Project, []scripted) {
	dice := rand.New(rand.NewPCG(seed, 0xd1f1ded))
	w := &world{process: &process{machine: newMachine()}, config: drawConfig(dice), dice: dice,
		authors: &author{dice: dice, rarer: ownDice(seed, rarerKey), broken: ownDice(seed, brokenKey), talks: ownDice(seed, talksKey), times: ownDice(seed, timesKey)}}
	w.people, w.now, w.authors.begin = len(everybody), w.begin, w.begin
	w.authors.waits, w.authors.hours, w.authors.dos = waitsDice(seed), ownDice(seed, hoursKey), dosDice(seed)
	w.authors.crowds = ownDice(seed, crowdsKey)
	w.authors.edition()
	files := fstest.MapFS{}
	for name, f := range w.authors.files {
		files[name] = &fstest.MapFile{Data: f.Data}
	}
	settings := spreads.ReplaceAllString(string(files["nudge.yaml"].Data), "")
	for _, category := range []string{"orders", "news"} {
		settings = regexp.MustCompile(`(?m)^(  `+category+`: \{ )(.*\S)? *\}$`).ReplaceAllString(settings, "${1}${2}, spread: 0s }")
		settings = strings.Replace(settings, category+": { , spread", category+": { spread", 1)
	}
	files["nudge.yaml"].Data = []byte(settings)
	for _, f := range files { // a rate is that of all, and its order is between people
		f.Data = rates.ReplaceAll(f.Data, nil)
	}
	two := string(files["flows/two.yaml"].Data) // one flow sends to others for certain
	if trigger := triggerLine.FindString(two); !strings.Contains(trigger, "to:") {
		two = strings.Replace(two, trigger, strings.TrimSuffix(trigger, " }")+`, to: '[event.id, "bob"]' }`, 1)
	}
	files["flows/two.yaml"].Data = []byte(two)
	project, list := flows.Load(files)
	if list.HasErrors() {
		panic(list)
	}
	var script []scripted
	for range 80 {
		in := w.happening()
		for _, ok := in.Payload.(*engine.Event); !ok && dice.IntN(3) > 0; _, ok = in.Payload.(*engine.Event) {
			in = w.event()
		}
		if ev, ok := in.Payload.(*engine.Event); ok { // fewer keys, which more people have
			if types := crossing(project); len(types) > 0 && dice.IntN(4) > 0 {
				ev.Type = pick(dice, types...)
			}
			ev.Data = []byte(strings.NewReplacer("O2", "O0", "O3", "O1", "O4", "O1").Replace(string(ev.Data)))
		}
		if in.ID != "" {
			in.ID = w.unique("input") // one that comes twice is one input for one person, and two for two
		}
		script = append(script, scripted{w.between(0, 40*time.Minute), in})
		w.now = w.now.Add(script[len(script)-1].after)
	}
	return project, script
}

// crossing are the types of events by which flows find runs by a key, or send to others than those whom an event names.
func crossing(project *flows.Project) (types []string) {
	for _, f := range project.Flows {
		for _, event := range []string{"order", "back", "gone", "arrived", "ping"} {
			use := f.Listens(event)
			if use == nil {
				continue
			}
			keyed := slices.ContainsFunc(slices.Concat(use.Exits, use.Waits, use.Untils), func(l *flows.Line) bool { return l.Key != nil }) ||
				slices.ContainsFunc(use.Collects, func(c *flows.Collect) bool { return c.Key != nil })
			sends := slices.ContainsFunc(use.Triggers, func(i int) bool { return f.Triggers[i].To != nil })
			if keyed || sends {
				types = append(types, event)
			}
		}
	}
	return types
}

// divided is an installation of some partitions that is driven from input to input. Nothing fails in it.
type divided struct {
	t       *testing.T
	parts   []*machine
	next    []engine.Instant
	again   []bool
	agenda  actions
	serial  int
	now     time.Time
	log     *commandLog
	inputs  int           // from outside
	several int           // of them that concerned several partitions
	owing   int           // inputs that were owed
	unseen  map[line]bool // events that a flow is said not to have seen

	bare      bool // the store was moved, and the second reading does not know what was before
	moves     int
	movedLive int // live runs that were moved
}

// lanesOfDivided are its accounts.
var lanesOfDivided = []runner.AccountSettings{{Account: "main", Places: 64}, {Account: "second", Places: 64}}

func playDivided(t *testing.T, n int, project *flows.Project, script []scripted) *divided {
	t.Helper()
	d := begin(t, n, project)
	for _, s := range script {
		d.pass(d.now.Add(s.after))
		d.say(s)
	}
	d.pass(d.now.Add(10 * 24 * time.Hour))
	for _, m := range d.parts {
		if err := m.check(); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// begin starts an installation and deploys a project.
func begin(t *testing.T, n int, project *flows.Project) *divided {
	t.Helper()
	d := &divided{t: t, log: &commandLog{}, now: beginning}
	if n == 1 {
		d.parts = []*machine{newMachine()}
	} else {
		d.parts = newMachines(n, d.log)
		d.parts[0].shelf.over = n
	}
	d.next, d.again = make([]engine.Instant, n), make([]bool, n)
	for p, m := range d.parts {
		step, err := m.start(d.now, lanesOfDivided, fault{})
		d.took(p, step, err)
		m.loop.Tell(watchers)
	}
	deploy := &engine.Deploy{Marks: searchMarks}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	d.give(&engine.Input{By: byOps, Payload: deploy})
	return d
}

// say brings an input of the script.
func (d *divided) say(s scripted) {
	d.t.Helper()
	in := *s.in
	if in.Kind() != engine.InputEvent {
		in.By = byOps
	}
	was := d.owing
	d.give(&in)
	if d.inputs++; d.owing > was {
		d.several++
	}
}

// give brings an input where it belongs, and lets everything follow from it that follows at once.
func (d *divided) give(in *engine.Input) {
	r := engine.RouteOf(in, len(d.parts))
	if !r.Each || len(d.parts) == 1 {
		d.step(d.home(r), []*runner.Group{{Inputs: []*engine.Input{in}}})
		d.settle()
		return
	}
	in.Origin = &engine.Origin{From: len(d.parts), Number: uint64(len(d.log.all) + 1)}
	d.log.all = append(d.log.all, in)
	for p, m := range d.parts {
		groups, err := m.loop.Take(m.commandsUpTo(uint64(len(d.log.all))))
		if err != nil {
			d.t.Fatal(err)
		}
		d.step(p, groups)
	}
	d.settle()
}

// home is the partition of an input: of one about a run that was moved, that which has it.
func (d *divided) home(r engine.Route) int {
	for p, m := range d.parts {
		if m.loop.Core().State.Moved(r.Run) && r.Run != (engine.RunID{}) {
			has, err := m.store.HasRun(r.Run)
			if d.do(err); has {
				return p
			}
		}
	}
	return r.Partition
}

func (d *divided) step(p int, groups []*runner.Group) {
	before := d.owed(p)
	do := func() (*runner.Step, error) { return d.parts[p].step(d.now, groups, fault{}) }
	if d.bare {
		do = func() (*runner.Step, error) { return d.parts[p].loop.Step(d.now, groups) }
	}
	step, err := do()
	d.took(p, step, err)
	d.owing += d.owed(p) - before
}

// owed is how many inputs a partition was owed by one so far, in all.
func (d *divided) owed(p int) (n int) {
	for _, sent := range d.parts[p].loop.Core().State.Owed {
		n += int(sent)
	}
	return n
}

// took carries out what a step led to. The provider takes everything, and what it reports depends only on the message.
func (d *divided) took(p int, step *runner.Step, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
	d.next[p], d.again[p] = step.Next, step.Again
	for _, post := range step.Posts {
		d.post(post, d.parts[p].names[post.Run])
	}
	for _, f := range step.Freezes {
		d.parts[p].shelf.service.dice = diceOf(f.Flow.Name, " ", f.At) // it lists the same people for the same campaign
		frozen, err := d.parts[p].shelf.Freeze(d.t.Context(), f)
		if err != nil {
			d.t.Fatal(err)
		}
		d.later(time.Second, &engine.Input{Payload: frozen})
	}
	for _, f := range step.Fetches {
		result := &engine.FetchResult{Run: f.Run, Step: f.Step, Attempt: f.Attempt, Status: 200, JSON: []byte(`{"n":7,"visits":412,"orders":9,"note":"four"}`)}
		d.later(5*time.Second, &engine.Input{Payload: result})
	}
}

// diceOf is a dice that is the same wherever the same happens.
func diceOf(what ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, what...)
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// post answers a message, whatever else there is: by whom it is for, and by its run.
func (d *divided) post(p engine.Post, of runName) {
	id := fmt.Sprint(of.flow, " of ", of.profile, of.key, " at ", p.Run.Time(), ": ", p.Message)
	dice, who := diceOf(id), p.Content.To
	result := &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt, Result: channels.Result{Outcome: channels.Accepted, ProviderID: id}}
	if p.Content.Conversation == "" {
		result.Conversation = assigned(&p, id)
	}
	d.laterFrees(time.Second, &engine.Input{Payload: result}, p.Account)
	told := []channels.Status{channels.Sent, channels.Delivered}
	if dice.IntN(5) == 0 {
		told = []channels.Status{channels.Failed}
	} else if dice.IntN(2) == 0 {
		told = append(told, channels.Read)
	}
	for i, status := range told {
		d.later(time.Duration(2+i)*time.Minute, &engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: p.Content.Ref, ProviderID: id, Status: status}}})
	}
	if dice.IntN(3) == 0 {
		d.later(20*time.Minute, &engine.Input{ID: "reply " + id, Payload: &engine.Reply{Reply: channels.Reply{Profile: who, Text: pick(dice, sayings...), Conversation: assigned(&p, id)}}})
	}
}

func (d *divided) later(in time.Duration, input *engine.Input) {
	d.serial++
	heap.Push(&d.agenda, action{at: d.now.Add(in), serial: d.serial, do: func() { d.give(input) }})
}

func (d *divided) laterFrees(in time.Duration, input *engine.Input, account string) {
	d.serial++
	heap.Push(&d.agenda, action{at: d.now.Add(in), serial: d.serial, do: func() {
		d.step(d.home(engine.RouteOf(input, len(d.parts))), []*runner.Group{{Inputs: []*engine.Input{input}, Frees: 1, Account: account}})
		d.settle()
	}})
}

// settle makes steps and handovers until nothing more happens at this instant.
func (d *divided) settle() {
	for busy := true; busy; {
		busy = false
		for p := range d.parts {
			if d.again[p] || d.next[p] != 0 && d.next[p] <= engine.InstantOf(d.now) {
				d.step(p, nil)
				busy = true
			}
		}
		for p, from := range d.parts {
			for to := range d.parts {
				if p != to && d.handOver(from, to) {
					busy = true
				}
			}
		}
	}
}

func (d *divided) handOver(from *machine, to int) bool {
	if from.loop.Core().Backlog(to) == 0 {
		return false
	}
	h, err := from.loop.Handover(to, 100)
	if err != nil {
		d.t.Fatal(err)
	}
	groups, err := d.parts[to].loop.Take(h)
	if err != nil {
		d.t.Fatal(err)
	}
	d.step(to, groups)
	if err := from.loop.Delivered(to, d.parts[to].loop.Core().State.SeenOf(h.From)); err != nil {
		d.t.Fatal(err)
	}
	return true
}

// pass lets time pass until an instant.
func (d *divided) pass(until time.Time) {
	for {
		at := until
		if len(d.agenda) > 0 && d.agenda[0].at.Before(at) {
			at = d.agenda[0].at
		}
		for _, next := range d.next {
			if next != 0 && next.Time().Before(at) {
				at = next.Time()
			}
		}
		if at.After(d.now) {
			d.now = at
		}
		d.settle()
		if len(d.agenda) > 0 && !d.agenda[0].at.After(d.now) {
			heap.Pop(&d.agenda).(action).do()
			continue
		}
		if !d.now.Before(until) {
			return
		}
	}
}

// replay holds that the store of each partition is what its journal makes of an empty one (I8).
func (d *divided) replay() {
	for _, m := range d.parts {
		state, err := m.store.State()
		if err != nil {
			d.t.Fatal(err)
		}
		r, err := replay.New(state)
		if err != nil {
			d.t.Fatal(err)
		}
		var journal []*engine.Journaled
		if err := m.store.Entries(0, func(j *engine.Journaled) bool { journal = append(journal, j); return true }); err != nil {
			d.t.Fatal(err)
		}
		for len(journal) > 0 {
			n, _, err := r.Apply(journal[:min(len(journal), 7)], nil)
			if err != nil {
				d.t.Fatal(err)
			}
			journal = journal[n:]
		}
		for _, b := range []store.Bucket{store.Meta, store.Runs, store.Ended, store.Keys, store.Outbox, store.Versions, store.Profiles, store.Derived, store.Asks} {
			got, want := r.KV.Dump(b), m.disk.KV.Dump(b)
			if b == store.Meta { // the other records there are of the file
				got, want = map[string][]byte{"state": got["state"]}, map[string][]byte{"state": want["state"]}
			}
			if !maps.EqualFunc(got, want, bytes.Equal) {
				for key, value := range want {
					if !bytes.Equal(got[key], value) {
						d.t.Errorf("partition %d of %d: a replay of the journal makes %q of %s %q, which is %q", m.part.Number, len(d.parts), got[key], b, key, value)
					}
				}
				d.t.Errorf("partition %d of %d: a replay of the journal makes %d records in %s, which are %d", m.part.Number, len(d.parts), len(got), b, len(want))
			}
		}
	}
}

// moved are the people of whom something came from outside at an instant (a timer, an answer, a message), or a run started.
func (d *divided) moved(at engine.Instant) map[string]bool {
	people := map[string]bool{}
	for _, m := range d.parts {
		for _, b := range m.batches {
			for i := range b.Journal {
				j := &b.Journal[i]
				if j.Stamp != at || j.Input.Derived != 0 || j.Input.Origin != nil {
					continue
				}
				id := runOf(j.Input)
				switch p := j.Input.Payload.(type) {
				case *engine.Timer:
					id = p.Run
				case *engine.Reply:
					people[p.Profile] = true
				case *engine.Event:
					people[p.Profile] = true
				}
				if id != (engine.RunID{}) {
					people[m.names[id].profile] = true
				}
			}
		}
		for id, name := range m.names {
			if id.Time() == at {
				people[name.profile] = true
			}
		}
	}
	return people
}

// told is all that people got: what the timelines of their runs say, and how their messages stand.
func (d *divided) told() map[gotten]int {
	all := map[gotten]int{}
	for p, m := range d.parts {
		for id, name := range m.names {
			if len(d.parts) > 1 && d.home(engine.Route{Partition: id.Partition(), Run: id}) != p {
				continue
			}
			r, err := m.store.Run(id)
			if err != nil {
				d.t.Fatal(err)
			}
			if r == nil { // left out of a campaign
				continue
			}
			f, of := m.versions[engine.FlowVersion{Flow: r.Flow, Version: r.Version}], fmt.Sprintf("%s for %s with %q: ", r.Flow, name.profile, r.Key)
			for _, e := range r.Timeline {
				all[gotten{e.At, of + engine.Describe(f, e)}]++
			}
			for i := range r.Messages {
				x := &r.Messages[i]
				all[gotten{x.Planned, of + fmt.Sprintf("message %d is %s %q, posted %s in %q", x.Number, x.Status, x.Reason, x.Posted, x.Conversation)}]++
			}
		}
		if err := m.store.People(func(p *engine.Person) bool {
			raw, _ := json.Marshal([]any{p.Attributes, p.OptOuts, p.Caps, len(p.Starts), len(p.Queue)})
			all[gotten{engine.InstantOf(d.now), p.ID + " in the end: " + string(raw)}]++
			return true
		}); err != nil {
			d.t.Fatal(err)
		}
	}
	return all
}
