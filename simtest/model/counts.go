package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nudge/engine"
)

// went is a way that a run took, under the version that it then had.
type went struct {
	version string
	engine.Counter
}

// goes notes a way.
func (w *walk) goes(kind engine.CounterKind, step, at int, word string) {
	w.ways[went{w.flow.Version, engine.Counter{Kind: kind, Step: step, At: at, Word: word}}]++
}

// goesBy notes that a step is left by a line; by none where a word says why.
func (w *walk) goesBy(step int, l *line, word string) {
	if l == nil {
		w.goes(engine.CountOver, step, 0, word)
		return
	}
	w.goes(engine.CountLine, step, placeIn(w.flow.byIndex[step].lines, l), "")
}

func placeIn(lines []line, l *line) int {
	for i := range lines {
		if &lines[i] == l {
			return i
		}
	}
	return -1
}

// armed is an arm that a split dealt, and how many messages there were before.
type armed struct {
	step  int
	name  string
	after int
}

// reachesGoal notes after which messages the goal is reached: those that went out and are not lost.
func (w *walk) reachesGoal() {
	if w.goal {
		return
	}
	w.goal = true
	for i := range w.messages {
		m := &w.messages[i]
		m.goal = m.posted != 0 && !lost(m.status)
	}
}

// repliedTo notes which message a reply is counted for: the last that it can be an answer to.
func (w *walk) repliedTo(h *happening) {
	if h == nil || h.event != "" {
		return
	}
	for i := len(w.messages) - 1; i >= 0; i-- {
		m := &w.messages[i]
		fits := h.conv == "" || w.convOf(i) == h.conv || w.adrift(i)
		if !m.gone && m.posted != 0 && m.posted <= h.at && fits {
			m.replied = true
			return
		}
	}
}

// best orders what can have become of the messages of a step, from the worst.
var best = []engine.MessageStatus{engine.Unsent, engine.Failed, engine.Expired, engine.Held, engine.Planned, engine.Retrying,
	engine.Unknown, engine.Claimed, engine.Accepted, engine.Sent, engine.Delivered, engine.Read}

// counts is everything that the run adds to the counts of its versions.
func (r *Run) counts() map[went]int64 {
	w := r.now
	counts := maps.Clone(w.ways)
	if w.status == engine.LeftOut {
		return counts
	}
	add := func(c engine.Counter, n int) {
		if n != 0 {
			counts[went{w.flow.Version, c}] += int64(n)
		}
	}
	switch {
	case w.status == engine.Ended:
	case w.status == engine.Parked:
		add(engine.Counter{Kind: engine.CountHere, Step: engine.NoStep}, 1)
	default:
		add(engine.Counter{Kind: engine.CountHere, Step: w.at}, 1)
	}
	w.results(add, armed{})
	for _, a := range w.arms {
		add(engine.Counter{Kind: engine.CountArm, Step: engine.NoStep, Split: a.step, Arm: a.name}, 1)
		w.results(add, a)
	}
	return counts
}

// results is what has become of the run, as far as an arm is concerned.
func (w *walk) results(add func(engine.Counter, int), of armed) {
	at := func(kind engine.CounterKind, step, place int, word string, n int) {
		add(engine.Counter{Kind: kind, Step: step, At: place, Word: word, Split: of.step, Arm: of.name}, n)
	}
	if w.status == engine.Ended {
		at(engine.CountEnded, engine.NoStep, 0, w.outcome, 1)
	}
	if w.goal {
		at(engine.CountGoal, engine.NoStep, 0, "", 1)
	}
	for step := range w.flow.byIndex {
		var mine []*Message
		for i := range w.messages {
			if m := &w.messages[i]; m.step == step && i >= of.after {
				mine = append(mine, m)
			}
		}
		if len(mine) == 0 {
			continue
		}
		top := slices.MaxFunc(mine, func(a, b *Message) int { return slices.Index(best, a.status) - slices.Index(best, b.status) }).status
		reason := ""
		for _, m := range mine {
			if top == engine.Unsent && (reason == "" || m.reason < reason) {
				reason = m.reason
			}
		}
		at(engine.CountSend, step, int(top), reason, 1)
		some := func(is func(*Message) bool) int { return min(1, many(mine, is)) }
		at(engine.CountMessages, step, 0, "", many(mine, func(m *Message) bool { return m.attempt > 0 }))
		at(engine.CountReplied, step, 0, "", some(func(m *Message) bool { return m.replied }))
		at(engine.CountReached, step, 0, "", some(func(m *Message) bool { return m.goal }))
		for n := range len(engine.ReadBuckets) + 1 {
			if many(mine, func(m *Message) bool { return m.readWithin() == n }) > 0 {
				at(engine.CountReadIn, step, n, "", 1)
				break
			}
		}
	}
}

func many(all []*Message, is func(*Message) bool) (n int) {
	for _, m := range all {
		if is(m) {
			n++
		}
	}
	return n
}

// readWithin is the bucket of the time until a message was read; -1 if it was not.
func (m *Message) readWithin() int {
	if m.readAt == 0 {
		return -1
	}
	for n, most := range engine.ReadBuckets {
		if m.readAt <= m.posted.Add(most) {
			return n
		}
	}
	return len(engine.ReadBuckets)
}

// compareCounts holds what the engine has counted of a run so far against its history (I17).
func (w *World) compareCounts(r *Run, c engine.Change) {
	if r.counted == nil {
		r.counted = map[went]int64{}
	}
	new(engine.Counting).Take(c, func(key engine.CountsKey, n engine.Counter, by int64) {
		of := went{key.Version, n}
		if r.counted[of] += by; r.counted[of] == 0 {
			delete(r.counted, of)
		}
	})
	if want := r.counts(); !maps.Equal(r.counted, want) {
		w.failIn(r, "run %s of %s for %s is counted wrongly (I17): %s", r.id, r.flow.Name, r.profile, differing(r.counted, want))
	}
}

func differing(got, want map[went]int64) string {
	all := maps.Clone(got)
	maps.Copy(all, want)
	var lines []string
	for c := range all {
		if got[c] != want[c] {
			lines = append(lines, fmt.Sprintf("%+v is %d, want %d", c, got[c], want[c]))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

// Counts adds up what all runs are counted for. Whole is false of versions with a run whose record was damaged.
func (w *World) Counts() (sums map[engine.CountsKey]map[engine.Counter]int64, whole func(engine.FlowVersion) bool) {
	sums, damaged := map[engine.CountsKey]map[engine.Counter]int64{}, map[engine.FlowVersion]bool{}
	for _, r := range w.runs {
		for c, n := range r.counted {
			key := engine.CountsKey{FlowVersion: engine.FlowVersion{Flow: r.flow.Name, Version: c.version}, Start: engine.CountsHourOf(r.id)}
			damaged[key.FlowVersion] = damaged[key.FlowVersion] || r.lost
			if sums[key] == nil {
				sums[key] = map[engine.Counter]int64{}
			}
			sums[key][c.Counter] += n
		}
	}
	return sums, func(v engine.FlowVersion) bool { return !damaged[v] }
}
