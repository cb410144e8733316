package store

import (
	"bytes"
)

// farJoined is a joinedReader of parts on another machine. It reads ahead what is of people, in the parts that have them: a load of many
// people takes a few trips for each part, and not some for each person.
type farJoined struct{ joinedReader }

// joinReaders returns a reader of all parts.
func joinReaders(readers []Reader) Reader {
	if _, far := readers[0].(Far); far {
		return farJoined{readers}
	}
	return joinedReader(readers)
}

// Ahead divides the wants among the parts. A want whose part is not known, or of keys that differ from those of a part, is read when it
// is asked for.
func (j farJoined) Ahead(wants []Want) {
	parts := make([][]Want, len(j.joinedReader))
	for _, w := range wants {
		if part := j.home(&w); part < len(parts) {
			parts[part] = append(parts[part], w)
		}
	}
	for n, some := range parts {
		if len(some) > 0 {
			j.joinedReader[n].(Far).Ahead(some)
		}
	}
}

// home is the part that has all of a want; one that is not there if that is not known.
func (j farJoined) home(w *Want) int {
	n := len(j.joinedReader)
	switch {
	case w.Bucket == People && len(w.From) == personHashBytes:
		return hashHome(w.From[0], n)
	case w.Bucket == People || w.To != nil:
		return n
	}
	if rule, ok := joinRules[w.Bucket].(disjoint); ok && rule.home != nil {
		return rule.home(w.From, n)
	}
	return n
}

// Within visits the entries from a place on, and ends before a key.
func (j farJoined) Within(b Bucket, from, to []byte, visit func(key, value []byte) bool) {
	if n := len(j.joinedReader); b == People && len(from) >= personHashBytes && bytes.HasPrefix(to, from[:personHashBytes]) {
		if _, past := pastSeq(from); !past && bytes.Compare(to, append(bytes.Clone(from[:personHashBytes]), pastMark)) <= 0 {
			j.joinedReader[hashHome(from[0], n)].(Far).Within(b, from, to, visit)
			return
		}
	}
	j.Ascend(b, from, func(key, value []byte) bool {
		return (to == nil || bytes.Compare(key, to) < 0) && visit(key, value)
	})
}
