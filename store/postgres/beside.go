package postgres

import "nudge/store"

// Who walks through an index usually reads the record that each entry leads to. One trip for each would take long. So when one such record is
// not known, those of all entries of its page are read with it.

// lately is the last pages that a transaction walked through.
type lately struct {
	last [2]entries // the newest first
}

// entries are some of a bucket.
type entries struct {
	bucket store.Bucket
	pairs  []pair
}

func (l *lately) note(b store.Bucket, pairs []pair) {
	if len(pairs) > 1 {
		l.last[1], l.last[0] = l.last[0], entries{b, pairs}
	}
}

// leadSteps is how far an entry may lead: from a group of failures to its record, its newest run, and where that ended.
const leadSteps = 4

// beside returns the wants of a record that an entry of a page leads to, and of those that the others lead to; nil if none leads there.
func (r reader) beside(b store.Bucket, key []byte) []want {
	for i := range r.lately.last {
		var wants []want
		found := false
		for _, p := range r.lately.last[i].pairs {
			w, ok := r.lead(r.lately.last[i].bucket, p)
			if !ok {
				continue
			}
			if w.is(b, key) {
				if found {
					continue
				}
				found = true
			}
			wants = append(wants, w)
		}
		if found {
			return wants
		}
	}
	return nil
}

// lead returns the first record that an entry leads to and that is not known.
func (r reader) lead(b store.Bucket, p pair) (w want, ok bool) {
	for range leadSteps {
		to, at, leads := store.Lead(b, p.key, p.value)
		if !leads || len(at) == 0 || len(at) > maxKey {
			return w, false
		}
		value, known := r.get(to, at)
		if !known {
			return want{bucket: to, from: at, key: true, limit: 1}, true
		}
		if value == nil {
			return w, false
		}
		b, p = to, pair{at, value}
	}
	return w, false
}
