package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
)

// crowded returns flows of one category that reach the same people at the same time: by an
// event for all of them, by one for each, by calls, and by a campaign.
func crowded(dice *rand.Rand) (fstest.MapFS, int, flows.Duration) {
	atMost, per := 1+dice.IntN(4), pick(dice, "3h", "1d", "2d", "90m")
	period, err := flows.ParseDuration(per)
	if err != nil {
		panic(err)
	}
	delay := func() string { return pick(dice, "", ", max_delay: 5h", ", max_delay: 2d", ", max_delay: 10m") }
	flow := func(name, trigger string) *fstest.MapFile {
		return &fstest.MapFile{Data: fmt.Appendf(nil, `flow: %s
trigger: %s
category: offers
steps:
  - send: { template: hello, on_unknown: %s%s }
  - wait: [ { read: hello }, { after: 2h } ]
  - send: { template: hello, window: 14:00-18:00%s }
  - send: { template: thanks, category: service }
`, name, trigger, pick(dice, "continue", "resend", "fail"), delay(), delay())}
	}
	return fstest.MapFS{
		"nudge.yaml": {Data: fmt.Appendf(nil, `timezone: Europe/London
categories:
  offers: { window: [08:00-12:00, 13:00-20:00], at_most: %d per %s }
  service: { always: true }
`, atMost, per)},
		"flows/sale.yaml":       flow("sale", `{ event: sale, to: '["ann", "bob", "cid"]' }`),
		"flows/cart.yaml":       flow("cart", `{ event: cart }`),
		"flows/news.yaml":       flow("news", `{ event: news }`),
		"flows/drive.yaml":      flow("drive", `{ cron: "0 * * * *", timezone: UTC, max_delay: 2h, audience: people.csv }`),
		"audiences/people.csv":  {Data: []byte("profile\nann\nbob\ncid\n")},
		"templates/hello.yaml":  {Data: []byte("body: Hello\n")},
		"templates/thanks.yaml": {Data: []byte("body: Thanks\n")},
	}, atMost, period
}

// crowd drives the loop with batches of random composition, and records every post and its
// outcome.
type crowd struct {
	*history
	claims []*claim
}

// claim is a post of a capped message.
type claim struct {
	post *engine.Post
	at   engine.Instant
	gone engine.Instant // when it was known that it was not sent; 0: it may have been sent
}

func (c *crowd) rush(steps int) {
	for range steps {
		groups := make([]*runner.Group, c.dice.IntN(8))
		for i := range groups {
			groups[i] = c.group()
		}
		c.step(groups)
		c.note()
		switch c.dice.IntN(10) {
		case 0:
			c.start()
			c.note()
		case 1, 2, 3, 4, 5:
			c.now = c.now.Add(time.Duration(c.dice.Int64N(int64(3 * time.Hour))))
		}
	}
}

func (c *crowd) stamp() engine.Instant { return engine.Instant(c.now.UnixMilli()) }

// note records the posts of this instant.
func (c *crowd) note() {
	for i := range c.posts {
		if c.posts[i].Content.Body == "Hello" {
			c.claims = append(c.claims, &claim{post: &c.posts[i], at: c.stamp()})
		}
	}
	c.posts = nil
}

// of returns the newest claim of an attempt of a message; nil for a message without a cap.
func (c *crowd) of(run engine.RunID, message, attempt int) *claim {
	for _, found := range slices.Backward(c.claims) {
		if p := found.post; p.Run == run && p.Message == message && p.Attempt == attempt {
			return found
		}
	}
	return nil
}

func (c *crowd) group() *runner.Group {
	one := func(in *engine.Input) *runner.Group { return &runner.Group{Inputs: []*engine.Input{in}} }
	if n := len(c.frozen); n > 0 {
		frozen := c.frozen[n-1]
		c.frozen = c.frozen[:n-1]
		return one(frozen)
	}
	switch c.dice.IntN(9) {
	case 0:
		return one(&engine.Input{Payload: &engine.Event{Type: "sale"}})
	case 1:
		return one(&engine.Input{Payload: &engine.Call{Flow: "news", Profile: c.person(), By: "call"}})
	case 2, 3:
		return one(&engine.Input{Payload: &engine.Event{Type: pick(c.dice, "cart", "news"), Profile: c.person()}})
	case 4:
		mode := engine.OutboundLive
		if c.dice.IntN(5) == 0 {
			mode = engine.OutboundHold
		}
		return one(&engine.Input{Payload: &engine.Control{Outbound: mode}})
	case 5:
		if len(c.claims) == 0 {
			break
		}
		sent := c.claims[c.dice.IntN(len(c.claims))]
		if p := sent.post; sent.gone == 0 && !slices.ContainsFunc(c.open, func(o engine.Post) bool { return o.Run == p.Run }) {
			return one(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: p.Content.Ref, Status: channels.Sent + channels.Status(c.dice.IntN(5))}}})
		}
	}
	if len(c.open) == 0 {
		return one(&engine.Input{Payload: &engine.Event{Type: "nothing"}})
	}
	g := c.result()
	r := g.Inputs[0].Payload.(*engine.SendResult)
	if sent := c.of(r.Run, r.Message, r.Attempt); sent != nil && (r.Returned || r.Outcome == channels.Refused || r.Outcome == channels.Deferred) {
		sent.gone = c.stamp()
	}
	return g
}

