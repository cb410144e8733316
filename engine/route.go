package engine

import "crypto/sha256"

// Route says who takes an input in a divided installation.
type Route struct {
	Partition int  // that takes it; it decides whom else it concerns
	Each      bool // every partition takes it, as a common command: they stand in one order
	Own       bool // the loop of a partition makes it for itself
}

// RouteOf returns who takes an input if there are n partitions. A receipt, an answer and a command about a run go where the
// run was started; an input about a person goes to their partition; one about a flow or a campaign goes to that of the
// flow.
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

func (res *SendResult) route(*Input, int) Route  { return birthplace(res.Run) }
func (t *Timer) route(*Input, int) Route         { return birthplace(t.Run) }
func (ref *Claim) route(*Input, int) Route       { return birthplace(ref.Run) }
func (c *Cancel) route(*Input, int) Route        { return birthplace(c.Run) }
func (c *ChildEnded) route(*Input, int) Route    { return birthplace(c.Parent) }
func (res *FetchResult) route(*Input, int) Route { return birthplace(res.Run) }
func (m *Move) route(*Input, int) Route          { return birthplace(m.Run) }
func (in *StatusAnswer) route(*Input, int) Route { return birthplace(in.Run) }
func (q *Quarantine) route(*Input, int) Route    { return birthplace(q.Run) }
func (p *Retry) route(*Input, int) Route         { return birthplace(p.Run) }

// route of a receipt that names its message only by the provider's ID is by that ID: it waits there until it is known
// whose message it is.
func (rc *Receipt) route(_ *Input, n int) Route {
	if rc.Ref.IsZero() {
		return person(rc.ProviderID, n)
	}
	id, err := ParseRunID(rc.Ref.Run)
	if err != nil || id.Partition() >= n {
		return Route{} // no partition has such a run
	}
	return birthplace(id)
}

// About a flow or a campaign.

func (t *Tick) route(_ *Input, n int) Route  { return person(t.Flow, n) }
func (in *Snapshot) route(*Input, int) Route { return Route{Partition: CampaignHome(in.Campaign)} }
func (s *CampaignControl) route(_ *Input, n int) Route {
	if s.Do.Starts() {
		return person(s.Flow, n)
	}
	return Route{Partition: CampaignHome(s.Campaign)}
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

// birthplace is the route of what is about a run.
func birthplace(id RunID) Route { return Route{Partition: id.Partition()} }

// homeBits is where the number of a campaign has its partition.
const homeBits = 48

// CampaignHome is the partition that fired a campaign. In an installation that is not divided it is 0.
func CampaignHome(number uint64) int { return int(number >> homeBits) }

// FirstCampaign is less than the number of every campaign that a partition fires, and greater than those of the partitions
// before it.
func FirstCampaign(partition int) uint64 { return uint64(partition) << homeBits }
