package backtest

import (
	"nudge/channels"
	"nudge/engine"
)

// pair finds the recorded run that a new run is.
func (w *world) pair(r *engine.Run) {
	if own := w.rec.find(r, w.taken); own != nil {
		w.taken[own] = true
		w.paired[r.ID], w.back[own.id] = own, r.ID
	}
}

// recorded returns what was recorded of a run, or nil.
func (w *world) recorded(id engine.RunID) *recordedRun {
	if own := w.paired[id]; own != nil {
		return own
	}
	if own := w.rec.byID[id]; own != nil && own.earlier {
		return own
	}
	return nil
}

// translate makes a recorded input one of this world, where runs have other IDs; nil
// where it concerns a run that this world does not have.
func (w *world) translate(in *engine.Input) *engine.Input {
	switch p := in.Payload.(type) {
	case *engine.Cancel:
		id, ok := w.here(p.Run)
		if !ok {
			return nil
		}
		cancel := *p
		cancel.Run = id
		return &engine.Input{ID: in.ID, Payload: &cancel}
	case *engine.Retry:
		id, ok := w.here(p.Run)
		if !ok {
			return nil
		}
		retry, _, err := w.store.Retry(id, p.Reason)
		if err != nil || retry == nil {
			return nil
		}
		return &engine.Input{ID: in.ID, Payload: retry}
	case *engine.Reply:
		reply := p.Reply
		if id, err := engine.ParseRunID(reply.Answers.Run); err == nil {
			if here, ok := w.here(id); ok {
				reply.Answers.Run = here.String()
			} else {
				reply.Answers = channels.Ref{}
			}
		}
		return &engine.Input{ID: in.ID, Payload: &engine.Reply{Reply: reply}}
	case *engine.CampaignControl:
		return w.steer(in, *p)
	case *engine.Control:
		return nil // see begin
	}
	return in
}

// steer turns an operator's command about a recorded campaign into one about the campaign with
// the same name here.
func (w *world) steer(in *engine.Input, steer engine.CampaignControl) *engine.Input {
	if steer.Campaign == 0 {
		return in
	}
	here, ok := w.campaigns[w.rec.campaigns[steer.Campaign]]
	if !ok {
		return nil
	}
	steer.Campaign = here
	return &engine.Input{ID: in.ID, Payload: &steer}
}

// here returns the run of this world that a recorded run is.
func (w *world) here(id engine.RunID) (engine.RunID, bool) {
	if own := w.rec.byID[id]; own != nil && own.earlier {
		return id, true
	}
	here, ok := w.back[id]
	return here, ok
}
