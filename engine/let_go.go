package engine

import "slices"

// A run in a loop without times may live forever, so it does not keep everything. What is newer
// takes the place of what is older.
const (
	KeptMessages = 20  // messages of each step in a repeat without `times`; the oldest is dropped
	KeptFirst    = 100 // first entries of the timeline in a repeat without `times`; later ones give way to newer ones
	KeptLast     = 900 // newest entries of the timeline in a repeat without `times`; older ones are dropped
)

// endless reports whether the run is in a loop without times.
func (r *Run) endless() bool {
	return slices.ContainsFunc(r.Repeats, func(l RepeatState) bool { return l.Endless })
}

// log adds an entry to the timeline.
func (r *Run) log(e Entry) {
	r.Timeline = append(r.Timeline, e)
	if len(r.Timeline) > KeptFirst+KeptLast && r.endless() {
		r.Dropped.Entries++
		if r.Timeline[KeptFirst].Kind == KindCalled {
			r.Dropped.Calls++
		}
		r.Timeline = slices.Delete(r.Timeline, KeptFirst, KeptFirst+1)
	}
}

// Logged returns how many entries the timeline has had.
func (r *Run) Logged() int { return len(r.Timeline) + r.Dropped.Entries }

// Since returns the entries after the first n that the timeline has had, as far as they are
// still there.
func (r *Run) Since(n int) []Entry {
	if n > KeptFirst {
		n = max(n-r.Dropped.Entries, min(KeptFirst, len(r.Timeline)))
	}
	return r.Timeline[min(n, len(r.Timeline)):]
}

// addMessage adds the newest message.
func (r *Run) addMessage(m Message) {
	m.Number = r.Newest() + 1
	r.Messages = append(r.Messages, m)
	if r.endless() {
		r.dropMessage(KeptMessages, func(x *Message) bool { return x.Step == m.Step })
		r.dropMessage(MaxMessagesPerRun, func(*Message) bool { return true })
	}
}

// dropMessage drops the oldest of the messages among which there are more than the most. One
// that is being posted, or that the provider is asked about, stays, and so does the newest of
// each step.
func (r *Run) dropMessage(most int, among func(*Message) bool) {
	count, oldest := 0, -1
	for i := range r.Messages {
		m := &r.Messages[i]
		if !among(m) {
			continue
		}
		count++
		later := slices.ContainsFunc(r.Messages[i+1:], func(x Message) bool { return x.Step == m.Step })
		if oldest < 0 && later && !m.Status.Outbox() && !slices.Contains(r.StatusCheck.Messages, m.Number) {
			oldest = i
		}
	}
	if count > most && oldest >= 0 {
		r.keepSends(&r.Messages[oldest])
		r.Messages = slices.Delete(r.Messages, oldest, oldest+1)
	}
}

// letGo drops, as a round of a loop without times begins, what nothing can ask for any more: of
// each step all but the newest end, answer and items, and the events and replies that only
// those had.
func (r *Run) letGo() {
	r.Waits = newestOf(r.Waits, func(w *WaitEnd) int { return w.Step })
	r.Fetched = newestOf(r.Fetched, func(f *Fetched) int { return f.Step })
	r.Collected = newestOf(r.Collected, func(c *Collection) int { return c.Step })
	kept, to := []Signal{}, map[int]int{}
	move := func(n *int) {
		if *n == 0 {
			return
		}
		if to[*n] == 0 {
			kept = append(kept, r.Signals[*n-1])
			to[*n] = len(kept)
		}
		*n = to[*n]
	}
	for i := range r.Waits {
		move(&r.Waits[i].Event)
		move(&r.Waits[i].Reply)
	}
	for i := range r.Collected {
		r.Collected[i].Signals = slices.Clone(r.Collected[i].Signals) // the stored run shares them
		for j := range r.Collected[i].Signals {
			move(&r.Collected[i].Signals[j])
		}
	}
	move(&r.Event)
	move(&r.Reply)
	r.Signals = slices.Clip(kept)
}

// newestOf returns a new list with the last of each step.
func newestOf[T any](all []T, step func(*T) int) []T {
	kept, seen := []T{}, map[int]bool{}
	for i := len(all) - 1; i >= 0; i-- {
		if s := step(&all[i]); !seen[s] {
			seen[s] = true
			kept = append(kept, all[i])
		}
	}
	slices.Reverse(kept)
	return kept
}
