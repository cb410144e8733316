package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/audience"
	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

// station runs campaigns in a loop over a store. The store survives the loop's process,
// which may end at any commit.
type station struct {
	t     *testing.T
	kv    *fragile
	store *store.Store
	loop  *runner.Loop
	shelf *audience.Snapshots
	now   time.Time
	posts []engine.Post
	told  []*runner.Group // the loop's input at its next step
}

// fragile is a store that breaks at one of its commits. The commit is kept or lost.
type fragile struct {
	*memory.KV
	until   int // commits before the one that breaks; negative: none breaks
	visible bool
}

var errBroken = errors.New("the disk is gone")

func (f *fragile) Update(change func(store.Writer) error) error {
	f.until--
	if f.until != -1 {
		return f.KV.Update(change)
	}
	if f.visible {
		if err := f.KV.Update(change); err != nil {
			return err
		}
	}
	return errBroken
}

func newStation(t *testing.T, files fstest.MapFS, now time.Time) *station {
	t.Helper()
	s := &station{t: t, kv: &fragile{KV: new(memory.KV), until: -1}, now: now, shelf: audience.NewSnapshots(audience.Sources{Project: files})}
	if err := store.Create(s.kv, engine.Installation{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	project, list := flows.Load(files)
	if list.HasErrors() {
		t.Fatal(list)
	}
	deploy := &engine.Deploy{}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	s.open()
	s.tell(&engine.Input{Payload: deploy})
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
	return s
}

// open starts a process.
func (s *station) open() {
	s.t.Helper()
	var core *engine.Engine
	s.store, core = reopen(s.t, s.kv)
	s.loop, s.told = runner.NewLoop(s.store, core, 8), nil
	s.shelf.People = s.store
	s.loop.UseAudiences(s.shelf)
	step, err := s.loop.Recover(s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	s.took(step)
}

func (s *station) tell(in *engine.Input) {
	s.told = append(s.told, &runner.Group{Inputs: []*engine.Input{in}})
}

// took makes the provider accept every post, and takes snapshots.
func (s *station) took(step *runner.Step) {
	s.t.Helper()
	for _, p := range step.Posts {
		s.posts = append(s.posts, p)
		s.told = append(s.told, &runner.Group{Frees: 1, Inputs: []*engine.Input{{Payload: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt, Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m"}}}}})
	}
	for _, f := range step.Freezes {
		frozen, err := s.shelf.Freeze(s.t.Context(), f)
		if err != nil {
			s.t.Fatal(err)
		}
		frozen.Campaign = f.Campaign
		s.tell(&engine.Input{Payload: frozen})
	}
}

// run steps until nothing is left to do at this instant, or the store breaks.
func (s *station) run() error {
	s.t.Helper()
	for {
		told := s.told
		s.told = nil
		step, err := s.loop.Step(s.now, told)
		if err != nil {
			return err
		}
		s.took(step)
		if len(s.told) == 0 && !step.Again {
			return nil
		}
	}
}

// check checks the invariants of the store, I9 included.
func (s *station) check() {
	s.t.Helper()
	report, err := s.store.Check()
	if err != nil || len(report.Problems) > 0 {
		s.t.Fatalf("%v %q", err, report.Problems)
	}
}

// TestCrashAtEveryCommit ends the process at every commit of a campaign, once with the
// commit kept and once without. Everybody must get exactly one run and at most one post, and
// the numbers of people must always add up to the audience.
func TestCrashAtEveryCommit(t *testing.T) {
	var people strings.Builder
	for i := range 200 {
		fmt.Fprintf(&people, "{\"profile\": \"p%d\"}\n", i%190) // ten of them twice
	}
	files := fstest.MapFS{
		"flows/sale.yaml":        {Data: []byte("flow: sale\ntrigger: { at: 2026-03-02 11:00, audience: people.jsonl }\nsteps: [ { send: { body: Hello } } ]\n")},
		"audiences/people.jsonl": {Data: []byte(people.String())},
	}
	crashes := 0
	for at := 0; ; at++ {
		broke := false
		for _, visible := range []bool{false, true} {
			s := newStation(t, files, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
			s.now = s.now.Add(time.Hour)
			s.kv.until, s.kv.visible = at, visible
			if err := s.run(); err != nil {
				broke = true
				crashes++
				s.kv.until = -1
				s.open()
				s.check()
				if err := s.run(); err != nil {
					t.Fatal(err)
				}
			}
			s.now = s.now.Add(time.Hour) // unknown messages are given up
			if err := s.run(); err != nil {
				t.Fatal(err)
			}
			s.check()
			everybodyOnce(t, s, fmt.Sprintf("commit %d, kept: %v", at, visible))
		}
		if !broke {
			break
		}
	}
	if crashes < 40 {
		t.Errorf("only %d crashes", crashes)
	}
	t.Logf("%d crashes", crashes)
}

func everybodyOnce(t *testing.T, s *station, when string) {
	t.Helper()
	all, err := s.store.ListCampaigns("", 0, 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("%s: %d campaigns, %v", when, len(all), err)
	}
	c := all[0]
	sent, unknown := c.Tally.Standings["sent"], c.Tally.Standings["unknown"]
	if c.Walked != 200 || sent+unknown != 190 || len(c.Excluded) != 1 || c.Excluded[0] != (engine.Excluded{Reason: engine.LeftDuplicate, Rows: 10}) {
		t.Fatalf("%s: %+v, %v", when, *c.Campaign, c.Tally.Standings)
	}
	posted := map[string]int{}
	for _, p := range s.posts {
		posted[p.Content.To]++
		if posted[p.Content.To] > 1 {
			t.Fatalf("%s: %s was posted to twice", when, p.Content.To)
		}
	}
	if len(posted) < int(sent) || len(posted) > int(sent+unknown) {
		t.Fatalf("%s: %d posted, %d sent, %d unknown", when, len(posted), sent, unknown)
	}
}

// TestTicksOnce runs schedules through restarts and clocks that jump by up to two days,
// forwards and backwards. Every tick must have exactly one record, fired or skipped.
func TestTicksOnce(t *testing.T) {
	files := fstest.MapFS{
		"flows/often.yaml":       {Data: []byte("flow: often\ntrigger: { cron: '*/20 * * * *', timezone: Europe/London, max_delay: 30m, audience: people.jsonl }\nsteps: [ { send: { body: Hello } } ]\n")},
		"flows/daily.yaml":       {Data: []byte("flow: daily\ntrigger: { cron: '30 1,9 * * *', timezone: America/New_York, max_delay: 3h, audience: people.jsonl }\nsteps: [ { send: { body: Hello } } ]\n")},
		"flows/local.yaml":       {Data: []byte("flow: local\ntrigger: { cron: '0 9 * * *', timezone: local, max_delay: 3h, audience: people.jsonl }\nsteps: [ { send: { body: Hello } } ]\n")},
		"audiences/people.jsonl": {Data: []byte("{\"profile\": \"ann\"}\n")},
	}
	ticks, skipped := 0, 0
	for seed := range uint64(20) {
		dice := rand.New(rand.NewPCG(seed, 1))
		s := newStation(t, files, time.Date(2026, 3, 6, 10, 0, 0, 0, time.UTC))
		for range 80 {
			switch dice.IntN(6) {
			case 0:
				s.now = s.now.Add(time.Duration(dice.Int64N(int64(48 * time.Hour))))
			case 1:
				s.now = s.now.Add(-time.Duration(dice.Int64N(int64(48 * time.Hour))))
			case 2:
				s.open()
			default:
				s.now = s.now.Add(time.Duration(dice.Int64N(int64(90 * time.Minute))))
			}
			if err := s.run(); err != nil {
				t.Fatal(err)
			}
		}
		s.check()
		n, missed := everyTickOnce(t, s, seed)
		ticks, skipped = ticks+n, skipped+missed
	}
	if ticks-skipped < 300 || skipped < 500 {
		t.Errorf("%d ticks, %d of them skipped: the histories prove little", ticks, skipped)
	}
	t.Logf("%d ticks, %d of them skipped", ticks, skipped)
}

// everyTickOnce compares the fired and skipped ticks with those that were due.
func everyTickOnce(t *testing.T, s *station, seed uint64) (ticks, skipped int) {
	t.Helper()
	all, err := s.store.ListCampaigns("", 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheduled := range s.loop.Core().State.Schedules {
		var schedule *flows.Schedule
		for _, f := range s.loop.Core().Active() {
			if f.Name == scheduled.Flow {
				schedule = f.Triggers[scheduled.Trigger].Schedule
			}
		}
		var want, got []engine.Instant
		for at := engine.InstantOf(schedule.First(scheduled.Since.Time())); at < scheduled.Next; at = engine.InstantOf(schedule.Next(at.Time())) {
			want = append(want, at)
		}
		for _, c := range all {
			if c.Flow != scheduled.Flow {
				continue
			}
			if c.Missed == 0 {
				got = append(got, c.Due)
				if late := c.Begun.Time().Sub(c.Due.Time()); late < 0 || c.Flow != "local" && schedule.TooLate(c.Due.Time(), c.Begun.Time(), schedule.Zone) {
					t.Errorf("seed %d: %s fired %s late", seed, c.ID, late)
				}
				continue
			}
			at := c.Due
			for range c.Missed {
				got, skipped = append(got, at), skipped+1
				at = engine.InstantOf(schedule.Next(at.Time()))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("seed %d: %s: %d ticks have a record, %d were due", seed, scheduled.Flow, len(got), len(want))
		}
		if scheduled.Next <= s.loop.Core().State.Stamp {
			t.Errorf("seed %d: %s was due at %s, and it is %s", seed, scheduled.Flow, scheduled.Next, s.loop.Core().State.Stamp)
		}
		ticks += len(want)
	}
	return ticks, skipped
}
