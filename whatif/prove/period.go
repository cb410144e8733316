package prove

// period is a rolling period in which the messages of a category are counted.
type period struct {
	category string
	length   int64 // 0: the whole run
	days     bool  // it is whole days, which clocks that change do not shorten
}

// count counts a message that goes out when it lies within the period. The period begins
// with any message: each is tried.
func (w *walk) count(category string) {
	p := w.period
	if p == nil || category != p.category || w.s.counted {
		return
	}
	if p.length == 0 {
		w.counted = 1
		return
	}
	z := &w.s.zone
	id := alarm{atPeriod, 0, false}
	end := z.find(id)
	switch {
	case end < 0:
		if w.t.choose(2) == 1 {
			z.add(id, now, p.length, p.length)
			w.counted = 1
		}
	case w.t.choose(2) == 0:
		w.dead = w.dead || !z.restrict(now, end, -1)
		w.counted = 1
	default:
		w.dead = w.dead || !z.restrict(end, now, 0)
		z.remove(func(a alarm) bool { return a == id })
		w.s.counted = true
	}
}
