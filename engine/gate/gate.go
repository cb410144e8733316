// Package gate decides whether a message may go out now, later or never. It has no state:
// the engine collects its inputs.
package gate

import (
	"fmt"
	"hash/fnv"
	"time"

	"nudge/engine/caps"
	"nudge/engine/instant"
	"nudge/flows"
)

// The reasons why a message does not go out: words of timelines, metrics and the API.
const (
	Outbound = "outbound"  // the outbound mode lets only some people through
	OptedOut = "opted_out" // the person opted out of its category
	Late     = "late"      // it could not go out within its max_delay
	Expired  = "expired"   // it waited longer than the provider may try to deliver
	Capped   = "capped"    // the person got as many of its category as the cap allows
	Window   = "window"    // it waits for its hours; never final
)

// Message is what the gate needs to know about a message.
type Message struct {
	Now      instant.Instant
	Person   string          // decides the message's place in the spread of an opening
	Rules    *flows.Category // of today
	Blocked  bool            // the outbound mode does not let the person through
	OptedOut bool
	Category string

	Expires   flows.Duration  // of the step, for words
	ExpiresAt time.Time       // when the provider would give up; zero for never
	MaxDelay  flows.Duration  // of the step; zero for no limit
	Latest    instant.Instant // the last instant that MaxDelay allows; 0 for never

	Hours   flows.Windows     // of the step and of its category, combined
	Counted []instant.Instant // when the person got messages under the caps, oldest first
	Homes   caps.Homes        // of the person; not read for a message without limits
}

// Limited reports whether hours, caps or a max_delay limit the message.
func (m *Message) Limited() bool {
	return m.Hours != nil || len(m.Rules.Caps) > 0 || m.MaxDelay != (flows.Duration{})
}

// Verdict is the gate's answer. The zero Verdict lets the message out.
type Verdict struct {
	Reason string          // why the message does not go out now
	Detail string          // the reason in words, if Reason alone is not enough
	Until  instant.Instant // when to check again; 0 if it never goes out
}

// Judge decides whether the message may go out now. A message that cannot go out in time is
// refused at once, not only when its time is over.
func (m *Message) Judge() Verdict {
	switch {
	case m.Blocked:
		return Verdict{Reason: Outbound}
	case m.OptedOut:
		return Verdict{Reason: OptedOut}
	case !m.ExpiresAt.IsZero() && m.Now.Time().After(m.ExpiresAt):
		return Verdict{Reason: Expired, Detail: "it waited longer than its expires of " + m.Expires.String()}
	case !m.Limited():
		return Verdict{}
	case m.Latest != 0 && m.Now > m.Latest:
		return Verdict{Reason: Late, Detail: "held too long, for more than its max_delay of " + m.MaxDelay.String()}
	}
	return m.inHours()
}

// inHours checks the hours of a message and, within them, its caps.
func (m *Message) inHours() Verdict {
	opens, until, ok := m.opening(m.Now)
	switch {
	case !ok:
		return Verdict{Reason: Late, Detail: "its window and that of its category have no hour in common"}
	case m.Latest != 0 && opens > m.Latest:
		return Verdict{Reason: Late, Detail: fmt.Sprintf("held too long, as its window opens %s, after its max_delay of %s", opens, m.MaxDelay)}
	case opens > m.Now:
		return Verdict{Reason: Window, Detail: "outside its window", Until: until}
	}
	room, full := caps.OpensAt(m.Rules.Caps, m.Counted, m.Now, m.Homes)
	if room <= m.Now {
		return Verdict{}
	}
	capped := Verdict{Reason: Capped, Detail: fmt.Sprintf("%s is the cap of %s", full, m.Category)}
	if m.Latest == 0 {
		return capped
	}
	if opens, until, ok = m.opening(room); !ok || opens > m.Latest {
		capped.Detail = fmt.Sprintf("held too long, as no place comes free within its max_delay of %s", m.MaxDelay)
		return capped
	}
	capped.Until = until
	return capped
}

// opening returns the first instant within the hours, from the given one on, and when the
// person's message goes out then. These differ, so that not everybody's message goes out in
// the same second. It is not ok if there is no such instant.
func (m *Message) opening(from instant.Instant) (opens, until instant.Instant, ok bool) {
	start, end, ok := m.Hours.Next(from.Time(), m.Homes.Now)
	opens = instant.Of(start)
	if until = opens; opens > from {
		until = opens.Add(spread(m.Person, opens, m.Rules.SpreadOver(end.Sub(start))))
	}
	if m.Latest != 0 {
		until = min(until, max(m.Latest, opens))
	}
	return opens, until, ok
}

// spread returns how long after an opening the messages of a person go out, which is less
// than most. It is the same for all messages of the person, so they keep their order, and it
// is the same in every replay.
func spread(person string, opens instant.Instant, most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	h := fnv.New64a()
	at := opens.String()
	fmt.Fprintf(h, "%d:%s%d:%s", len(person), person, len(at), at)
	return (time.Duration(h.Sum64()%uint64(most)) / time.Millisecond) * time.Millisecond
}
