package cluster

import (
	"context"
	"errors"
	"slices"

	"nudge/store/nodes"
)

// hear takes what was reported. It says whether the lease is to be renewed before its time, to see what others did.
func (k *Keeper) hear() (renew bool) {
	k.mu.Lock()
	all := k.news
	k.news = news{failed: map[int]error{}}
	k.mu.Unlock()
	for _, id := range all.leaving {
		k.h.Leaving(id)
	}
	for _, e := range all.ended {
		k.ended(e)
	}
	for n, err := range all.failed {
		k.failed(n, err)
	}
	return all.renew
}

// carryOut does what is planned.
func (k *Keeper) carryOut(ctx context.Context, p Plan) {
	for _, at := range p.Release {
		k.release(ctx, at)
	}
	if len(p.Take) > 0 {
		k.take(ctx, p.Take)
	}
	for _, n := range p.Close {
		k.h.Closing(n)
		k.call(ctx, n, closing, func(ctx context.Context) error { return k.config.Parts.Close(ctx, n) })
	}
}

func (k *Keeper) take(ctx context.Context, numbers []int) {
	asking, cancel := k.ask(ctx)
	defer cancel()
	from := slices.Clone(k.h.view.Partitions)
	got, err := k.config.Registry.Take(asking, k.node.ID, numbers)
	k.h.Taken(numbers, got, k.clock())
	if err != nil {
		k.wait("no partitions could be taken; it is tried again", err)
	}
	for _, p := range got {
		k.correct(p)
		k.config.Metrics.took(from[p.Number], k.node.ID)
		k.config.Log.Info("this node takes a partition", "node", k.node.ID, "partition", p.Number, "epoch", p.Epoch, "from", p.Last)
		(*k.epochs.Load())[p.Number].Store(p.Epoch)
		k.call(ctx, p.Number, opening, func(ctx context.Context) error { return k.config.Parts.Open(ctx, p) })
	}
}

func (k *Keeper) release(ctx context.Context, p nodes.Partition) {
	asking, cancel := k.ask(ctx)
	defer cancel()
	switch err := k.config.Registry.Release(asking, k.node.ID, p.Number, p.Epoch); {
	case errors.Is(err, nodes.ErrNotOwner):
		k.report(func(n *news) { n.renew = true }) // the view is old
	case err != nil:
		k.wait("a partition could not be given back; it is tried again", err)
	default:
		k.h.Released(p.Number, k.clock())
		k.correct(k.h.view.Partitions[p.Number])
		k.config.Log.Info("this node gave a partition back", "node", k.node.ID, "partition", p.Number)
		k.config.Tell(Notice{Released: []int{p.Number}})
	}
}

// call begins a call of Parts. Its end is reported.
func (k *Keeper) call(ctx context.Context, number int, s stage, f func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	k.cancels[number] = cancel
	go func() {
		err := f(ctx)
		k.report(func(n *news) { n.ended = append(n.ended, ended{number, s, err}) })
	}()
}

// lose makes a partition one that this node does not act for any more. Opening and closing of it are cut short.
func (k *Keeper) lose(number int, why reason) {
	k.config.Metrics.drops.WithLabelValues(string(why)).Inc()
	k.config.Log.Warn("this node loses a partition", "node", k.node.ID, "partition", number, "why", why)
	k.forgo(number)
	if cancel := k.cancels[number]; cancel != nil {
		cancel()
		return
	}
	k.drop(number)
}

// forgo makes Holds say that a partition is not this node's.
func (k *Keeper) forgo(number int) { (*k.epochs.Load())[number].Store(0) }

func (k *Keeper) drop(number int) {
	k.call(context.Background(), number, dropping, func(context.Context) error { k.config.Parts.Drop(number); return nil })
}

// ended notes how a call of Parts ended.
func (k *Keeper) ended(e ended) {
	k.cancels[e.number]()
	delete(k.cancels, e.number)
	switch {
	case e.call == dropping:
		k.h.Dropped(e.number)
	case e.call == opening && e.err == nil:
		if !k.h.Opened(e.number, k.clock()) {
			k.drop(e.number)
		}
	case e.call == opening:
		k.forgo(e.number)
		k.config.Metrics.drops.WithLabelValues(string(whyNotOpened)).Inc()
		k.config.Log.Error("a partition was not opened here", "node", k.node.ID, "partition", e.number, "error", e.err)
		k.h.NotOpened(e.number, k.clock())
	case e.err == nil:
		k.forgo(e.number)
		k.h.Closed(e.number)
	default:
		k.forgo(e.number)
		k.config.Log.Error("a partition was not given back in order", "node", k.node.ID, "partition", e.number, "error", e.err)
		k.h.NotClosed(e.number)
		k.drop(e.number)
	}
}

// failed notes that the loop of a partition has ended by itself.
func (k *Keeper) failed(number int, err error) {
	if number < 0 || number >= len(k.h.parts) {
		return
	}
	switch x := &k.h.parts[number]; {
	case x.stage == opening && !x.lost: // its opening has not been reported yet
		k.mu.Lock()
		k.news.failed[number] = err
		k.mu.Unlock()
	case x.stage == open:
		why := whyFailed
		if errors.Is(err, nodes.ErrNotOwner) {
			why = whyFenced
		}
		k.h.Failed(number, k.clock())
		k.config.Log.Error("the loop of a partition has ended", "node", k.node.ID, "partition", number, "error", err)
		k.lose(number, why)
	}
}

// Owner returns the node that serves a partition, as the newest view has it.
func (k *Keeper) Owner(part int) (nodes.Node, bool) {
	v := k.seen.Load()
	if v == nil || part < 0 || part >= len(v.Partitions) {
		return nodes.Node{}, false
	}
	n, ok := k.Node(v.Partitions[part].Owner)
	return n, ok && !n.Dead
}

// Node returns the node with an ID, as the newest view has it, also one that is over.
func (k *Keeper) Node(id nodes.ID) (nodes.Node, bool) {
	v := k.seen.Load()
	if v == nil || id == "" {
		return nodes.Node{}, false
	}
	i := slices.IndexFunc(v.Nodes, func(n nodes.Node) bool { return n.ID == id })
	if i < 0 {
		return nodes.Node{}, false
	}
	return v.Nodes[i], true
}

// Others returns the other living nodes, as the newest view has them.
func (k *Keeper) Others() (all []nodes.Node) {
	v := k.seen.Load()
	if v == nil {
		return nil
	}
	for _, n := range v.Nodes {
		if !n.Dead && v.Now.Before(n.Expires) && n.Address != k.config.Address {
			all = append(all, n)
		}
	}
	return all
}

// Look asks the registry who has what. It returns at once what somebody else learns who asked later than this call began.
func (k *Keeper) Look(ctx context.Context) error {
	from := k.clock()
	k.looks.Lock()
	defer k.looks.Unlock()
	if v := k.seen.Load(); v != nil && v.sent > from {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, k.config.Term/3)
	defer cancel()
	sent := k.clock()
	v, err := k.config.Registry.View(ctx)
	if err == nil {
		k.see(v, sent)
	}
	return err
}
