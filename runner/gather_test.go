package runner_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
)

// post is a channel that takes letters singly and by the bag. Each request waits until
// the test answers it, once answers is there.
type post struct {
	limit   int
	takes   time.Duration        // for a request
	answers chan channels.Result // nil: everything is taken at once

	mu       sync.Mutex
	requests [][]string // to whom, by request
	begun    chan int   // letters in a request that has begun; nil: nobody hears of it
}

func (p *post) Send(ctx context.Context, m channels.Message) channels.Result {
	return p.SendBatch(ctx, []channels.Message{m})[0]
}

func (p *post) SendBatch(_ context.Context, all []channels.Message) []channels.Result {
	var to []string
	for _, m := range all {
		to = append(to, m.To)
	}
	p.mu.Lock()
	p.requests = append(p.requests, to)
	p.mu.Unlock()
	if p.begun != nil {
		p.begun <- len(all)
	}
	time.Sleep(p.takes)
	result := taken
	if p.answers != nil {
		result = <-p.answers
	}
	return slices.Repeat([]channels.Result{result}, len(all))
}

func (p *post) BatchLimit() int { return p.limit }

func (p *post) counted() (requests int, people []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, to := range p.requests {
		people = append(people, to...)
	}
	return len(p.requests), people
}

// tell puts in events for so many people.
func tell(t *testing.T, r *runner.Runner, people int) {
	t.Helper()
	var tickets []*runner.Ticket
	for i := range people {
		ticket, err := r.Begin(told(fmt.Sprintf("p%05d", i)))
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, ticket)
	}
	for _, ticket := range tickets {
		if _, err := ticket.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	// Once something later is answered, what the last step led to is with the senders.
	if _, err := r.Submit(t.Context(), &engine.Input{Payload: &engine.Event{Type: "nothing"}}); err != nil {
		t.Fatal(err)
	}
}

// TestGathers shows that messages which find all senders busy go out together, in
// order, and that one which finds a free sender goes out alone and at once.
func TestGathers(t *testing.T) {
	s, core := newStore(t)
	p := &post{limit: 5, answers: make(chan channels.Result), begun: make(chan int)}
	r, stop := run(t, s, core, runner.Config{Accounts: []runner.Account{{Channel: p, Senders: 1}}})
	submit(t, r, deploy(t))
	submit(t, r, told("first"))
	if n := <-p.begun; n != 1 {
		t.Fatalf("the first request has %d messages, want 1", n)
	}
	tell(t, r, 12)
	for _, want := range []int{5, 5, 2} {
		p.answers <- taken
		if n := <-p.begun; n != want {
			t.Fatalf("a request has %d messages, want %d", n, want)
		}
	}
	p.answers <- taken
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if _, people := p.counted(); !slices.IsSorted(people[1:]) {
		t.Errorf("out of order: %v", people)
	}
}

// TestStopReturns shows that at a stop what waits behind busy senders is not posted,
// and stays planned for the next process.
func TestStopReturns(t *testing.T) {
	s, core := newStore(t)
	p := &post{limit: 5, answers: make(chan channels.Result), begun: make(chan int, 1)}
	r, stop := run(t, s, core, runner.Config{Accounts: []runner.Account{{Channel: p, Senders: 1}}})
	submit(t, r, deploy(t))
	submit(t, r, told("first"))
	<-p.begun
	tell(t, r, 7)
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	for { // until nothing but the first is claimed
		if claimed, planned := outbox(t, s.Outbox); claimed == 1 && planned == 7 {
			break
		}
	}
	p.answers <- taken
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if requests, people := p.counted(); requests != 1 {
		t.Errorf("posted to %v, want only the first", people)
	}
	if claimed, planned := outbox(t, s.Outbox); claimed != 0 || planned != 7 {
		t.Errorf("%d claimed and %d planned, want 0 and 7", claimed, planned)
	}
}

func outbox(t *testing.T, read func(engine.OutboxRef, int) ([]engine.OutboxEntry, error)) (claimed, planned int) {
	t.Helper()
	found, err := read(engine.OutboxRef{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found {
		if e.Claimed {
			claimed++
		} else {
			planned++
		}
	}
	return claimed, planned
}

// TestFewRequests holds 20,000 messages to 60 requests when the provider is slower
// than the engine: it takes a second for each, and has four of them at a time.
func TestFewRequests(t *testing.T) {
	const people = 20_000
	s, core := newStore(t)
	synctest.Test(t, func(t *testing.T) {
		p := &post{limit: 500, takes: time.Second}
		r, stop := run(t, s, core, runner.Config{Queue: people, Accounts: []runner.Account{{Channel: p, Senders: 4}}})
		submit(t, r, deploy(t))
		tell(t, r, people)
		time.Sleep(time.Minute)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		requests, all := p.counted()
		slices.Sort(all)
		if all = slices.Compact(all); len(all) != people {
			t.Errorf("posted to %d people, want %d", len(all), people)
		}
		if requests > 60 {
			t.Errorf("%d requests for %d messages, want 60 at most", requests, people)
		}
		t.Logf("%d messages in %d requests", people, requests)
	})
}
