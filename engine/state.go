package engine

import "slices"

// State is what the engine knows apart from its runs.
type State struct {
	Installation Installation
	Seq          uint64  // number of the last input applied
	Stamp        Instant // instant of the last input applied; never falls
	Derived      uint64  // number of the last derived input
	Outbound     Outbound
	Only         []string // profiles that OutboundOnly lets through, sorted
	Killed       bool
	Active       []FlowVersion // flows that may start runs, sorted by name
	Schedules    []Scheduled   // of the active flows, in their order
	Open         []uint64      // numbers of the campaigns that still have rows to take, oldest first
	Firings      []Firing      // those of them that events have fired

	Accounts  []AccountPolicy // the default one first; empty when no account needs a policy
	Orphans   int             // messages whose receipts wait for their ID
	Down      Instant         // webhooks about messages posted before this may have been lost; 0 for never
	Surveying bool            // runs still have to check the status of those messages
	Surveyed  RunID           // the last run that has done so
	Forgot    uint64          // number of the last input that forgot a person; 0 for none

	Partition Partition // which part of the installation this is
	Owed      []uint64  // by partition: number of the last input that was owed to it
	Seen      []uint64  // by sender: number of the last of its inputs that was taken

	Former []Installation // the stores from which this one was moved: it has their runs, and takes their receipts
}

// FlowVersion names one version of a flow.
type FlowVersion struct {
	Flow    string `json:"flow"`
	Version string `json:"version"`
}

// Holding reports whether nothing may be claimed at present.
func (s *State) Holding() bool { return s.Killed || s.Outbound == OutboundHold }

// allows reports whether a message to the person may go out under OutboundOnly.
func (s *State) allows(profile string) bool {
	if s.Outbound != OutboundOnly {
		return true
	}
	_, ok := slices.BinarySearch(s.Only, profile)
	return ok
}

// Kind is InputControl.
func (c *Control) Kind() InputKind { return InputControl }

func (c *Control) needs(*Engine, *Needs) {}

// apply changes what may go out.
func (c *Control) apply(a *applier) {
	s := &a.e.State
	if c.Outbound != 0 {
		s.Outbound = c.Outbound
		s.Only = slices.Compact(slices.Sorted(slices.Values(c.Only)))
	}
	if c.Kill != nil {
		s.Killed = *c.Kill
	}
	a.changed = true
}
