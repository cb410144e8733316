// Package live shows readers what happens while it happens: numbers of what changed, and a line for each event that
// arrived. Everything is in memory and bounded. Nobody who reads can hold up who writes: numbers are differences of
// counters, and a reader who is too slow for the lines loses the oldest and learns how many.
package live

import (
	"crypto/rand"
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"

	"nudge/engine"
)

const (
	// MaxLines is how many lines are kept for those who follow them; the oldest are dropped beyond it, and a reader who
	// has not got them yet learns how many.
	MaxLines = 4096
	// MaxReaders is how many may follow `GET /v1/live` at a time; one more is refused with 503.
	MaxReaders = 200
)

// Topic names numbers that change.
type Topic string

// The topics: a closed list.
const (
	Events    Topic = "events"    // that arrived, by verdict
	Runs      Topic = "runs"      // that started, ended or changed otherwise
	Campaigns Topic = "campaigns" // that changed
	Jobs      Topic = "jobs"      // that were asked for, went on or ended
)

// Topics are all of them, in order.
var Topics = []Topic{Events, Runs, Campaigns, Jobs}

// Line is one event that arrived.
type Line struct {
	At      engine.Instant `json:"at"`
	Type    string         `json:"type"` // empty: it is not known, of an event that was refused
	Profile string         `json:"profile,omitempty"`
	Verdict engine.Verdict `json:"verdict"`
	From    string         `json:"from,omitempty"` // name of the token that sent it
	Code    string         `json:"code,omitempty"` // of an event that was refused: why

	number uint64 // in order, from 1
}

// Counts are numbers of a topic, by a word.
type Counts map[string]uint64

// Hub is where readers and writers meet. It is safe for concurrent use.
type Hub struct {
	epoch string // random, so that an ID of another process is not taken for one of this

	mu      sync.Mutex
	lines   [MaxLines]Line // by number, modulo
	last    uint64         // number of the last line; 0: none
	totals  map[Topic]Counts
	changed chan struct{} // closed at the next line; nil: nobody waits
	readers int
}

// epochChars is how many characters of an ID tell the process: 60 bits.
const epochChars = 12

// New returns a hub at which nothing has happened.
func New() *Hub {
	h := &Hub{epoch: strings.ToLower(rand.Text()[:epochChars]), totals: map[Topic]Counts{}}
	for _, t := range Topics {
		h.totals[t] = Counts{}
	}
	return h
}

// Add adds lines, and drops the oldest beyond the limit.
func (h *Hub) Add(lines ...Line) {
	if len(lines) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range lines {
		h.last++
		l := &h.lines[h.last%MaxLines]
		*l = lines[i]
		l.number = h.last
	}
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// Count adds to a number of a topic.
func (h *Hub) Count(t Topic, word string, n uint64) {
	if n == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.totals[t][word] += n
}

// Forget takes a person out of the lines.
func (h *Hub) Forget(profile string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.lines {
		if h.lines[i].Profile == profile {
			h.lines[i].Profile = ""
		}
	}
}

// Readers is how many read now.
func (h *Hub) Readers() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.readers
}

// ErrReaders says that too many read already.
var ErrReaders = errors.New("too many read already; try again later")

// Reader follows a hub from a place on. It belongs to one goroutine.
type Reader struct {
	hub  *Hub
	next uint64 // number of the next line
	seen map[Topic]Counts
}

// Read returns a reader that begins with what happens from now on, and with so many of the last lines. It fails with
// ErrReaders beyond the limit. Close gives its place back.
func (h *Hub) Read(lastLines int) (*Reader, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.readers == MaxReaders {
		return nil, ErrReaders
	}
	h.readers++
	r := &Reader{hub: h, seen: map[Topic]Counts{}}
	for t, counts := range h.totals {
		r.seen[t] = maps.Clone(counts)
	}
	kept := min(h.last, MaxLines, uint64(max(lastLines, 0)))
	r.next = h.last - kept + 1
	return r, nil
}

// Close gives the place back. The reader must not be used again.
func (r *Reader) Close() {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	r.hub.readers--
}

// Resume makes the reader go on behind the line with an ID. It reports false, and changes nothing, if the ID is of
// another process or no ID: nobody knows then what came in between.
func (r *Reader) Resume(id string) bool {
	epoch, text, _ := strings.Cut(id, "-")
	number, err := strconv.ParseUint(text, 10, 64)
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	if err != nil || epoch != r.hub.epoch || number > r.hub.last {
		return false
	}
	r.next = number + 1
	return true
}

// ID names a line, to go on behind it.
func (r *Reader) ID(l *Line) string { return r.hub.epoch + "-" + strconv.FormatUint(l.number, 10) }

// Lines returns at most limit lines that are next, and how many before them were dropped.
func (r *Reader) Lines(limit int) (lines []Line, dropped uint64) {
	h := r.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last >= MaxLines && r.next <= h.last-MaxLines {
		oldest := h.last - MaxLines + 1
		dropped, r.next = oldest-r.next, oldest
	}
	for ; r.next <= h.last && len(lines) < limit; r.next++ {
		lines = append(lines, h.lines[r.next%MaxLines])
	}
	return lines, dropped
}

// Changed returns a channel that is closed when there are lines that the reader has not got.
func (r *Reader) Changed() <-chan struct{} {
	h := r.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.next <= h.last {
		done := make(chan struct{})
		close(done)
		return done
	}
	if h.changed == nil {
		h.changed = make(chan struct{})
	}
	return h.changed
}

// News returns what a topic has counted since the last call; nil for nothing.
func (r *Reader) News(t Topic) (news Counts) {
	h := r.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	for word, n := range h.totals[t] {
		if more := n - r.seen[t][word]; more > 0 {
			if news == nil {
				news = Counts{}
			}
			news[word], r.seen[t][word] = more, n
		}
	}
	return news
}
