package simtest

import (
	"container/heap"
	"time"
)

// action is something that will happen.
type action struct {
	at     time.Time
	serial int
	do     func()
	of     *process // that was in hand when it was thought of
}

type actions []action

func (a actions) Len() int { return len(a) }
func (a actions) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].serial < a[j].serial
}
func (a actions) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *actions) Push(x any)   { *a = append(*a, x.(action)) }
func (a *actions) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// later lets something happen after a while.
func (w *world) later(d time.Duration, do func()) {
	w.serial++
	heap.Push(&w.heap, action{w.now.Add(d), w.serial, do, w.process})
}
