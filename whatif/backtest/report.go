package backtest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"nudge/engine"
)

// Report is the difference between the deployed flows and the edited ones.
type Report struct {
	From   engine.Instant `json:"from"` // the first input of the window
	Until  engine.Instant `json:"until"`
	Inputs int            `json:"inputs"` // from outside
	// Skipped are inputs of the journal, before the window or in it, that have no effect any more: they concern people who
	// were forgotten. The messages of these people are in neither world.
	Skipped int `json:"skipped,omitempty"`

	Before Totals `json:"before"` // with the deployed flows
	After  Totals `json:"after"`  // with the edited flows

	Changes   Changes    `json:"changes"`
	Templates []Template `json:"templates"` // those of which messages were sent, by flow and name
	Hours     []Hour     `json:"hours"`     // of the day, in the zone asked for; all 24
	People    []Person   `json:"people"`    // for whom something is different, the greatest difference first

	// Recorded is how many messages were really posted in the window, as far as their posts
	// ended in it. Before.Messages is another number where flows were deployed within the
	// window, or operators held messages back.
	Recorded int `json:"recorded"`
}

// Totals are what one set of flows led to.
type Totals struct {
	Messages int            `json:"messages"`
	People   int            `json:"people"` // who got at least one
	Runs     int            `json:"runs"`   // started in the window
	Live     int            `json:"live"`   // of those, at its end
	Endings  []Ending       `json:"endings,omitempty"`
	Unsent   map[string]int `json:"unsent,omitempty"` // messages held back, by reason
	// Receipts says where what came back for the messages was taken from.
	Receipts Receipts `json:"receipts"`
	// Unanswered are fetches of which no answer was recorded; they failed.
	Unanswered int `json:"unanswered_fetches,omitempty"`
	// Unfrozen are campaigns without a recorded audience; they reached
	// nobody.
	Unfrozen int `json:"unfrozen_audiences,omitempty"`
}

// Receipts are messages by where what came back for them was taken from.
type Receipts struct {
	Recorded   int `json:"recorded"`    // what really came back
	LikeOthers int `json:"like_others"` // what came back for another message of the template
	Unread     int `json:"unread"`      // nothing: accepted, and never heard of again
}

// Ending is how runs of a flow ended, and how many.
type Ending struct {
	Flow    string `json:"flow"`
	Outcome string `json:"outcome"`
	Runs    int    `json:"runs"`
}

// Changes are messages by what the edit does to them.
type Changes struct {
	Same     int `json:"same"`     // the same text at the same time
	Reworded int `json:"reworded"` // another text at the same time
	Moved    int `json:"moved"`    // at another time
	Added    int `json:"added"`
	Dropped  int `json:"dropped"`
}

// Template is what the edit does to the messages of one template in one flow.
type Template struct {
	Flow     string `json:"flow"`
	Template string `json:"template"`
	Before   int    `json:"before"`
	After    int    `json:"after"`
	Changes
}

// Hour is the messages of one hour of the day.
type Hour struct {
	Hour   int `json:"hour"`
	Before int `json:"before"`
	After  int `json:"after"`
}

// Person is what the edit does to the messages of one person.
type Person struct {
	Profile string       `json:"profile"`
	Before  int          `json:"before"`
	After   int          `json:"after"`
	Added   []Difference `json:"added,omitempty"`
	Dropped []Difference `json:"dropped,omitempty"`
	Moved   []Difference `json:"moved,omitempty"`
}

// Difference is one message that only one set of flows sent, or each at another time.
type Difference struct {
	Flow     string         `json:"flow"`
	Key      string         `json:"key,omitempty"`
	Template string         `json:"template"`
	At       engine.Instant `json:"at"`
	Was      engine.Instant `json:"was,omitzero"` // of one that moved: when the deployed flows sent it
}

// moved is how far apart the times of a message must be for it to count as moved.
const moved = time.Minute

// report compares two worlds.
func (b *backtest) report(before, after *world) *Report {
	r := &Report{
		From: b.rec.begin, Until: b.until, Inputs: b.rec.outside, Skipped: b.skipped(),
		Before: before.ledger.totals(), After: after.ledger.totals(),
		Recorded: b.rec.posted,
	}
	r.Hours = hours(before.ledger.messages, after.ledger.messages, cmp.Or(b.options.Zone, time.UTC))
	c := newComparison()
	c.compare(before.ledger.messages, after.ledger.messages)
	r.Changes, r.Templates, r.People = c.total, c.byTemplate(), c.byPerson()
	return r
}

func (l *ledger) totals() Totals {
	people := map[string]bool{}
	for i := range l.messages {
		people[l.messages[i].self.profile] = true
	}
	t := Totals{
		Messages: len(l.messages), People: len(people), Runs: l.started, Live: l.live, Unsent: l.unsent,
		Receipts:   Receipts{Recorded: l.assumed[asRecorded], LikeOthers: l.assumed[asOthers], Unread: l.assumed[asUnread]},
		Unanswered: l.unanswered, Unfrozen: l.unfrozen,
	}
	for _, e := range slices.SortedFunc(maps.Keys(l.endings), func(a, b flowWord) int {
		return cmp.Or(cmp.Compare(a.flow, b.flow), cmp.Compare(a.word, b.word))
	}) {
		t.Endings = append(t.Endings, Ending{e.flow, e.word, l.endings[e]})
	}
	return t
}

func hours(before, after []sent, zone *time.Location) []Hour {
	all := make([]Hour, 24)
	for i := range all {
		all[i].Hour = i
	}
	for i := range before {
		all[before[i].at.Time().In(zone).Hour()].Before++
	}
	for i := range after {
		all[after[i].at.Time().In(zone).Hour()].After++
	}
	return all
}
