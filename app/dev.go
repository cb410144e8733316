package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"nudge/engine"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/server"
)

const (
	maxDevScripts = 10_000                    // people whose script is set by hand; for one more it is refused
	maxJump       = 8 * time.Second           // how long one jump may take in real time; then it ends early, and says so
	maxDevSettle  = 2 * time.Second           // how long a jump waits at one instant for all that follows; then it goes on
	settleLook    = 2 * time.Millisecond      // how often it looks
	maxDevTimers  = 100                       // timers that are looked at for the next one; if all of them were cancelled, the last one is shown
	maxDevPerson  = 500                       // messages of one person that are shown, the newest; older ones are left out
	jumpEnough    = 20 * 365 * 24 * time.Hour // the longest jump; a longer one is refused
)

// devTools are the clock and the people of a project that runs against a sandbox.
type devTools struct {
	clock    *SteeredClock
	box      *Sandbox
	instance *Instance                           // set before the API serves
	usual    func(sandbox.Message) people.Script // what people do of whom nothing is said here

	jumping sync.Mutex // one jump at a time
	mu      sync.Mutex // guards scripts
	scripts map[string]people.Script
}

func newDevTools(clock *SteeredClock, usual func(sandbox.Message) people.Script) *devTools {
	return &devTools{clock: clock, usual: usual, scripts: map[string]people.Script{}}
}

// script is what a person does with a message.
func (d *devTools) script(m sandbox.Message) people.Script {
	d.mu.Lock()
	s, ok := d.scripts[m.Profile]
	d.mu.Unlock()
	if ok {
		return s
	}
	return d.usual(m)
}

// Clock returns the clock and what happens by itself next.
func (d *devTools) Clock() (server.DevClock, error) {
	held, speed := d.clock.Held()
	c := server.DevClock{Now: engine.InstantOf(d.clock.Now()), Held: held, Speed: speed}
	next, err := d.next()
	c.Next = next
	return c, err
}

// next is the next timer, schedule or act of a person, whichever is first.
func (d *devTools) next() (first *server.DevNext, err error) {
	consider := func(n server.DevNext) {
		if first == nil || n.At < first.At {
			first = &n
		}
	}
	timer, err := d.nextTimer()
	if err != nil {
		return nil, err
	}
	if timer != nil {
		consider(*timer)
	}
	state, err := d.instance.store.State()
	if err != nil {
		return nil, err
	}
	for _, s := range state.Schedules {
		if s.Next != 0 {
			consider(server.DevNext{At: s.Next, What: "schedule", Flow: s.Flow})
		}
	}
	if at, ok := d.box.Next(); ok {
		consider(server.DevNext{At: engine.InstantOf(at.Add(time.Millisecond - 1)), What: "person"})
	}
	return first, nil
}

// nextTimer is the next timer that still means something: one that was cancelled stays in the store until it is due.
func (d *devTools) nextTimer() (*server.DevNext, error) {
	timers, _, err := d.instance.store.Due(engine.InstantOf(d.clock.Now().Add(jumpEnough)), maxDevTimers)
	for _, t := range timers {
		run, err := d.instance.store.Run(t.Run)
		if err != nil {
			return nil, err
		}
		if run != nil && run.Live() && run.Deadline == t.Due {
			return &server.DevNext{At: t.Due, What: "timer", Run: t.Run.String()}, nil
		}
	}
	if err == nil && len(timers) == maxDevTimers { // all are cancelled: the last one is as far as was looked
		return &server.DevNext{At: timers[len(timers)-1].Due, What: "timer", Run: timers[len(timers)-1].Run.String()}, nil
	}
	return nil, err
}

// Hold stops the clock, or lets it run.
func (d *devTools) Hold(held bool) { d.clock.Hold(held) }

