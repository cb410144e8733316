package review

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"nudge/engine"
	"nudge/flows"
	"nudge/store"
	"nudge/whatif/backtest"
	"nudge/whatif/replay"
)

const (
	// maxInputs is how many inputs a journal may have that a server backtests, because the replay is in its memory, about 3 KB for
	// each; with a longer one the job fails, and names nudge backtest, which reads the journal on another machine.
	maxInputs = 100_000
	// maxPeople is how many people a backtest names; of the others it says how many there are.
	maxPeople = 20
	// maxDifferences is how many differences it has of each kind for each of them; further ones are left out.
	maxDifferences = 20
	// maxTemplates is how many templates it lists; further ones, by flow and name, are left out.
	maxTemplates = 500

	journalPage = 256 // inputs that are read in one transaction
)

// Backtest is what the proposed flows would have sent.
type Backtest struct {
	backtest.Report
	Differ int `json:"differ"` // people for whom something is different; people names the first of them
}

// Unable says why a server cannot find something out, and what to do.
type Unable struct{ Detail, Hint string }

func (e *Unable) Error() string { return e.Detail }

// RunBacktest compares what the active flows and edited ones would have done with the inputs of the last days of a journal.
func RunBacktest(ctx context.Context, s *store.Store, edited []flows.Bundle, o backtest.Options, days int) (*Backtest, error) {
	journals, until, err := openJournals(s)
	if err != nil {
		return nil, err
	}
	o.Since = until.Time().AddDate(0, 0, -days)
	o.OneByOne = true
	report, err := backtest.Run(ctx, journals, edited, o)
	if errors.Is(err, backtest.ErrNothing) {
		return nil, &Unable{fmt.Sprintf("the journal has no input in the last %s", counted(days, "day")), "ask for more days"}
	}
	if err != nil {
		return nil, err
	}
	b := &Backtest{*report, len(report.People)}
	b.People = b.People[:min(len(b.People), maxPeople)]
	b.Templates = b.Templates[:min(len(b.Templates), maxTemplates)]
	for i := range b.People {
		for _, list := range []*[]backtest.Difference{&b.People[i].Added, &b.People[i].Dropped, &b.People[i].Moved} {
			*list = (*list)[:min(len(*list), maxDifferences)]
		}
	}
	return b, nil
}

// journal is what the journal of a partition has when a backtest begins. It is read by pages, so that no transaction stays open while
// something is computed.
type journal struct {
	store *store.Store
	state engine.State
}

// openJournals opens the journals of all partitions. Until is when the last input was applied.
func openJournals(s *store.Store) (all []replay.Source, until engine.Instant, err error) {
	inputs := uint64(0)
	for _, p := range s.Parts() {
		j, err := openJournal(p)
		if err != nil {
			return nil, 0, err
		}
		all, until, inputs = append(all, j), max(until, j.state.Stamp), inputs+j.state.Seq
	}
	if inputs > maxInputs {
		return nil, 0, &Unable{fmt.Sprintf("the journal has %d inputs, and a server replays at most %d beside its work", inputs, maxInputs),
			"run nudge backtest in the folder of the project, on a machine with the memory for it: it reads the journal from the server"}
	}
	return all, until, nil
}

func openJournal(s *store.Store) (*journal, error) {
	gone, err := s.Purged()
	if err != nil {
		return nil, err
	}
	state, err := s.State()
	if err != nil {
		return nil, err
	}
	if gone.Moved > 0 {
		return nil, &Unable{fmt.Sprintf("the store was moved from another number of partitions, and what was applied before %s cannot be replayed here", gone.MovedAt),
			"only a journal with its first input can be replayed; up to the move the store has one that this one was moved from: run nudge backtest --store with its folder"}
	}
	if gone.Journal > 0 {
		return nil, &Unable{fmt.Sprintf("the journal no longer holds the inputs before %s, and only one with its first input can be replayed", gone.Stamp), "retention: { journal: never } in nudge.yaml keeps them"}
	}
	return &journal{s, state}, nil
}

// State is what the engine knew when the backtest began.
func (j *journal) State() (engine.State, error) { return j.state, nil }

// Entries calls visit with the inputs from a number on, until it returns false.
func (j *journal) Entries(from uint64, visit func(*engine.Journaled) bool) error {
	for from <= j.state.Seq {
		page := make([]*engine.Journaled, 0, journalPage)
		err := j.store.Entries(from, func(in *engine.Journaled) bool {
			if in.Seq <= j.state.Seq {
				page = append(page, in)
			}
			return in.Seq < j.state.Seq && len(page) < journalPage
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, in := range page {
			if !visit(in) {
				return nil
			}
		}
		from = page[len(page)-1].Seq + 1
	}
	return nil
}

// Numbers are what is kept of a backtest when a newer one takes its place.
type Numbers struct {
	Done    engine.Instant   `json:"done"`  // when it was
	From    engine.Instant   `json:"from"`  // the first input of its window
	Until   engine.Instant   `json:"until"` // the last one
	Before  MessageCount     `json:"before"`
	After   MessageCount     `json:"after"`
	Changes backtest.Changes `json:"changes"`
	Differ  int              `json:"differ"` // people for whom something is different
}

// MessageCount is what one set of flows sent.
type MessageCount struct {
	Messages int `json:"messages"`
	People   int `json:"people"` // who got at least one
}

// Numbers returns the numbers of a backtest that was done at an instant.
func (b *Backtest) Numbers(done engine.Instant) Numbers {
	return Numbers{Done: done, From: b.From, Until: b.Until, Changes: b.Changes, Differ: b.Differ,
		Before: MessageCount{b.Before.Messages, b.Before.People}, After: MessageCount{b.After.Messages, b.After.People}}
}

// Verdict is the answer on one line.
func (b *Backtest) Verdict() string {
	c := b.Changes
	var parts []string
	for _, part := range []struct {
		n    int
		word string
	}{{c.Added, "new"}, {c.Dropped, "gone"}, {c.Reworded, "reworded"}, {c.Moved, "at another time"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprint(part.n, " ", part.word))
		}
	}
	verdict := "the same messages: " + fmt.Sprint(b.Before.Messages)
	if len(parts) > 0 {
		verdict = fmt.Sprintf("%s would have been %d: %s", counted(b.Before.Messages, "message"), b.After.Messages, strings.Join(parts, ", "))
	}
	if b.Skipped > 0 {
		verdict += ", without people who were forgotten"
	}
	return verdict
}
