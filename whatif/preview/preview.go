// Package preview shows what a campaign would do, before it starts. The engine itself
// applies the rows of the audience, on working sets that are thrown away.
//
// Templates, hours, caps, opt-outs and the flow's own conditions decide here as they do in
// earnest, because it is the same code. A preview looks at everybody as they are now: it
// cannot know what will happen until the messages go out.
package preview

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"nudge/engine"
)

const (
	// MaxTried is how many rows are applied at once; further ones are only counted.
	MaxTried = 10_000
	// MaxTriedByJob is how many rows are applied by a job; further ones are only counted.
	MaxTriedByJob = 200_000
	// MaxSamples is how many rendered messages are shown, one of each kind; of further kinds none is.
	MaxSamples = 20
	// MaxExamples is how many people are named for each outcome; others are only counted.
	MaxExamples = 5
	// progressEvery is how many rows are read between two calls of progress.
	progressEvery = 1000
	// maxSpans is how many spans of time the forecast has; a longer time has longer spans.
	maxSpans = 48
)

// Store is the part of a store that a preview reads.
type Store interface {
	Engine() (*engine.Engine, error)
	Load(*engine.Needs) (*engine.Loaded, error)
}

// Walker reads audiences.
type Walker interface {
	Walk(ctx context.Context, f engine.SnapshotRequest, visit func(engine.Row) error, wrong func(engine.BadRow)) error
}

// Preview is what a campaign of a flow would do if it started now.
type Preview struct {
	Flow     string              `json:"flow"`
	Version  string              `json:"version"`
	Rows     int                 `json:"rows"` // that can be read
	Bad      int                 `json:"bad"`
	BadRows  []engine.BadRow     `json:"bad_rows,omitempty"`
	Tried    int                 `json:"tried"`           // rows that were applied: the first 10,000, or 200,000 by a job
	Outcomes map[string]int      `json:"outcomes"`        // of the rows tried
	Samples  []Sample            `json:"samples"`         // of the messages: one of each locale and of each set of absent values, the most frequent first
	Examples map[string][]string `json:"examples"`        // of the rows tried that send nothing at once: profiles by outcome, the first of each
	Takes    string              `json:"takes,omitempty"` // how long the rate makes all rows take
	Forecast []Span              `json:"forecast"`        // when the messages of the rows tried go out
	Last     engine.Instant      `json:"last,omitzero"`   // when the last of them goes out; absent: none does
}

// Span is how many messages go out in a part of the time.
type Span struct {
	From      engine.Instant `json:"from"`
	Messages  int            `json:"messages"`
	PerMinute float64        `json:"per_minute"`
}

// trial is a preview in the making.
type trial struct {
	Preview
	store    Store
	core     *engine.Engine
	campaign *engine.Campaign
	freeze   engine.SnapshotRequest
	now      engine.Instant
	rows     []engine.Row // to be applied together
	times    []engine.Instant
	seen     map[engine.PersonHash]bool // of the rows tried
	kinds    map[string]int             // of samples: number in Samples
	most     int                        // rows to apply
	progress func(rows int)             // never nil
}

// Campaign is one that does not start.
type Campaign struct {
	Flow  string
	Event json.RawMessage // the data of the event that fires it; nil: an operator starts it
	At    time.Time       // when
}

// Check reports a campaign that cannot be started: a [*RefusedError].
func Check(store Store, c Campaign) error {
	_, err := begun(store, c)
	return err
}

// begun is a trial of a campaign whose audience is not read.
func begun(store Store, c Campaign) (*trial, error) {
	core, err := store.Engine()
	if err != nil {
		return nil, err
	}
	core.State.Outbound, core.State.Killed = engine.OutboundLive, false
	core.State.Partition = engine.Partition{} // it is tried as if there were one, which has everybody
	t := &trial{Preview: Preview{Flow: c.Flow, Outcomes: map[string]int{}, Samples: []Sample{}, Examples: map[string][]string{}, Forecast: []Span{}},
		store: store, core: core, now: engine.InstantOf(c.At), seen: map[engine.PersonHash]bool{}, kinds: map[string]int{}}
	core.Observe(engine.Observer{Excluded: func(_ uint64, profile, reason string) { t.example("left out: "+reason, profile) }})
	return t, t.begin(c.Event)
}

