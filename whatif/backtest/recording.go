package backtest

import (
	"cmp"
	"slices"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/store"
	"nudge/whatif/replay"
)

// recording is what people, the provider and HTTP services really did in a window.
type recording struct {
	runs      []*recordedRun
	byID      map[engine.RunID]*recordedRun
	bySelf    map[runKey][]*recordedRun // in the order of their starts
	campaigns map[uint64]*recordedCampaign
	named     map[string]*recordedCampaign
	since     engine.Instant // begin of the window
	begin     engine.Instant // the first input in it
	outside   int            // inputs from outside in the window
	posted    int            // messages whose first post ended in the window
}

// runKey is what runs of the same person for the same thing have in common.
type runKey struct{ flow, profile, key string }

// recordedRun is what happened to one run from outside.
type recordedRun struct {
	id       engine.RunID
	started  engine.Instant
	noted    engine.Instant // when something first came for it
	earlier  bool           // it began before the window, so both worlds have the very same run
	messages map[messageKey]*behaviour
	answers  map[string][]engine.FetchResult // to the fetch steps by id, in order
}

// messageKey is a message within its run: a template for the nth time.
type messageKey struct {
	template string
	nth      int // from 1
}

// behaviour is what came back for one message.
type behaviour struct {
	results  []timed[channels.Result]  // one for each attempt
	receipts []timed[channels.Receipt] // in the order in which they came
}

// timed is something with the time that had passed since its message was posted.
type timed[T any] struct {
	after time.Duration
	what  T
}

func newRecording(since engine.Instant) *recording {
	return &recording{since: since, byID: map[engine.RunID]*recordedRun{}, bySelf: map[runKey][]*recordedRun{}, campaigns: map[uint64]*recordedCampaign{}}
}

// noteOf takes down what the replay of a part shows.
func (rec *recording) noteOf(p *part) replay.Seen {
	return func(j *engine.Journaled, _ *engine.Applied, run func(engine.RunID) *engine.Run) { rec.note(p, j, run) }
}

// note takes down one replayed input. The runs are as the input left them.
func (rec *recording) note(from *part, j *engine.Journaled, run func(engine.RunID) *engine.Run) {
	if rec.begin == 0 || j.Stamp < rec.begin {
		rec.begin = j.Stamp
	}
	switch in := j.Input; p := in.Payload.(type) {
	case *engine.SendResult:
		if p.Attempt == 1 {
			rec.posted++
		}
		if b, posted := rec.behaviour(from, j.Stamp, run(p.Run), p.Message); b != nil {
			b.results = append(b.results, timed[channels.Result]{j.Stamp.Time().Sub(posted), p.Result})
		}
	case *engine.Receipt:
		id, err := engine.ParseRunID(p.Ref.Run)
		if err != nil {
			return
		}
		if b, posted := rec.behaviour(from, j.Stamp, run(id), p.Ref.Message); b != nil {
			b.receipts = append(b.receipts, timed[channels.Receipt]{j.Stamp.Time().Sub(posted), p.Receipt})
		}
	case *engine.FetchResult:
		if r := run(p.Run); r != nil {
			step := from.replay.step(r, p.Step).ID
			own := rec.of(r, j.Stamp)
			own.answers[step] = append(own.answers[step], *p)
		}
	case *engine.Snapshot:
		if p.Part == nil { // else it gives a partition its share of the rows
			rec.campaign(p.Campaign).frozen = p
		}
	case *engine.Rows:
		own := rec.campaign(p.Campaign)
		own.taken = append(own.taken, takenRows{j.Stamp, p.Rows})
	default:
		if !from.fromOutside(in) {
			return
		}
		rec.outside++
		if p, ok := p.(*engine.CampaignControl); ok && p.Campaign != 0 {
			rec.campaign(p.Campaign) // must be known by name
		}
	}
}

