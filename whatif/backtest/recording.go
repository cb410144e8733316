package backtest

import (
	"cmp"
	"slices"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
)

// recording is what people, the provider and HTTP services really did in a window.
type recording struct {
	runs      []*recordedRun
	byID      map[engine.RunID]*recordedRun
	bySelf    map[runKey][]*recordedRun // in the order of their starts
	campaigns map[uint64]*recordedCampaign
	named     map[string]*recordedCampaign
	replay    *past
	begin     engine.Instant // the first input of the window
	outside   int            // inputs from outside in the window
	posted    int            // messages whose first post ended in the window
}

// runKey is what runs of the same person for the same thing have in common.
type runKey struct{ flow, profile, key string }

// recordedRun is what happened to one run from outside.
type recordedRun struct {
	number   int
	id       engine.RunID
	started  engine.Instant
	earlier  bool // it began before the window, so both worlds have the very same run
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

func newRecording(r *past) *recording {
	return &recording{replay: r, byID: map[engine.RunID]*recordedRun{}, bySelf: map[runKey][]*recordedRun{}, campaigns: map[uint64]*recordedCampaign{}}
}

// note takes down one replayed input. The working set is as the input left it.
func (rec *recording) note(j *engine.Journaled, _ *engine.Applied, run func(engine.RunID) *engine.Run) {
	if rec.begin == 0 {
		rec.begin = j.Stamp
	}
	switch in := j.Input; p := in.Payload.(type) {
	case *engine.SendResult:
		if p.Attempt == 1 {
			rec.posted++
		}
		if b, posted := rec.behaviour(run(p.Run), p.Message); b != nil {
			b.results = append(b.results, timed[channels.Result]{j.Stamp.Time().Sub(posted), p.Result})
		}
	case *engine.Receipt:
		id, err := engine.ParseRunID(p.Ref.Run)
		if err != nil {
			return
		}
		if b, posted := rec.behaviour(run(id), p.Ref.Message); b != nil {
			b.receipts = append(b.receipts, timed[channels.Receipt]{j.Stamp.Time().Sub(posted), p.Receipt})
		}
	case *engine.FetchResult:
		if r := run(p.Run); r != nil {
			step := rec.replay.step(r, p.Step).ID
			own := rec.of(r)
			own.answers[step] = append(own.answers[step], *p)
		}
	case *engine.Snapshot:
		rec.campaign(p.Campaign).frozen = p
	case *engine.Rows:
		own := rec.campaign(p.Campaign)
		own.rows = append(own.rows, p.Rows...)
	case *engine.CampaignControl: // its campaign must be known by name
		if p.Campaign != 0 {
			rec.campaign(p.Campaign)
		}
		rec.outside++
	default:
		if fromOutside(in) {
			rec.outside++
		}
	}
}

// of returns what was recorded of a run.
func (rec *recording) of(r *engine.Run) *recordedRun {
	if own := rec.byID[r.ID]; own != nil {
		return own
	}
	own := &recordedRun{
		number: len(rec.runs), id: r.ID, started: r.Started(), earlier: r.Started() < rec.replay.since,
		messages: map[messageKey]*behaviour{}, answers: map[string][]engine.FetchResult{},
	}
	rec.runs = append(rec.runs, own)
	rec.byID[r.ID] = own
	self := runKey{r.Flow, r.Profile, r.Key}
	rec.bySelf[self] = append(rec.bySelf[self], own)
	return own
}

// behaviour returns what was recorded of a message, and when it was posted.
func (rec *recording) behaviour(r *engine.Run, message int) (*behaviour, time.Time) {
	if r == nil || r.Message(message) == nil {
		return nil, time.Time{}
	}
	f := rec.replay.flow(r)
	key, own := keyOf(f, r, message), rec.of(r)
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
// operators, and not from the engine, the provider or a service.
func fromOutside(in *engine.Input) bool {
	if in.Derived != 0 {
		return false
	}
	switch in.Payload.(type) {
	case *engine.Event, *engine.Reply, *engine.ProfileChange, *engine.Call, *engine.Cancel, *engine.Retry, *engine.Control, *engine.CampaignControl:
		return true
	}
	return false
}