// Of tries a campaign on the first rows of its audience, at most so many. Progress is called with how many rows were read since
// the last call; it may be nil. An audience that cannot be read is an [*AudienceError], a campaign that cannot be started a
// [*RefusedError].
func Of(ctx context.Context, store Store, walker Walker, c Campaign, most int, progress func(rows int)) (*Preview, error) {
	t, err := begun(store, c)
	if err != nil {
		return nil, err
	}
	t.most, t.progress = most, progress
	if progress == nil {
		t.progress = func(int) {}
	}
	var failed error
	err = walker.Walk(ctx, t.freeze, func(row engine.Row) error {
		failed = t.visit(row)
		return failed
	}, func(b engine.BadRow) {
		if t.Bad++; len(t.BadRows) < engine.MaxBadRows {
			t.BadRows = append(t.BadRows, b)
		}
	})
	if err != nil && failed == nil && ctx.Err() == nil {
		return nil, &AudienceError{err}
	}
	if err == nil {
		err = t.apply()
	}
	t.progress(t.Rows % progressEvery)
	t.finish()
	return &t.Preview, err
}

// AudienceError reports an audience that cannot be read.
type AudienceError struct{ Err error }

func (e *AudienceError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with the audience.
func (e *AudienceError) Unwrap() error { return e.Err }

// begin begins the campaign in the engine that is thrown away, as an operator or an event does.
func (t *trial) begin(event json.RawMessage) error {
	start := &engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignStart, Flow: t.Flow}}
	fires := t.firedBy()
	switch {
	case event != nil && fires == "":
		return t.refused("no event starts flow " + t.Flow + " for an audience")
	case event != nil:
		start.Payload = &engine.Event{Type: fires, Data: event}
	}
	t.core.State.Open, t.core.State.Firings = nil, nil
	needs := &engine.Needs{}
	t.core.Needs(start, needs)
	ws := engine.NewWorkingSet(needs, &engine.Loaded{})
	out := t.core.Apply(ws, start, t.now, nil)
	if refused := out.Answer.Refused; refused != nil {
		return &RefusedError{refused}
	}
	at := slices.IndexFunc(out.Snapshots, func(s engine.SnapshotRequest) bool { return s.Flow.Name == t.Flow })
	if at < 0 {
		for _, d := range out.Answer.Decisions {
			if d.Flow == t.Flow {
				return t.refused("the event starts no campaign: " + d.Reason)
			}
		}
		return t.refused("the event starts no campaign")
	}
	t.freeze = out.Snapshots[at]
	t.Version = t.freeze.Flow.Version
	frozen := &engine.Input{Payload: &engine.Snapshot{Campaign: t.freeze.Campaign, Audience: "preview", Rows: engine.MaxAudience}}
	t.core.Apply(ws, frozen, t.now, nil)
	for _, c := range ws.Campaigns() {
		if c.Number == t.freeze.Campaign {
			t.campaign = c
		}
	}
	return nil
}

// firedBy returns the type of the event that starts the flow for an audience; empty for none.
func (t *trial) firedBy() string {
	for _, f := range t.core.Active() {
		for i := range f.Triggers {
			if trigger := &f.Triggers[i]; f.Name == t.Flow && trigger.Event != "" && trigger.Schedule != nil {
				return trigger.Event
			}
		}
	}
	return ""
}

func (t *trial) refused(why string) error {
	return &RefusedError{&engine.Refusal{Why: engine.RefusedInvalid, Detail: why}}
}

// RefusedError reports a campaign that cannot be started.
type RefusedError struct{ Refusal *engine.Refusal }

func (e *RefusedError) Error() string { return e.Refusal.Detail }

func (t *trial) visit(row engine.Row) error {
	if t.Rows++; t.Rows%progressEvery == 0 {
		t.progress(progressEvery)
	}
	if t.Tried == t.most {
		return nil
	}
	t.Tried++
	person := engine.MemberOf(0, row.Profile).Person
	if t.seen[person] { // between working sets the engine would not see it
		t.Outcomes["left out: "+engine.LeftDuplicate]++
		t.example("left out: "+engine.LeftDuplicate, row.Profile)
		return nil
	}
	t.seen[person] = true
	if t.rows = append(t.rows, row); len(t.rows) < engine.MaxRows {
		return nil
	}
	return t.apply()
}