// Jump lets time pass until an instant. It stops at each instant at which something is due until
// all is done that follows, so that everything happens when it would have happened.
func (d *devTools) Jump(ctx context.Context, to time.Time) error {
	d.jumping.Lock()
	defer d.jumping.Unlock()
	if to.Sub(d.clock.Now()) > jumpEnough {
		return fmt.Errorf("a jump is at most %s long", jumpEnough)
	}
	for ends := time.Now().Add(maxJump); ; {
		if err := d.settle(ctx); err != nil {
			return err
		}
		at := to
		if _, next := d.instance.runner.Quiet(); next != 0 && next.Time().Before(at) {
			at = next.Time()
		}
		if next, ok := d.box.Next(); ok && next.Before(at) {
			at = next
		}
		d.clock.JumpTo(at)
		switch {
		case !at.Before(to):
			return d.settle(ctx)
		case time.Now().After(ends):
			return &server.ShortJumpError{}
		}
	}
}

// settle waits until the engine and the sandbox have nothing to do at this instant. Twice in a row,
// because what leaves one of them is on its way to the other for a moment.
func (d *devTools) settle(ctx context.Context) error {
	ends, quiet := time.Now().Add(maxDevSettle), 0
	look := time.NewTicker(settleLook)
	defer look.Stop()
	for quiet < 2 && time.Now().Before(ends) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if engineQuiet, _ := d.instance.runner.Quiet(); engineQuiet && d.box.Quiet() {
			quiet++
		} else {
			quiet = 0
		}
	}
	return nil
}

// FailNext answers the next sends with a status.
func (d *devTools) FailNext(sends, status int) { d.box.FailNext(sends, status) }

// Script sets what a person does with every message from here on.
func (d *devTools) Script(profile, text string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if text == "" {
		delete(d.scripts, profile)
		return nil
	}
	script, err := people.ParseScript(text)
	if err != nil {
		return err
	}
	if _, ok := d.scripts[profile]; !ok && len(d.scripts) >= maxDevScripts {
		return errors.New("too many people have a script of their own; restart to forget them")
	}
	d.scripts[profile] = script
	return nil
}

// Reply writes a message of a person.
func (d *devTools) Reply(profile, conversation, text string) (server.DevMessage, error) {
	m, err := d.box.Reply(profile, conversation, text)
	return devMessage(&m), err
}

// Read lets a person read now what was sent to them.
func (d *devTools) Read(profile string) int { return d.box.ReadAll(profile) }

// People returns people with messages, the newest message first.
func (d *devTools) People(limit int) (all []server.DevPerson) {
	seen := map[string]bool{}
	for _, m := range slices.Backward(d.box.Messages()) {
		if seen[m.Profile] || len(all) == limit {
			continue
		}
		seen[m.Profile] = true
		all = append(all, server.DevPerson{Profile: m.Profile, Script: d.scriptOf(m.Profile), Last: engine.InstantOf(m.At), Messages: []server.DevMessage{devMessage(&m)}})
	}
	return all
}

// Person returns a person with their newest messages.
func (d *devTools) Person(profile string, messages int) server.DevPerson {
	p := server.DevPerson{Profile: profile, Script: d.scriptOf(profile), Messages: []server.DevMessage{}}
	all := d.box.MessagesOf(profile)
	for _, m := range all[max(len(all)-min(messages, maxDevPerson), 0):] {
		p.Messages, p.Last = append(p.Messages, devMessage(&m)), engine.InstantOf(m.At)
	}
	return p
}

// scriptOf is the script that was set for a person, as text.
func (d *devTools) scriptOf(profile string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s, ok := d.scripts[profile]; ok {
		return s.String()
	}
	return ""
}

func devMessage(m *sandbox.Message) server.DevMessage {
	content := m.Content()
	shown := server.DevMessage{
		ID: m.ID, Conversation: m.Conversation, Inbound: m.Inbound, From: m.From, Title: content.Title, Text: m.Text, Status: m.Status, Reason: m.Reason, At: engine.InstantOf(m.At),
	}
	for _, p := range content.Parts {
		shown.Parts = append(shown.Parts, server.DevPart{Type: p.Type, Text: p.Text, URL: p.URL})
	}
	if n := m.Notice(); n != nil && !m.Inbound {
		shown.Alert = &server.DevAlert{Title: n.Title, Body: n.Body}
	}
	return shown
}
