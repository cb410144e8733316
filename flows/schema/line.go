package schema

// place is where a line stands; it decides which keys the line may have.
type place int

const (
	inWait place = iota
	inExit
	inRepeat
	inCollect
)

var titles = []string{"A line of a wait", "An exit", "A line of a loop", "A line of a collection"}

var (
	signals        = []string{"read", "delivered", "failed", "reply", "event", "after", "at"}
	collectSignals = append(signals[:len(signals):len(signals)], "quiet", "items")
)

// line is one signal with its condition and what follows it.
func line(where place) *schema {
	keys := append(messageSignals(),
		key("event", "An event of this type happens.", eventType(), "order.delivered"),
		key("key", "By which the event finds its run; it reads only the event. `any`: the runs of the person the event names. "+
			"Where the trigger has a key, this must be said.", expression(), "event.order_id", "any"),
		key("after", "So much time has passed: `h` is elapsed time, `d` is a calendar day where the person lives. `never` is no end.", afterValue(), "24h", "3d", "never"),
		key("at", "A moment comes: `09:00`, `mon-fri 09:00`, `2026-12-24 09:00`, `24h before data.starts_at`, or a time. One that is past is not taken.",
			text(), "mon-fri 09:00", "24h before data.starts_at"),
		key("if", "Only if this holds. By itself it is a signal: it is looked at whenever the run wakes.", condition(), `lower(reply.text) contains "help"`),
		key("as", "The name of the outcome. Without it, the word of the signal.", name(), "returned"),
	)
	used := signals
	if where == inCollect {
		used = collectSignals
		keys = append(keys,
			key("quiet", "Nothing was collected for so long.", duration(), "10m"),
			key("items", "So many were collected.", integer(1, 1000), 50))
	}
	if where == inExit {
		keys = append(keys, key("goal", "Leaving this way is what the flow is for.", truth(), true))
	} else {
		keys = append(keys, key("then", "The steps that follow; the flow goes on behind them.", ref2("steps"), []any{example{"send": "reminder"}}))
	}
	s := mapping(titles[where], "One signal to look out for. The first line of a list to happen wins; of several at one instant the upper.", keys...)
	s.OneOf = append(exactlyOne(used...), onlyIf(used))
	s.Dependencies = map[string]any{"key": []string{"event"}}
	return s
}

func messageSignals() []property {
	return []property{
		key("read", "The message of this step, or `any` message of the run, was read.", message(), "shipped", "any"),
		key("delivered", "The message of this step, or `any` message of the run, reached the person.", message(), "shipped", "any"),
		key("failed", "The message of this step, or `any` message of the run, did not reach the person: it was held back, or it did not arrive.", message(), "shipped", "any"),
		key("reply", "The person answers the message of this step, or `any` message of the run.", message(), "shipped", "any"),
	}
}

// onlyIf is a line whose condition is its signal.
func onlyIf(signals []string) *schema {
	s := has("if")
	for _, name := range signals {
		s.AllOf = append(s.AllOf, hasNot(name))
	}
	return s
}
