package engine

import (
	"fmt"

	"nudge/flows"
)

// Describe says in words what an entry of a run's timeline means. The flow is the
// version the run is pinned to; nil where it is no longer known.
func Describe(f *flows.Flow, r *Run, e Entry) string {
	step := "a step"
	if f != nil && e.Step >= 0 && e.Step < len(f.Steps) {
		step = f.Steps[e.Step].ID
	}
	attempt := ""
	if e.Attempt > 1 {
		attempt = fmt.Sprintf(" (attempt %d)", e.Attempt)
	}
	switch e.Kind {
	case KindStarted:
		return "started by " + e.Detail
	case KindSkipped:
		return step + " skipped: its if is false"
	case KindPlanned:
		return step + " planned, waiting to go out"
	case KindClaimed:
		return step + " handed to the channel" + attempt
	case KindAccepted:
		return step + " accepted by the provider as " + e.Detail + attempt
	case KindRefused:
		return step + " refused: " + e.Detail
	case KindDeferred:
		return step + " deferred, to be tried again: " + e.Detail
	case KindReturned:
		return step + " not posted after all, planned again: " + e.Detail
	case KindUnknown:
		return step + attempt + " has an unknown outcome, held for a webhook to prove it: " + e.Detail
	case KindResend:
		return step + " is to be sent again, as nothing proved its unknown outcome: " + e.Detail
	case KindGaveUp:
		return step + " was never proved: " + e.Detail
	case KindUnsent:
		return step + " unsent: " + e.Detail
	case KindDelayed:
		return step + " held until " + e.Detail
	case KindAsked:
		return step + ": asked the provider: " + e.Detail
	case KindReceipt:
		return step + " " + e.Detail + attempt
	case KindWaiting:
		began := " began"
		if f != nil && e.Step >= 0 && (f.Steps[e.Step].Repeat != nil || f.Steps[e.Step].Start != nil) {
			began = " waits"
		}
		if e.Detail == "" {
			return step + began + ", without a timer"
		}
		return step + began + ", until " + e.Detail
	case KindWaitEnded:
		return waitEnded(f, step, e)
	case KindEvent:
		return "event " + e.Detail
	case KindReply:
		return fmt.Sprintf("reply %q", e.Detail)
	case KindHeld:
		return fmt.Sprintf("%q held for the next wait", e.Detail)
	case KindDropped:
		return fmt.Sprintf("%q dropped: more than %d were held", e.Detail, MaxMailbox)
	case KindBranch:
		if e.Detail == "" {
			return step + " took no arm"
		}
		return step + " took arm " + e.Detail
	case KindSet:
		return "set " + e.Detail
	case KindEnded:
		return "ended: " + e.Detail
	case KindError:
		return e.Detail
	case KindMoved:
		return "moved " + e.Detail
	case KindLeft:
		return fmt.Sprintf("%q was held, and no step took it", e.Detail)
	case KindScheduled:
		return "begins when it is time where the person lives, at " + e.Detail
	case KindRound:
		return step + " began round " + e.Detail
	case KindItem:
		return step + " collected " + e.Detail
	case KindEmitted:
		return step + " emitted " + e.Detail
	case KindCalled:
		return step + " called " + e.Detail
	case KindFetch:
		return step + " fetches " + e.Detail + attempt
	case KindFetched:
		return step + " was " + e.Detail
	case KindOpted:
		return "opted " + e.Detail
	case KindQuarantined:
		return "quarantined, our fault: " + e.Detail
	}
	return e.Kind.String()
}

// waitEnded explains an outcome that no line of the wait stands for.
func waitEnded(f *flows.Flow, step string, e Entry) string {
	if f == nil || e.Step < 0 || f.Steps[e.Step].Wait == nil {
		return step + " ended: " + e.Detail
	}
	if e.Detail == outcomeFailed && !hasOutcome(f.Steps[e.Step].Wait, outcomeFailed) {
		return step + " ended: failed, the message did not reach the person"
	}
	return step + " ended: " + e.Detail
}

func hasOutcome(w *flows.Wait, outcome string) bool {
	for i := range w.Lines {
		if w.Lines[i].As == outcome {
			return true
		}
	}
	return false
}