// TestCapsHold shows that no person gets more messages of a category than its cap allows, in
// any period and with any batches; that nothing is held back without reason; and that a
// replay gives the same store (I8).
func TestCapsHold(t *testing.T) {
	posted, capped, campaigned := 0, 0, 0
	for seed := range uint64(20) {
		dice := rand.New(rand.NewPCG(seed, 9))
		files, atMost, per := crowded(dice)
		c := &crowd{history: newHistory(t, seed, files)}
		c.rush(100)
		for _, who := range []string{"ann", "bob", "cid"} {
			claims, refused := c.claimsOf(who), c.capped(who)
			posted, capped = posted+len(claims), capped+len(refused)
			for _, found := range claims {
				if r, err := c.store.Run(found.post.Run); err == nil && r.Campaign != 0 {
					campaigned++
				}
			}
			if err := overCap(claims, atMost, per); err != "" {
				t.Errorf("seed %d: %s: %s", seed, who, err)
			}
			for _, at := range refused {
				if err := unfounded(claims, at, atMost, per); err != "" {
					t.Errorf("seed %d: %s: %s", seed, who, err)
				}
			}
		}
		if seed%6 == 0 {
			compare(t, fmt.Sprintf("seed %d, replayed", seed), dump(t, replay(t, c.store, func() int { return 1 + dice.IntN(30) })), dump(t, c.kv))
		}
		if t.Failed() {
			return
		}
	}
	if posted < 200 || capped < 400 || campaigned < 20 {
		t.Errorf("%d messages went out, %d of them of campaigns, and %d were capped: the histories prove little", posted, campaigned, capped)
	}
	t.Logf("%d messages went out, %d of them of campaigns, %d were capped", posted, campaigned, capped)
}

// claimsOf returns the claims for a person, in order.
func (c *crowd) claimsOf(profile string) (claims []*claim) {
	for _, found := range c.claims {
		if found.post.Content.To == profile {
			claims = append(claims, found)
		}
	}
	return claims
}

// capped returns when the cap held or kept back messages to a person.
func (c *crowd) capped(profile string) (at []engine.Instant) {
	for _, r := range allRuns(c.t, c.store, profile) {
		for _, e := range r.Timeline {
			if e.UnsentReason() == engine.ReasonCapped || e.Kind == engine.KindDelayed && strings.Contains(e.Detail, "is the cap") {
				at = append(at, e.At)
			}
		}
	}
	return at
}

func allRuns(t *testing.T, s *store.Store, profile string) (runs []*engine.Run) {
	t.Helper()
	for q := (store.Query{RunFilter: store.RunFilter{Profile: profile}, Limit: store.MaxPage}); ; {
		page, err := s.List(q)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, page.Runs...)
		if q.Before = page.Next; page.Next == (engine.RunID{}) {
			return runs
		}
	}
}

var london = func() *time.Location {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	return zone
}()

// overCap checks the period that begins with each message that may have been sent.
func overCap(claims []*claim, atMost int, per flows.Duration) string {
	sent := slices.DeleteFunc(slices.Clone(claims), func(c *claim) bool { return c.gone != 0 })
	for i := 0; i+atMost < len(sent); i++ {
		ends := per.After(sent[i].at.Time(), london)
		if next := sent[i+atMost].at.Time(); next.Before(ends) {
			return fmt.Sprintf("%d messages from %s to %s, though %d per %s are allowed", atMost+1, sent[i].at, next, atMost, per)
		}
	}
	return ""
}

// unfounded reports that the cap was not reached at an instant at which it kept a message
// back.
func unfounded(claims []*claim, at engine.Instant, atMost int, per flows.Duration) string {
	n := 0
	for _, c := range claims {
		if c.at <= at && per.After(c.at.Time(), london).After(at.Time()) && (c.gone == 0 || c.gone >= at) {
			n++
		}
	}
	if n < atMost {
		return fmt.Sprintf("capped at %s after %d messages, though %d per %s are allowed", at, n, atMost, per)
	}
	return ""
}
