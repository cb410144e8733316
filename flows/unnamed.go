package flows

// OutcomePast is the outcome of a wait or collect that no timer was left to end.
const OutcomePast = "past"

// Unnamed returns the outcomes by which a wait or collect can end without any of its lines:
// failed if all its messages may fail and no line waits for that, past if all its timers may
// be passed over.
func Unnamed(lines []Line) (outcomes []string) {
	if losesCause(lines) {
		outcomes = append(outcomes, SignalFailed.String())
	}
	if runsOut(lines) {
		outcomes = append(outcomes, OutcomePast)
	}
	return outcomes
}

// losesCause reports whether the lines name messages and none waits for their failure.
func losesCause(lines []Line) bool {
	message, timer := false, false
	for i := range lines {
		switch signal := lines[i].Signal; signal {
		case SignalFailed:
			return false
		case SignalRead, SignalDelivered, SignalReply:
			message = true
		default:
			timer = timer || signal.IsTimer() && !lines[i].Do
		}
	}
	return message && timer
}

// runsOut reports whether every timer that ends the wait may be passed over.
func runsOut(lines []Line) bool {
	timer := false
	for i := range lines {
		line := &lines[i]
		if line.Do {
			continue
		}
		switch line.Signal {
		case SignalAfter, SignalOpen, SignalQuiet:
			if line.Never || line.If == nil {
				return false
			}
			timer = true
		case SignalAt:
			if line.If == nil && !line.At.mayBePast() {
				return false
			}
			timer = true
		}
	}
	return timer
}

// mayBePast reports whether the moment may be past when it is computed. A time of day never
// is.
func (m *Moment) mayBePast() bool { return m == nil || m.Of != nil || m.Date != (Date{}) }