// apply applies the rows in hand to what is known of their people, and counts what came
// of it.
func (t *trial) apply() error {
	if len(t.rows) == 0 {
		return nil
	}
	in := &engine.Input{Payload: &engine.Rows{Campaign: t.campaign.Number, From: t.campaign.Walked, Rows: t.rows}}
	var needs engine.Needs
	t.core.Needs(in, &needs)
	loaded, err := t.store.Load(&needs)
	if err != nil {
		return err
	}
	loaded.Campaigns = append(loaded.Campaigns, t.campaign)
	ws := engine.NewWorkingSet(&needs, loaded)
	before := t.campaign.Excluded
	out := t.core.Apply(ws, in, t.now, engine.AnySlots(len(t.rows)))
	if out.Answer.Ignored != "" || out.Answer.Refused != nil {
		return fmt.Errorf("preview: the rows were not taken: %+v", out.Answer)
	}
	for _, f := range ws.Campaigns() {
		t.campaign = f
	}
	t.left(before, t.campaign.Excluded)
	changes, _ := ws.Changes()
	people := known(loaded.People)
	for _, c := range changes {
		t.started(c.After, out.Posts, people)
	}
	t.rows = t.rows[:0]
	return nil
}

// left counts the rows that started no run.
func (t *trial) left(before, after []engine.Excluded) {
	for _, l := range after {
		i := slices.IndexFunc(before, func(b engine.Excluded) bool { return b.Reason == l.Reason })
		if i >= 0 {
			l.Rows -= before[i].Rows
		}
		if l.Rows > 0 {
			t.Outcomes["left out: "+l.Reason] += l.Rows
		}
	}
}

// started counts a run: it sends at once, later, or not at all.
func (t *trial) started(r *engine.Run, posts []engine.Post, people map[string]*engine.Person) {
	if r.Campaign != t.campaign.Number {
		return // ended by the entry of a new one
	}
	outcome := t.outcome(r, posts, people)
	t.Outcomes[outcome]++
	if outcome != sendsNow {
		t.example(outcome, r.Profile)
	}
}

// sendsNow is the outcome of a row whose message goes out at once.
const sendsNow = "sends at once"

// outcome says what becomes of a run, and notes its message.
func (t *trial) outcome(r *engine.Run, posts []engine.Post, people map[string]*engine.Person) string {
	i := slices.IndexFunc(posts, func(p engine.Post) bool { return p.Run == r.ID })
	switch {
	case !r.Live():
		return r.Standing()
	case i >= 0:
		t.times = append(t.times, t.now+engine.Instant(t.freeze.Schedule.Rate.Time(len(t.times)).Milliseconds()))
		t.sample(r, posts[i], people[r.Profile])
		return sendsNow
	case r.Status == engine.Fetching:
		return "asks a service first"
	case len(r.Messages) > 0 && r.Messages[len(r.Messages)-1].Status == engine.Unsent:
		return r.Standing()
	case r.Deadline != 0 && r.Status == engine.Sending:
		t.times = append(t.times, r.Deadline)
		return "sends later"
	}
	return "waits first"
}

// finish makes the forecast.
func (t *trial) finish() {
	slices.SortStableFunc(t.Samples, func(a, b Sample) int { return b.Messages - a.Messages })
	if rate := t.freeze.Schedule.Rate; rate.Messages > 0 && t.Tried > 0 {
		share := float64(len(t.times)) / float64(t.Tried)
		if takes := rate.Time(int(share * float64(t.Rows))).Round(time.Second); takes > 0 {
			t.Takes = takes.String()
		}
	}
	if len(t.times) == 0 {
		return
	}
	slices.Sort(t.times)
	first, last := t.times[0], t.times[len(t.times)-1]
	t.Last = last
	width := engine.Instant(spanOf(last - first).Milliseconds())
	first -= first % width
	for _, at := range t.times {
		from := at - (at-first)%width
		if n := len(t.Forecast); n == 0 || t.Forecast[n-1].From != from {
			t.Forecast = append(t.Forecast, Span{From: from})
		}
		t.Forecast[len(t.Forecast)-1].Messages++
	}
	for i := range t.Forecast {
		t.Forecast[i].PerMinute = float64(t.Forecast[i].Messages) * float64(time.Minute.Milliseconds()) / float64(width)
	}
}

// spanOf is how long the spans of a forecast are over a time.
func spanOf(whole engine.Instant) time.Duration {
	for _, d := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour} {
		if time.Duration(whole)*time.Millisecond <= maxSpans*d {
			return d
		}
	}
	return 24 * time.Hour
}