// finish brings what was recorded of all partitions into one order. The store is as the window left it.
func (rec *recording) finish(s *store.Store) error {
	slices.SortStableFunc(rec.runs, func(a, b *recordedRun) int { return cmp.Compare(a.noted, b.noted) })
	for _, c := range rec.campaigns {
		c.joinRows()
	}
	return rec.nameCampaigns(s)
}

// of returns what was recorded of a run. At is when something comes for it.
func (rec *recording) of(r *engine.Run, at engine.Instant) *recordedRun {
	if own := rec.byID[r.ID]; own != nil {
		return own
	}
	own := &recordedRun{
		id: r.ID, started: r.Started(), noted: at, earlier: r.Started() < rec.since,
		messages: map[messageKey]*behaviour{}, answers: map[string][]engine.FetchResult{},
	}
	rec.runs = append(rec.runs, own)
	rec.byID[r.ID] = own
	self := runKey{r.Flow, r.Profile, r.Key}
	rec.bySelf[self] = append(rec.bySelf[self], own)
	return own
}

// behaviour returns what was recorded of a message, and when it was posted.
func (rec *recording) behaviour(from *part, at engine.Instant, r *engine.Run, message int) (*behaviour, time.Time) {
	if r == nil || r.Message(message) == nil {
		return nil, time.Time{}
	}
	f := from.replay.flow(r)
	key, own := keyOf(f, r, message), rec.of(r, at)
	if own.messages[key] == nil {
		own.messages[key] = &behaviour{}
	}
	return own.messages[key], r.Message(message).Posted.Time()
}

// keyOf says which message of its run one is.
func keyOf(f *flows.Flow, r *engine.Run, message int) messageKey {
	key := messageKey{template: f.Steps[r.Message(message).Step].Send.Template}
	for _, m := range r.Messages {
		if m.Number <= message && f.Steps[m.Step].Send.Template == key.template {
			key.nth++
		}
	}
	return key
}

// sameStart is how far apart two runs for the same thing may begin and still be the same:
// a timer was met some moments late in reality.
const sameStart = time.Minute

// find returns the recorded run that a run of a world is, or nil. Of several, it is the
// one that began nearest, and none is taken twice.
func (rec *recording) find(r *engine.Run, taken map[*recordedRun]bool) *recordedRun {
	if own := rec.byID[r.ID]; own != nil && own.earlier {
		return own
	}
	var best *recordedRun
	far := func(own *recordedRun) time.Duration { return own.started.Time().Sub(r.Started().Time()).Abs() }
	for _, own := range rec.bySelf[runKey{r.Flow, r.Profile, r.Key}] {
		if !own.earlier && !taken[own] && far(own) <= sameStart && (best == nil || far(own) < far(best)) {
			best = own
		}
	}
	return best
}

// pool is every recorded behaviour of a template, in a fixed order.
func (rec *recording) pool() map[string][]*behaviour {
	pool := map[string][]*behaviour{}
	for _, own := range rec.runs {
		keys := make([]messageKey, 0, len(own.messages))
		for key := range own.messages {
			keys = append(keys, key)
		}
		slices.SortFunc(keys, func(a, b messageKey) int {
			return cmp.Or(cmp.Compare(a.template, b.template), a.nth-b.nth)
		})
		for _, key := range keys {
			pool[key.template] = append(pool[key.template], own.messages[key])
		}
	}
	return pool
}

// fromOutside reports whether an input came from the user's product, from people or from
// operators, and not from the engine, the provider or a service. Commands that all partitions
// take are those of the first one.
func (p *part) fromOutside(in *engine.Input) bool {
	if in.Derived != 0 || in.Origin != nil && (p.number > 0 || in.Origin.From < p.of) {
		return false
	}
	switch in.Payload.(type) {
	case *engine.Event, *engine.Reply, *engine.ProfileChange, *engine.Call, *engine.Cancel, *engine.Retry, *engine.Control, *engine.CampaignControl:
		return true
	}
	return false
}
