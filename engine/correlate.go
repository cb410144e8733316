package engine

import (
	"cmp"
	"slices"

	"nudge/channels"
)

// Orphan is the newest receipt of a message that no run is known to have sent. The
// provider's answer with the message's ID may still be under way.
type Orphan struct {
	ProviderID string
	Since      Instant // the first such receipt
	Receipt    channels.Receipt
}

// ExpireOrphans drops receipts whose message never became known.
type ExpireOrphans struct {
	ProviderIDs []string `json:"provider_ids,omitempty"`
}

// receiptByID applies a receipt that names its message only by the provider's ID.
func (a *applier) receiptByID(rc *channels.Receipt) {
	if rc.ProviderID == "" || !a.e.State.correlates() {
		a.ignore("it does not say which message of ours it is about")
		return
	}
	if r, n := a.ws.sentAs(rc.ProviderID); r != nil {
		a.applyReceipt(r, n, rc)
		return
	}
	o := a.ws.orphans.get(rc.ProviderID)
	switch {
	case len(a.in.Elsewhere) > 0:
		a.handOnReceipt(rc, o)
	case a.in.Origin != nil:
		a.ignore("its message was erased")
	case o == nil && a.e.State.Orphans >= MaxOrphans:
		a.ignore("too many receipts wait for their message")
	case o == nil:
		a.keepOrphan(&Orphan{ProviderID: rc.ProviderID, Since: a.now, Receipt: *rc})
	case statusOf(rc.Status) <= statusOf(o.Receipt.Status):
		a.ignore("it says nothing new")
	default:
		a.keepOrphan(&Orphan{ProviderID: o.ProviderID, Since: o.Since, Receipt: *rc})
	}
}

// handOnReceipt owes a receipt to the partition that was found to have sent its message, with what waited for that.
func (a *applier) handOnReceipt(rc *channels.Receipt, waiting *Orphan) {
	a.changed = true
	if waiting != nil {
		a.dropOrphan(rc.ProviderID)
	}
	a.owe(a.in.Elsewhere[0], &Input{Payload: &Receipt{*rc}})
}

func (a *applier) keepOrphan(o *Orphan) {
	if a.ws.orphans.get(o.ProviderID) == nil {
		a.countOrphans(1)
	}
	a.ws.orphans.put(o.ProviderID, o)
	a.changed = true
}

func (a *applier) dropOrphan(id string) {
	a.countOrphans(-1)
	a.ws.orphans.put(id, nil)
	a.changed = true
}

func (a *applier) countOrphans(by int) {
	state := &a.e.State
	before := state.Orphans
	state.Orphans += by
	a.ws.undo.add(func() { state.Orphans = before })
}

// adopt applies the receipt that arrived for a message before its ID was known.
func (a *applier) adopt(r *Run, message int) {
	m := r.Message(message)
	if !m.ByID || m.ProviderID == "" || !a.e.State.correlates() {
		return
	}
	a.ws.link(m.ProviderID, r.ID)
	if o := a.ws.orphans.get(m.ProviderID); o != nil {
		a.dropOrphan(o.ProviderID)
		a.applyReceipt(r, message, &o.Receipt)
	}
}

// Kind is InputExpireOrphans.
func (in *ExpireOrphans) Kind() InputKind { return InputExpireOrphans }

func (in *ExpireOrphans) needs(_ *Engine, n *Needs) {
	n.ProviderIDs = append(n.ProviderIDs, in.ProviderIDs...)
}

// apply drops receipts that have waited too long for their message.
func (in *ExpireOrphans) apply(a *applier) {
	for _, id := range in.ProviderIDs {
		if o := a.ws.orphans.get(id); o != nil && o.Since.Add(OrphanHold) <= a.now {
			a.dropOrphan(id)
			a.out.Lapsed++
		}
	}
	if a.out.Lapsed == 0 {
		a.ignore("no receipt has waited for so long")
	}
}

// sentAs returns the message with a provider's ID, whose account correlates by it, and the
// run that sent it. If several match, it returns the oldest run's.
func (ws *WorkingSet) sentAs(id string) (*Run, int) {
	for _, run := range ws.sent[id] {
		r := ws.runs.get(run)
		for i := range r.Messages {
			if m := &r.Messages[i]; m.ByID && m.ProviderID == id {
				return r, m.Number
			}
		}
	}
	return nil, 0
}

// link records that a run has sent the message with an ID, if that ID was loaded.
func (ws *WorkingSet) link(id string, run RunID) {
	runs, loaded := ws.sent[id]
	i, found := slices.BinarySearchFunc(runs, run, RunID.Compare)
	if !loaded || found {
		return
	}
	ws.sent[id] = slices.Insert(slices.Clone(runs), i, run)
	ws.undo.add(func() { ws.sent[id] = runs })
}

// enlistSent links the messages of a run that was loaded.
func (ws *WorkingSet) enlistSent(r *Run) {
	for i := range r.Messages {
		if m := &r.Messages[i]; m.ByID && m.ProviderID != "" {
			ws.link(m.ProviderID, r.ID)
		}
	}
}

// Orphans returns the orphans that the batch has changed, in the order of their IDs. An
// orphan without a receipt is deleted.
func (ws *WorkingSet) Orphans() (changed []*Orphan) {
	for _, s := range ws.orphans.changed() {
		if s.now == nil {
			changed = append(changed, &Orphan{ProviderID: s.before.ProviderID})
		} else {
			changed = append(changed, s.now)
		}
	}
	slices.SortFunc(changed, func(x, y *Orphan) int { return cmp.Compare(x.ProviderID, y.ProviderID) })
	return changed
}

// Gone reports whether the orphan is deleted: no receipt waits for the message any more.
func (o *Orphan) Gone() bool { return o.Receipt.Status == 0 }
