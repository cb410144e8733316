package engine

import "crypto/sha256"

// Route says who takes an input in a divided installation.
type Route struct {
	Partition int  // that takes it; it decides whom else it concerns
	Each      bool // every partition takes it, as a common command: they stand in one order
	Own       bool // the loop of a partition makes it for itself

	// Run is the run that it is about; zero for none. Partition is where the run was started, and the run may have been moved since:
	// see [State.Moved].
	Run RunID
}

// RouteOf returns who takes an input if there are n partitions. A receipt, an answer and a command about a run go where the
// run is; an input about a person goes to their partition; one about a flow or a campaign goes to that of the flow.
func RouteOf(in *Input, n int) Route {
	if n <= 1 {
		return Route{}
	}
	return in.route(in, n)
}

// About the person whom they name.

func (rp *Reply) route(_ *Input, n int) Route        { return person(rp.Profile, n) }
func (c *ProfileChange) route(_ *Input, n int) Route { return person(c.Profile, n) }
func (c *Call) route(_ *Input, n int) Route          { return person(c.Profile, n) }
func (d *Dequeue) route(_ *Input, n int) Route       { return person(d.Profile, n) }

// route of a note about nobody is the first partition.
func (n *Note) route(_ *Input, of int) Route {
	if n.Profile == "" {
		return Route{}
	}
	return person(n.Profile, of)
}

// route of an event that names nobody is by its ID, else by what it says: the same event goes the same way again.
func (ev *Event) route(in *Input, n int) Route {
	switch {
	case ev.Profile != "":
		return person(ev.Profile, n)
	case in.ID != "":
		return person(in.ID, n)
	}
	sum := sha256.Sum256(ev.Data)
	return person(ev.Type+"\x00"+string(sum[:]), n)
}

// About a run.

func (res *SendResult) route(_ *Input, n int) Route  { return birthplace(res.Run, n) }
func (t *Timer) route(_ *Input, n int) Route         { return birthplace(t.Run, n) }
func (ref *Claim) route(_ *Input, n int) Route       { return birthplace(ref.Run, n) }
func (c *Cancel) route(_ *Input, n int) Route        { return birthplace(c.Run, n) }
func (c *ChildEnded) route(_ *Input, n int) Route    { return birthplace(c.Parent, n) }
func (res *FetchResult) route(_ *Input, n int) Route { return birthplace(res.Run, n) }
func (m *Move) route(_ *Input, n int) Route          { return birthplace(m.Run, n) }
func (in *StatusAnswer) route(_ *Input, n int) Route { return birthplace(in.Run, n) }
func (q *Quarantine) route(_ *Input, n int) Route    { return birthplace(q.Run, n) }
func (p *Retry) route(_ *Input, n int) Route         { return birthplace(p.Run, n) }

// route of a receipt that names its message only by the provider's ID is by that ID: it waits there until it is known
// whose message it is.
func (rc *Receipt) route(_ *Input, n int) Route {
	if rc.Ref.IsZero() {
		return person(rc.ProviderID, n)
	}
	id, err := ParseRunID(rc.Ref.Run)
	if err != nil {
		return Route{} // no partition has such a run
	}
	return birthplace(id, n)
}

// About a flow or a campaign.

func (t *Tick) route(_ *Input, n int) Route      { return person(t.Flow, n) }
func (in *Snapshot) route(_ *Input, n int) Route { return homeOf(in.Campaign, n) }
func (s *CampaignControl) route(_ *Input, n int) Route {
	if s.Do.Starts() {
		return person(s.Flow, n)
	}
	return homeOf(s.Campaign, n)
}

// For all.

func (d *Deploy) route(*Input, int) Route  { return Route{Each: true} }
func (c *Control) route(*Input, int) Route { return Route{Each: true} }

// Of the loop itself.

func (in *Accounts) route(*Input, int) Route      { return Route{Own: true} }
func (in *Rows) route(*Input, int) Route          { return Route{Own: true} }
func (s *Sweep) route(*Input, int) Route          { return Route{Own: true} }
func (in *ExpireOrphans) route(*Input, int) Route { return Route{Own: true} }
func (in *RecheckRuns) route(*Input, int) Route   { return Route{Own: true} }

// person is the route of what is about a name.
func person(name string, n int) Route { return Route{Partition: PartitionOf(name, n)} }

// birthplace is the route of what is about a run. What is about one that no partition can have goes to the first, which says
// so.
func birthplace(id RunID, n int) Route { return Route{Partition: PartitionOfRun(id, n), Run: id} }

// PartitionOfRun returns the partition among n that started a run, or the first one if none can have.
func PartitionOfRun(id RunID, n int) int { return orFirst(id.Partition(), n) }

// homeOf is the route of what is about a campaign.
func homeOf(number uint64, n int) Route { return Route{Partition: orFirst(CampaignHome(number), n)} }

func orFirst(partition, n int) int {
	if partition >= n {
		return 0
	}
	return partition
}

// homeBits is where the number of a campaign has its partition.
const homeBits = 48

// CampaignHome is the partition that fired a campaign. In an installation that is not divided it is 0.
func CampaignHome(number uint64) int { return int(number >> homeBits) }

// FirstCampaign is less than the number of every campaign that a partition fires, and greater than those of the partitions
// before it.
func FirstCampaign(partition int) uint64 { return uint64(partition) << homeBits }
