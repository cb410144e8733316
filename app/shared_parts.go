package app

import (
	"context"
	"sync"

	"nudge/cluster"
	"nudge/engine"
	"nudge/runner"
	"nudge/store"
	"nudge/store/nodes"
)

// Open takes a partition up.
func (s *shared) Open(ctx context.Context, p nodes.Partition) error {
	kv := s.db.Owned(p.Number, p.Owner, p.Epoch)
	own, err := store.Open(kv)
	if err == nil {
		err = own.NoteVersion(BuildOf().Version)
	}
	if err != nil {
		return err
	}
	core, err := own.Engine()
	if err != nil {
		return err
	}
	s.slots[p.Number].own.Store(&kv)
	if err := s.i.runner.Open(ctx, p.Number, runner.Part{Store: own, Core: core}); err != nil {
		s.slots[p.Number].own.Store(nil)
		return err
	}
	if p.Number == 0 {
		return s.takeLead()
	}
	return nil
}

// Close gives a partition back in order.
func (s *shared) Close(ctx context.Context, number int) error {
	if number == 0 {
		s.leaveLead()
	}
	err := s.i.runner.Close(ctx, number)
	s.slots[number].own.Store(nil)
	return err
}

// Drop ends a partition that is lost, at once.
func (s *shared) Drop(number int) {
	s.i.runner.Drop(number)
	s.slots[number].own.Store(nil)
	if number == 0 {
		go s.leaveLead() // its jobs may take a moment to end
	}
}

// hear takes what another node lets this one know.
func (s *shared) hear(n cluster.Notice) {
	if n.Commands {
		s.i.runner.LookForCommands()
	}
	s.keeper.Hear(n)
}

// lead is the work of the node that has the first partition: jobs, the watched proposals, and moving runs to new versions.
type lead struct {
	cancel context.CancelFunc
	work   sync.WaitGroup
}

func (s *shared) takeLead() error {
	s.leading.Lock()
	defer s.leading.Unlock()
	if err := s.i.jobs.Open(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &lead{cancel: cancel}
	l.work.Go(func() { s.i.migrations(ctx) })
	l.work.Go(func() { s.i.server.WatchProposals(ctx, s.i.config.Clock) })
	s.i.noteDeploy()
	s.lead = l
	return nil
}

func (s *shared) leaveLead() {
	s.leading.Lock()
	defer s.leading.Unlock()
	if s.lead == nil {
		return
	}
	s.lead.cancel()
	s.i.jobs.Close()
	s.lead.work.Wait()
	s.lead = nil
}

// jobFailed takes that the record of a job could not be written.
func (s *shared) jobFailed(err error) {
	s.i.log.Warn("the record of a job could not be written; the node that has the jobs next goes on with it", "error", err)
}

// ownNotices are the notices of the partitions that this node has: it delivers those and no others.
type ownNotices struct{ s *shared }

func (o ownNotices) DueNotices(endpoint string, now engine.Instant, limit int) (due []*store.Notice, next engine.Instant, err error) {
	for n, part := range o.s.i.store.Parts() {
		if len(due) == limit || !o.s.i.runner.Serves(n) {
			continue
		}
		some, at, err := part.DueNotices(endpoint, now, limit-len(due))
		if err != nil {
			return nil, 0, err
		}
		due = append(due, some...)
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	return due, next, nil
}
