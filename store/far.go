package store

import (
	"bytes"
	"errors"
)

// ErrUnreachable is what an error is, too, if a store on another machine did not answer. It may be tried again in a moment.
var ErrUnreachable = errors.New("the store does not answer")

// Far is what a Reader may be, too, if every read is a trip to another machine. Others lose nothing by it.
type Far interface {
	Reader
	// Ahead reads in one trip what the transaction is about to read, and keeps it for that.
	Ahead([]Want)
	// Within is an Ascend that ends before a key, so that nothing behind it is read.
	Within(b Bucket, from, to []byte, visit func(key, value []byte) bool)
}

// Want is what a transaction is about to read: a key, or the first keys of a range.
type Want struct {
	Bucket Bucket
	From   []byte
	To     []byte // the range ends before it; nil: only the key From
	Limit  int    // of the keys in the range; 0: all
	Runs   bool   // the keys end in IDs of runs, whose live records are wanted, too
}

// ahead reads what a transaction is about to read, if that saves trips. Then list adds it.
func ahead(r Reader, list func(add func(Want))) {
	far, ok := r.(Far)
	if !ok {
		return
	}
	var wants []Want
	list(func(w Want) { wants = append(wants, w) })
	if len(wants) > 0 {
		far.Ahead(wants)
	}
}

// within is an Ascend from a place on for who wants only keys with a prefix; visit returns false for any other. So a reader on another machine
// need not read behind them.
func within(r Reader, b Bucket, prefix, from []byte, visit func(key, value []byte) bool) {
	if far, ok := r.(Far); ok {
		far.Within(b, from, spanEnd(b, prefix), visit)
		return
	}
	r.Ascend(b, from, visit)
}

// spanEnd is where a transaction may stop to read keys that have a prefix: behind all of them, but of a person behind the live runs. No
// prefix consists of 0xff alone.
func spanEnd(b Bucket, prefix []byte) []byte {
	if b == People {
		return append(bytes.Clone(prefix), pastMark)
	}
	end := bytes.Clone(bytes.TrimRight(prefix, "\xff"))
	end[len(end)-1]++
	return end
}

// span is the want of the keys that have a prefix, from a place on.
func span(b Bucket, prefix, from []byte) Want {
	return Want{Bucket: b, From: from, To: spanEnd(b, prefix)}
}

// Together is what a KV may be, too, if several of its kind can be read at one instant by one transaction.
type Together interface {
	KV
	// ViewTogether calls f with a reader of each, in their order. It reports false, and does nothing, if that is not possible.
	ViewTogether(all []KV, f func([]Reader) error) (possible bool, err error)
}
