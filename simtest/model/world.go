package model

import (
	"time"

	"nudge/engine"
)

// World is everything the model knows: the people, the runs with their histories, and
// what must follow next.
type World struct {
	installation engine.Installation
	seq          uint64
	forgot       uint64 // number of the last input that forgot somebody
	stamp        engine.Instant
	outbound     engine.Outbound
	only         []string
	killed       bool
	active       []*Flow // by name
	versions     map[engine.FlowVersion]*Flow
	runs         map[engine.RunID]*Run
	order        []*Run // live runs, oldest first
	people       map[string]*person
	derived      []*engine.Input // to come next, in order
	owed         int             // of them when the batch began; what a group's own inputs led to follows the group
	ids          map[string]engine.Instant
	arms         map[string]int // dealt by splits
	schedules    []*scheduled
	campaigns    map[uint64]*campaign
	fired        map[*campaign]bool // begun or changed by the batch in hand
	accounts     []engine.AccountPolicy
	down         engine.Instant       // the last start after a stop in which webhooks were lost
	surveying    bool                 // runs are asked about those
	surveyed     engine.RunID         // the last of them
	asks         []engine.StatusQuery // that nobody has put yet
	beginning    *beginning           // of the process; nil where what is taken was judged before
	orphans      map[string]*orphan   // by the provider's ID of the message
	categories   map[string]*Category // of the active flows
	openings     map[asked]time.Time  // that were found

	div division

	// Of the input in hand.
	in      *engine.Input
	starts  int
	slots   slots
	touched []*Run
	after   map[engine.RunID]*engine.Run // what the engine made of the runs of the batch
	changed map[*Run]bool

	Reached map[string]int // states worth having been in, and how often
}

// New returns the world of an empty store.
func New(installation engine.Installation) *World {
	return &World{installation: installation, outbound: engine.OutboundLive,
		versions: map[engine.FlowVersion]*Flow{}, runs: map[engine.RunID]*Run{}, people: map[string]*person{},
		orphans: map[string]*orphan{}, ids: map[string]engine.Instant{}, arms: map[string]int{}, openings: map[asked]time.Time{}, campaigns: map[uint64]*campaign{}, Reached: map[string]int{}}
}

// Renew tells that the store was restored from a backup, as another installation.
func (w *World) Renew(as engine.Installation) { w.installation = as }
