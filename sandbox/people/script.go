package people

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Deed is something that can happen to a message. Each becomes one webhook.
type Deed uint8

// The deeds. Each becomes one webhook.
const (
	Delivers Deed = iota + 1 // message.delivered
	Reads                    // message.read
	Fails                    // message.failed
	Expires                  // message.expired
	Replies                  // message.inbound
)

// Act is one thing that happens after a message was sent.
type Act struct {
	Does  Deed
	After time.Duration // since the send
	Until time.Duration // above After: any time between the two; else there is no choice
	Text  string        // of a reply, or the reason of a failure
}

// Script is what a person does with every message they get, in order of time. An empty script
// does nothing: the message stays sent.
type Script []Act

// Times at which things happen when a script names them without a time.
const (
	deliveredAfter = time.Second
	readsAfter     = 3 * time.Second
	failsAfter     = time.Second
	expiresAfter   = time.Hour
	repliesAfter   = 5 * time.Second
	maxAfter       = math.MaxInt64 // later than anything
)

// DefaultScript is the script of everybody without another one: the message is delivered after
// a second and read after three.
func DefaultScript() Script {
	return Script{{Does: Delivers, After: deliveredAfter}, {Does: Reads, After: readsAfter}}
}

// String is the script in the words of [ParseScript]. Parsing it gives the same
// script again, for every script that came out of ParseScript.
func (s Script) String() string {
	var phrases []string
	if !s.has(Delivers) {
		phrases = append(phrases, "never delivered")
	}
	if !s.has(Reads) && !s.has(Fails) && !s.has(Expires) && s.has(Delivers) {
		phrases = append(phrases, "never reads")
	}
	for _, a := range s {
		phrases = append(phrases, a.String())
	}
	return strings.Join(phrases, ", ")
}

// String is the act as a phrase of a script.
func (a Act) String() string {
	text := ""
	if a.Text != "" || a.Does == Replies {
		text = fmt.Sprintf(" %q", a.Text)
	}
	if a.Until > a.After {
		return fmt.Sprintf("%s%s after %s-%s", a.Does, text, a.After, a.Until)
	}
	return fmt.Sprintf("%s%s after %s", a.Does, text, a.After)
}

// Drawn picks a time for every act that has a range, by dice of the seed, the profile and the
// text, and sorts by time. Nobody reads or answers a message before they have it.
func (s Script) Drawn(seed uint64, profile, text string) Script {
	if !slices.ContainsFunc(s, func(a Act) bool { return a.Until > a.After }) {
		return s
	}
	d := diceOf(seed, profile, text, "times")
	s = slices.Clone(s)
	for i, a := range s {
		s[i].After, s[i].Until = d.within(Span{a.After, a.Until}), 0
	}
	s.noLater(Reads, s.first(Replies, maxAfter))
	s.noLater(Delivers, min(s.first(Reads, maxAfter), s.first(Replies, maxAfter)))
	s.sort()
	return s
}

// noLater moves a deed forward to the limit when it is later.
func (s Script) noLater(d Deed, limit time.Duration) {
	for i := range s {
		if s[i].Does == d {
			s[i].After = min(s[i].After, limit)
		}
	}
}

// sort orders the acts by time.
func (s Script) sort() {
	slices.SortStableFunc(s, func(a, b Act) int {
		return cmp.Or(cmp.Compare(a.After, b.After), cmp.Compare(a.Does, b.Does), cmp.Compare(a.Until, b.Until))
	})
}

var deedNames = [...]string{
	Delivers: "delivered", Reads: "reads", Fails: "fails", Expires: "expires", Replies: "replies",
}

// String is the word for a deed in a script.
func (d Deed) String() string {
	if d == 0 || int(d) >= len(deedNames) {
		return fmt.Sprintf("deed(%d)", d)
	}
	return deedNames[d]
}

func (s Script) has(d Deed) bool {
	return slices.ContainsFunc(s, func(a Act) bool { return a.Does == d })
}

// first is when d happens first, or otherwise.
func (s Script) first(d Deed, otherwise time.Duration) time.Duration {
	found := false
	for _, a := range s {
		if a.Does == d && (!found || a.After < otherwise) {
			found, otherwise = true, a.After
		}
	}
	return otherwise
}
