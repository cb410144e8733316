package flows

// The names that expressions and templates see, by the same paths. A scope is a
// map[string]any from these names (and the id of every step) to values made of
// map[string]any, []any, string, bool, int, float64, shape.Time and nil:
//
//	data     what the run started with, by the flow's data
//	event    the data of the event in hand
//	reply    the reply in hand: text, keyword, number, at, conversation, parts, metadata
//	profile  id, timezone and what is known of the person
//	vars     what set steps have set
//	run      id, key, started, started_by
//	round    inside of a repeat: 1, 2, …
//	now      the instant of the input being applied
//	STEP     of a send:     status, reason, sent, delivered, read, failed, conversation
//	         of a wait:     outcome, event, reply
//	         of a repeat:   outcome, event, reply
//	         of a collect:  outcome, event, reply, items, count
//	         of a start:    outcome
//	         of a fetch:    status, json
//
// For a name that has no value yet (a step not reached, a reply not in hand) the
// engine gives a map whose fields are nil, false or "" so that reading it is never
// an error at run time.
const (
	NameData    = "data"
	NameEvent   = "event"
	NameReply   = "reply"
	NameProfile = "profile"
	NameVars    = "vars"
	NameRun     = "run"
	NameRound   = "round"
	NameNow     = "now"

	// NameToday is where a scope has the *Today of functions such as open. No expression can
	// name it.
	NameToday = "__today"
)
