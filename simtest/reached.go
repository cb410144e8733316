package simtest

import (
	"strings"

	"nudge/engine"
)

// mustReach are the states that a full run must have been in at least once: where
// faults meet what they are there to break. A run that missed one proves little.
var mustReach = []string{
	"unknown proved by a receipt",
	"unknown resent",
	"unknown failed by policy",
	"unknown gone on with",
	"receipt before the response",
	"receipt after the timeout",
	"receipt after the end",
	"receipt that waits for its message", "receipt that waited for its message", "orphan receipt expired",
	"crash during recovery",
	"crash with messages claimed",
	"flow edited while a run waits",
	"gap of daylight saving",
	"the commit fails",
	"the commit fails, yet is kept",
	"a crash before the commit",
	"a crash after the commit",
	"a record cannot be read", "a damaged record", "a damaged record of a called run",
	"an id seen again",
	"event held",
	"campaign of an event", "an event left the rows to come out", "an event kept for the rows to come", "left by an event that was kept for the row", "left out: exited",
	"event names whom it must", "event names somebody else", "nobody is known whom an event must name",
	"reply held", "reply in a conversation", "reply heard anywhere",
	"dropped from a full mailbox",
	"deferred and tried again",
	"returned and sent later",
	"batch with several inputs",
	"planned while no sender is free",
	"sent through the second account",
	"webhook given up",
	"queue full",
	"restored from a backup", "restored as another installation", "campaign of a backup goes on",
	"forgotten with a run live",
	"derived input after a crash",
	"taken over by another version", "led out by another version", "taken over on coming to a wait",
	"held for its window",
	"capped",
	"capped, and waits for a place",
	"late",
	"opted out",
	"opening over a change of clocks",
	"a place given back",
	"missed campaign skipped",
	"gap of daylight saving in a schedule",
	"crash within a fan-out",
	"events are counted",
	"asked before a timer counts", "an answer proved a receipt that was lost", "a question without an answer",
	"nobody was free to ask", "asked again after a crash", "crash with questions open", "surveyed after a long stop",
	"an account behaves otherwise after a start",
	"parked until the person's own time", "waits again, where the person lives now", "read a person's own time of day", "left out: no time", "a message in a loop without times", "a step passed over that had an end", "a message passed over again", "left out: condition", "left out: late",
	"campaign paused", "campaign resumed", "campaign cancelled", "began when its campaign went on",
	"skipped when its window opened",
	"merge field",
	"ended by what cannot be computed", "a line that cannot be computed",
	"the opening of hours", "hours that were open", "some time within hours", "hours of today, not of the version", "counted where somebody lived before",
	"no timer left that could end a wait", "overtaken by the until of a loop", "left by the steps of an exit",
	"took a do", "a do that follows", "dropped by its wait", "a later reminder in the place of an earlier one",
	"an audience from a service", "a campaign whose audience cannot be read", "stopped by a bad row",
	"not taken over: its data does not fit",
	"entry skipped", "entry queued", "entry restarted", "at_most", "dequeued",
	"lived with order_shipped", "lived with survey_by_reply", "lived with comment_digest", "lived with abandoned_cart",
	"lived with escalation", "lived with welcome_series", "lived with reminder_until_read", "lived with ab_test",
	"lived with hello", "lived with weekly_report", "lived with flash_sale",
	"an event that breaks its example's shape",
	"audited: reload tokens", "audited: deploy flows", "audited: set outbound", "audited: forget person", "audited: change person",
	"a proposal approved", "a stale proposal",
	"audited: cancel run", "audited: start run", "audited: start campaign", "audited: pause campaign", "audited: resume campaign", "audited: cancel campaign",
}

// look notes the states that a batch was in.
func (m *machine) look(b *engine.Batch) {
	if len(b.Journal) > 1 {
		m.reached["batch with several inputs"]++
	}
	for i := range b.Journal {
		if in := b.Journal[i].Input; in.Derived != 0 && m.fresh == nil {
			m.reached["derived input after a crash"]++
		}
	}
	for _, c := range b.Changes {
		m.lookAt(c)
	}
}

func (m *machine) lookAt(c engine.Change) {
	if c.Before == nil {
		return
	}
	for _, e := range c.After.Since(c.Before.Logged()) {
		switch e.Kind {
		case engine.KindReceipt:
			m.lookAtReceipt(c.Before, e)
		case engine.KindClaimed: // a claim shows two things
			if c.After.Message(e.Message).Account == "second" {
				m.reached["sent through the second account"]++
			}
			if e.Attempt > 1 {
				m.reached["deferred and tried again"]++
			}
		case engine.KindUnsent:
			if e.UnsentReason() == engine.ReasonSkipped {
				m.reached["skipped when its window opened"]++
			}
			m.reached[strings.ReplaceAll(e.UnsentReason(), "_", " ")]++
		default:
			if state := stateShown(c.After, e); state != "" {
				m.reached[state]++
			}
		}
	}
}

// stateShown is the state that an entry of a run's timeline shows, if any.
func stateShown(r *engine.Run, e engine.Entry) string {
	switch e.Kind {
	case engine.KindReturned:
		return "returned and sent later"
	case engine.KindDropped:
		return "dropped from a full mailbox"
	case engine.KindResend:
		return "unknown resent"
	case engine.KindGaveUp:
		return map[string]string{"on_unknown: fail": "unknown failed by policy", "on_unknown: continue": "unknown gone on with"}[e.Detail]
	case engine.KindPlanned:
		return "planned while no sender is free"
	case engine.KindDelayed:
		if r.Message(e.Message).Reason == engine.ReasonCapped {
			return "capped, and waits for a place"
		}
		return "held for its window"
	case engine.KindMoved:
		if r.Live() {
			return "taken over by another version"
		}
		return "led out by another version"
	case engine.KindEnded:
		if e.Detail == engine.OutcomeForgotten {
			return "forgotten with a run live"
		}
	}
	return ""
}

func (m *machine) lookAtReceipt(before *engine.Run, e engine.Entry) {
	msg := before.Message(e.Message)
	if msg == nil {
		return
	}
	switch msg.Status {
	case engine.Unknown:
		m.reached["unknown proved by a receipt"]++
	case engine.Claimed:
		m.reached["receipt before the response"]++
	}
	switch {
	case !before.Live():
		m.reached["receipt after the end"]++
	case before.Status != engine.Sending && len(before.Waits) > 0 && before.Waits[len(before.Waits)-1].Outcome == "after":
		m.reached["receipt after the timeout"]++
	}
}
