package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"nudge/engine"
)

// Notice is a notice for an endpoint that the endpoint has not taken yet.
type Notice struct {
	engine.NoticeTo
	ID       string         // the same at every attempt; unique among all stores
	Due      engine.Instant // when it is tried next
	Attempts int            // that have failed
	Error    string         // of the last attempt; empty before the first
	Failed   engine.Instant // when it was given up; 0 while it is tried
}

func (n *Notice) fields(c *codec) {
	c.str(&n.Endpoint)
	kind := string(n.Type)
	c.str(&kind)
	n.Type = engine.NoticeType(kind)
	integer(c, &n.At)
	c.str(&n.Profile)
	c.raw(&n.Data)
	c.str(&n.ID)
	integer(c, &n.Due)
	integer(c, &n.Attempts)
	c.str(&n.Error)
	integer(c, &n.Failed)
}

func encodeNotice(n *Notice) []byte { return encode(noticeVersion, n.fields) }

func decodeNotice(record []byte) (*Notice, error) {
	n := new(Notice)
	return n, decode(record, noticeVersion, n.fields)
}

// noticeKey is where a notice waits: those of an endpoint stand together, the earliest first.
func noticeKey(n *Notice) []byte {
	return append(append(endpointPrefix(n.Endpoint), be(uint64(n.Due))...), n.ID...)
}

func endpointPrefix(name string) []byte { return sized(nil, name) }

// failedKey is where a notice stands that was given up: the oldest first.
func failedKey(n *Notice) []byte { return append(be(uint64(n.Failed)), n.ID...) }

// addNotices adds the writes for the notices of a batch.
func (s *Store) addNotices(b *engine.Batch, add func(write)) {
	for i, to := range b.Notices {
		n := &Notice{NoticeTo: *to, Due: to.At, ID: fmt.Sprintf("%s-%d-%d", s.opened, b.State.Seq, i)}
		add(write{bucket: Notices, key: noticeKey(n), value: encodeNotice(n)})
	}
}

// DueNotices returns at most limit notices for an endpoint that are due at an instant, the earliest first. Next is
// when the first one after them is due, 0 if there is none.
func (s *Store) DueNotices(endpoint string, now engine.Instant, limit int) (due []*Notice, next engine.Instant, err error) {
	prefix := endpointPrefix(endpoint)
	err = s.kv.View(func(r Reader) (failed error) {
		r.Ascend(Notices, prefix, func(key, record []byte) bool {
			if !bytes.HasPrefix(key, prefix) || len(key) < len(prefix)+8 {
				return false
			}
			if at := engine.Instant(binary.BigEndian.Uint64(key[len(prefix):])); at > now || len(due) == limit {
				next = at
				return false
			}
			var n *Notice
			if n, failed = decodeNotice(record); failed != nil {
				failed = damaged(Notices, key, failed)
				return false
			}
			due = append(due, n)
			return true
		})
		return failed
	})
	return due, next, err
}

// NoticeResult is how an attempt to deliver a notice ended.
type NoticeResult struct {
	Notice *Notice        // as [Store.DueNotices] or [Store.FailedNotices] returned it
	Again  engine.Instant // when to try again; 0: it was delivered, or is given up
	Error  string         // empty: it was delivered, or an operator wants it tried again
	GaveUp engine.Instant // when it was given up; 0: it was not
}

// SettleNotices notes how attempts ended. It passes over notices that are not there any more.
func (s *Store) SettleNotices(results []NoticeResult) error {
	return s.kv.Update(func(w Writer) error {
		for _, r := range results {
			if err := settleNotice(w, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func settleNotice(w Writer, r NoticeResult) error {
	bucket, key := Notices, noticeKey(r.Notice)
	if r.Notice.Failed != 0 {
		bucket, key = FailedNotices, failedKey(r.Notice)
	}
	if w.Get(bucket, key) == nil {
		return nil
	}
	if err := w.Delete(bucket, key); err != nil {
		return err
	}
	if forgetting := w.Get(Erasures, personPrefix(r.Notice.Profile)); r.Notice.Profile != "" && forgetting != nil {
		return nil // the erasure may have been here already
	}
	n := *r.Notice
	n.Failed, n.Error = r.GaveUp, r.Error
	if r.Error != "" {
		n.Attempts++
	}
	switch {
	case r.GaveUp != 0:
		return w.Put(FailedNotices, failedKey(&n), encodeNotice(&n))
	case r.Again != 0:
		if r.Error == "" {
			n.Attempts = 0 // an operator has begun anew
		}
		n.Due = r.Again
		return w.Put(Notices, noticeKey(&n), encodeNotice(&n))
	}
	return nil
}

// FailedNotices returns at most limit notices that were given up, newest first, of those before a
// place; nil for the newest. Next is the place of the next page, nil if there is none.
func (s *Store) FailedNotices(before []byte, limit int) (all []*Notice, next []byte, err error) {
	err = s.kv.View(func(r Reader) (failed error) {
		r.Descend(FailedNotices, before, func(key, record []byte) bool {
			if len(all) == limit {
				next = failedKey(all[limit-1])
				return false
			}
			var n *Notice
			if n, failed = decodeNotice(record); failed != nil {
				failed = damaged(FailedNotices, key, failed)
				return false
			}
			all = append(all, n)
			return true
		})
		return failed
	})
	return all, next, err
}

// DropNotices drops notices that nobody gets any more: at most limit notices that were given up before an instant, and
// of endpoints that are not among the given ones. It returns how many it dropped.
func (s *Store) DropNotices(endpoints []string, before engine.Instant, limit int) (dropped int, err error) {
	var old []write
	drop := func(b Bucket, key []byte) bool {
		old = append(old, write{bucket: b, key: bytes.Clone(key), delete: true})
		return len(old) < limit
	}
	if err := s.kv.View(func(r Reader) error {
		r.Ascend(FailedNotices, nil, func(key, _ []byte) bool {
			return bytes.Compare(key, be(uint64(before))) < 0 && drop(FailedNotices, key)
		})
		for from, more := []byte(nil), true; more && len(old) < limit; {
			more = false
			r.Ascend(Notices, from, func(key, _ []byte) bool {
				name := endpointOf(key)
				if !slices.Contains(endpoints, name) {
					return drop(Notices, key)
				}
				// No key of this endpoint is behind that: no instant is so late.
				from, more = append(endpointPrefix(name), be(math.MaxUint64)...), true
				return false
			})
		}
		return nil
	}); err != nil || len(old) == 0 {
		return 0, err
	}
	return len(old), s.kv.Update(func(w Writer) error { return apply(w, old) })
}

// endpointOf returns whose notice stands under a key; empty if the key is damaged.
func endpointOf(key []byte) string {
	n, size := binary.Uvarint(key)
	if size <= 0 || n > uint64(len(key)-size) {
		return ""
	}
	return string(key[size:][:n])
}
