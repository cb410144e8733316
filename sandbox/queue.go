package sandbox

// queue is first in, first out. Its zero value is empty.
type queue[T any] struct {
	items []T
	first int
}

func (q *queue[T]) len() int { return len(q.items) - q.first }

func (q *queue[T]) push(x T) { q.items = append(q.items, x) }

// pop takes the oldest; there must be one.
func (q *queue[T]) pop() T {
	x := q.items[q.first]
	var none T
	q.items[q.first] = none
	q.first++
	switch {
	case q.first == len(q.items):
		q.items, q.first = q.items[:0], 0
	case q.first > 1024 && q.first > len(q.items)/2:
		q.items, q.first = append([]T(nil), q.items[q.first:]...), 0
	}
	return x
}
