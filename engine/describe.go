package engine

import (
	"slices"
	"strconv"
	"strings"

	"nudge/flows"
)

// sentence is the text of a timeline entry. {step} is the id of its step, {detail} its
// detail, {quoted} the same in quotes, and {attempt} "(attempt 2)" from the second attempt
// on. Bare is the text for an entry without a detail, if it differs.
type sentence struct{ text, bare string }

var sentences = [...]sentence{
	KindStarted:    {text: "started by {detail}"},
	KindSkipped:    {text: "{step} skipped: its if is false"},
	KindPlanned:    {text: "{step} planned, waiting to be sent"},
	KindClaimed:    {text: "{step} handed to the channel{attempt}"},
	KindAccepted:   {text: "{step} accepted by the provider as {detail}{attempt}"},
	KindRefused:    {text: "{step} refused: {detail}"},
	KindDeferred:   {text: "{step} deferred by the provider, will be retried: {detail}"},
	KindReturned:   {text: "{step} not posted, planned again: {detail}"},
	KindUnknown:    {text: "{step}{attempt} has an unknown outcome, waiting for a webhook to confirm it: {detail}"},
	KindResend:     {text: "{step} resending: its outcome could not be confirmed: {detail}"},
	KindGaveUp:     {text: "{step} was never confirmed: {detail}"},
	KindUnsent:     {text: "{step} unsent: {detail}"},
	KindDelayed:    {text: "{step} held until {detail}"},
	KindAsked:      {text: "{step}: asked the provider: {detail}"},
	KindLeaving:    {text: "leaves as {detail}"},
	KindDo:         {text: "{step} goes on, and takes the steps under {detail}"},
	KindPassedOver: {text: "{step} passed over {detail}"},
	KindReceipt:    {text: "{step} {detail}{attempt}"},
	KindWaiting:    {text: "{step} began, until {detail}", bare: "{step} began, without a timer"},
	KindWaitEnded:  {text: "{step} ended: {detail}"},
	KindEvent:      {text: "event {detail}"},
	KindReply:      {text: "reply {quoted}"},
	KindHeld:       {text: "{quoted} held for the next wait"},
	KindDropped:    {text: "{quoted} dropped: more than " + strconv.Itoa(MaxMailbox) + " were held"},
	KindBranch:     {text: "{step} took arm {detail}", bare: "{step} took no arm"},
	KindSet:        {text: "set {detail}"},
	KindEnded:      {text: "ended: {detail}"},
	KindError:      {text: "{detail}"},
	KindMoved:      {text: "moved {detail}"},
	KindRetried:    {text: "tried again, as it had failed {detail}"},
	KindLeft:       {text: "{quoted} was held, but no step used it"},
	KindScheduled: {text: "starts at {detail}, the scheduled time in the person's time zone",
		bare: "waits for the person's day to begin, to read their time of day"},
	KindLeftOut:     {text: "left out: {detail}"},
	KindRound:       {text: "{step} began round {detail}"},
	KindItem:        {text: "{step} collected {detail}"},
	KindTakenBack:   {text: "{step} gave an item back for {detail}"},
	KindEmitted:     {text: "{step} emitted {detail}"},
	KindCalled:      {text: "{step} called {detail}"},
	KindFetch:       {text: "{step} fetches {detail}{attempt}"},
	KindFetched:     {text: "{step} was {detail}"},
	KindOpted:       {text: "opted {detail}"},
	KindQuarantined: {text: "quarantined because of {detail}"},
}

// Describe puts an entry of a run's timeline into words. The flow is the version that the
// run is pinned to; nil if it is no longer known.
func Describe(f *flows.Flow, e Entry) string {
	if int(e.Kind) >= len(sentences) || sentences[e.Kind].text == "" {
		return e.Kind.String()
	}
	var s *flows.Step
	step, attempt := "a step", ""
	if f != nil && e.Step >= 0 && e.Step < len(f.Steps) {
		s = &f.Steps[e.Step]
		step = s.ID
	}
	if e.Attempt > 1 {
		attempt = " (attempt " + strconv.Itoa(e.Attempt) + ")"
	}
	return strings.NewReplacer("{step}", step, "{detail}", e.Detail, "{quoted}", strconv.Quote(e.Detail), "{attempt}", attempt).
		Replace(form(s, e))
}

// form returns the sentence for an entry. Some steps have their own. s is nil if the step is
// not known.
func form(s *flows.Step, e Entry) string {
	words := sentences[e.Kind]
	text := words.text
	if e.Detail == "" && words.bare != "" {
		text = words.bare
	}
	switch {
	case s == nil && e.Kind == KindPassedOver: // of an exit
		return strings.TrimPrefix(text, "{step} ")
	case s == nil:
	case e.Kind == KindBranch && (strings.HasPrefix(e.Detail, "arm_") || e.Detail == "else"):
		return strings.Replace(text, "arm ", "", 1)
	case e.Kind == KindWaiting && (s.Repeat != nil || s.Start != nil):
		return strings.Replace(text, " began", " waits", 1)
	case e.Kind == KindWaitEnded && e.Detail == outcomeFailed && !hasOutcome(s, outcomeFailed):
		return text + ", the message did not reach the person"
	}
	return text
}

// hasOutcome reports whether the step can end otherwise than by a lost message with this
// outcome.
func hasOutcome(s *flows.Step, outcome string) bool {
	var lines []flows.Line
	switch {
	case s.Wait != nil:
		lines = s.Wait.Lines
	case s.Collect != nil:
		lines = s.Collect.Until
	default:
		return true
	}
	return slices.ContainsFunc(lines, func(l flows.Line) bool { return l.As == outcome })
}
