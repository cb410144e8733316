package engine

import "nudge/flows"

// names reports whether an event names the person whom a line wants it to name. An event that
// names nobody never does. If the person cannot be computed, the line does not mean the event,
// and the timeline shows why.
func (a *applier) names(by *flows.Expr, r pinned, h *Signal) bool {
	who, err := a.wanted(by, r)
	if err != nil {
		a.annotate(r.ID).log(Entry{At: a.now, Kind: KindError, Step: r.At, Detail: cut(err.Error(), MaxReasonBytes)})
		return false
	}
	return by == nil || who == h.Who
}

// mayMatch reports whether a wait or collect that the run may still come to may mean an event.
// Whom the event must name may not be known yet.
func (a *applier) mayMatch(event string, key, by *flows.Expr, r pinned, h *Signal) bool {
	if !a.concerns(event, key, r, h) || by != nil && h.Who == "" {
		return false
	}
	who, err := a.wanted(by, r)
	return by == nil || err != nil || who == h.Who
}

// wanted evaluates whom a line wants an event to name.
func (a *applier) wanted(by *flows.Expr, r pinned) (string, error) {
	if by == nil {
		return "", nil
	}
	return by.Text(a.scope(r))
}
