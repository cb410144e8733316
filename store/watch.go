package store

import "nudge/engine"

// Watch says that a proposal is backtested again and again. Zero: it is not.
type Watch struct {
	Days     int    // how far back each backtest goes
	Receipts string // what people do with messages that were never sent
	By       engine.Actor
	Since    engine.Instant
	Until    engine.Instant // none begins from then on
	Asked    engine.Instant // when the last one was asked for; 0: none was
	Job      string         // of the last one; empty: it could not begin
	Problem  string         // why it could not
}

func (w *Watch) fields(c *codec) {
	integer(c, &w.Days)
	c.str(&w.Receipts)
	actorFields(c, &w.By)
	integer(c, &w.Since)
	integer(c, &w.Until)
	integer(c, &w.Asked)
	c.str(&w.Job)
	c.str(&w.Problem)
}

// WatchProposal changes how an open proposal is watched, and returns it as it is then; nil if no open one has the number.
func (s *Store) WatchProposal(number uint64, change func(*Watch)) (p *Proposal, err error) {
	err = s.kv.Update(func(w Writer) error {
		if p, err = readProposal(w, number); err != nil || p == nil {
			return err
		}
		if p.State != ProposalOpen {
			p = nil
			return nil
		}
		change(&p.Watch)
		return w.Put(Proposals, be(p.Number), encodeProposal(p))
	})
	return p, err
}

// OpenProposals returns the proposals that are open.
func (s *Store) OpenProposals() (all []*Proposal, err error) {
	err = s.kv.View(func(r Reader) error {
		all, _, err = openProposals(r)
		return err
	})
	return all, err
}
