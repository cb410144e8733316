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
	signals        = []string{"read", "delivered", "failed", "reply", "event", "after", "at", "open"}
	collectSignals = append(signals[:len(signals):len(signals)], "quiet", "items")
)

// line is one signal with its condition and what follows it.
func line(where place) *schema {
	keys := append(messageSignals(),
		key("event", "An event of this type happens.", eventType(), "order.delivered"),
		key("key", "The key by which the event finds its run; it reads only the event. `any`: the runs of the person the event names. "+
			"Required if the trigger has a key.", expression(), "event.order_id", "any"),
		key("by", "Whom the event must name; it reads the run. It needs a `key`, and an event that names nobody does not count.", expression(), "profile.id", "data.seller"),
		key("conversation", "`any`: a reply in every conversation counts. Default: a reply in the conversation of the message.", words("any"), "any"),
		key("after", "This much time has passed: `h` is elapsed time, `d` is a calendar day in the person's time zone. `4h of work` counts only the time in the hours of a category, or in hours that are written out. `never` means no end.", lineAfter(), "24h", "3d", "4h of work", "never"),
		key("at", "A moment: `09:00`, `mon-fri 09:00`, `last day of month 18:00`, `2026-12-24 09:00`, `18:00 1d before data.starts_at`, "+
			"`24h before data.starts_at`, or a time. In place of `09:00`, a text may stand: `(profile.report_at)`. A past moment does not count.",
			text(), "mon-fri 09:00", "18:00 1d before data.starts_at"),
		key("open", "These hours are open: hours, a list of them, or the name of a category. Where they are open, the line comes at once.", hours(), "work", "mon-fri 09:00-17:00"),
		key("if", "Only if this is true. A line with nothing else is checked whenever the run wakes.", condition(), `lower(reply.text) contains "help"`),
		key("as", "The name of the outcome. Default: the word of the signal.", name(), "returned"),
	)
	used := signals
	if where == inCollect {
		used = collectSignals
		keys = append(keys,
			key("quiet", "Nothing was collected during this time.", duration(), "10m"),
			key("items", "This many events were collected.", integer(1, 1000), 50))
	}
	if where == inExit {
		keys = append(keys, key("goal", "This exit reaches the flow's goal.", truth(), true),
			key("then", "The steps that follow; then the run ends. They must not wait.", ref2("steps"), []any{example{"send": "reminder"}}))
	} else {
		keys = append(keys, key("then", "The steps that follow; then the flow continues after them.", ref2("steps"), []any{example{"send": "reminder"}}))
	}
	if where == inWait {
		keys = append(keys,
			key("do", "Instead of `then`: the steps that are taken while the wait goes on. They must not wait.", ref2("steps"), []any{example{"send": "reminder"}}),
			key("at_most", "How often the steps under `do` are taken. Required for a reply or an event if they send; other lines are taken once.", integer(1, 100), 3))
	}
	s := mapping(titles[where], "One signal. The first line of a list to happen wins; if several happen at one instant, the upper line wins.", keys...)
	s.OneOf = append(exactlyOne(used...), onlyIf(used))
	s.Dependencies = map[string]any{"key": []string{"event"}, "by": []string{"event", "key"}, "conversation": []string{"reply"}}
	if where == inWait {
		s.Dependencies["at_most"] = []string{"do"}
	}
	return s
}

func messageSignals() []property {
	return []property{
		key("read", "The message of this step, or `any` message of the run, was read.", message(), "shipped", "any"),
		key("delivered", "The message of this step, or `any` message of the run, reached the person.", message(), "shipped", "any"),
		key("failed", "The message of this step, or `any` message of the run, did not reach the person: it was held back or did not arrive.", message(), "shipped", "any"),
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
