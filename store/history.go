package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"nudge/engine"
)

// The history of a person is in the bucket of people, behind the entries of their live runs: an entry for each
// run that has ended, and one for each input that mattered to them and that the timeline of no run tells of. All
// of them sort by their instant.
//
// The commit that starts a person's run writes their page anyway. There it also moves the entries of runs
// that have ended since their last one, so the history of runs costs no page of its own, and no write when a
// run ends. See [sweep].
const (
	pastMark       = 0xff // greater than the first byte of any run ID
	pastRunBytes   = personHashBytes + 1 + 8 + runIDBytes
	pastInputBytes = personHashBytes + 1 + 8 + 8
	liveRunBytes   = personHashBytes + runIDBytes
)

// pastPrefix is where the history of a person begins.
func pastPrefix(profile string) []byte { return append(personHash(profile), pastMark) }

// pastRunKey is the entry of a run that has ended.
func pastRunKey(r *engine.Run) []byte {
	return append(pastPrefix(r.Profile), endedKey(r.ID, r.Ended)...)
}

// pastInputKey is the entry of an input.
func pastInputKey(e *engine.HistoryEntry) []byte {
	return append(append(pastPrefix(e.Profile), be(uint64(e.At))...), be(e.Seq)...)
}

// pastSeq is the number of the input of an entry; false for another entry.
func pastSeq(key []byte) (seq uint64, ok bool) {
	if len(key) != pastInputBytes {
		return 0, false
	}
	return binary.BigEndian.Uint64(key[pastInputBytes-8:]), true
}

func historyFields(c *codec, e *engine.HistoryEntry) {
	c.str(&e.Profile)
	c.uint(&e.Seq)
	integer(c, &e.At)
	list(c, &e.Decisions, func(c *codec, d *engine.Decision) {
		c.str(&d.Flow)
		c.str(&d.Run)
		action := string(d.Action)
		c.str(&action)
		d.Action = engine.Action(action)
		c.str(&d.Reason)
	})
	c.str(&e.Ignored)
	c.uint(&e.Campaign)
	c.str(&e.Reason)
}

func encodeHistory(e *engine.HistoryEntry) []byte {
	return encode(historyVersion, func(c *codec) { historyFields(c, e) })
}

func decodeHistory(record []byte) (*engine.HistoryEntry, error) {
	e := new(engine.HistoryEntry)
	return e, decode(record, historyVersion, func(c *codec) { historyFields(c, e) })
}

// MaxHistory is how many runs and inputs one page of a person's history may have, by `limit`; a larger `limit` is
// refused with 400. The first page has every live run besides.
const MaxHistory = 100

// HistoryItem is a run of a person, or an input that mattered to them.
type HistoryItem struct {
	Run      *engine.Run          // nil: an input
	Entry    *engine.HistoryEntry // of an input
	Input    *engine.Input        // itself
	Campaign *engine.Campaign     // that left the person out; nil for none, and for one that is not there any more
}

// HistoryPage is one page of a person's history, newest first: runs by their ends, live ones before all.
type HistoryPage struct {
	Items   []HistoryItem
	Next    []byte         // where the next page begins; nil on the last
	Damaged []engine.RunID // runs of the page whose records cannot be read
}

// History returns a page of what happened to a person. Before is where it begins, nil for the newest. It reads
// at most two records for each item, and two for each live run: how many runs there are and how long the
// journal is does not matter.
func (s *Store) History(profile string, before []byte, limit int) (page HistoryPage, err error) {
	limit = min(max(limit, 1), MaxHistory)
	err = s.kv.View(func(r Reader) error {
		h := &historyReader{r: r, profile: profile, page: &page}
		places := h.live(before)
		return h.past(places, before, limit)
	})
	return page, err
}

// historyReader makes a page.
type historyReader struct {
	r       Reader
	profile string
	page    *HistoryPage
}

// live takes the live runs into the first page, the newest first. It returns the places of the ended runs whose
// entries were not moved yet.
func (h *historyReader) live(before []byte) (places [][]byte) {
	prefix := personHash(h.profile)
	var live []*engine.Run
	h.r.Ascend(People, prefix, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, prefix) || len(key) != liveRunBytes {
			return false
		}
		id := key[personHashBytes:]
		record := h.r.Get(Runs, id)
		switch {
		case record == nil: // it was dropped
		case isSign(record):
			if _, to, err := follow(id, record); err == nil {
				places = append(places, to)
			}
		case before == nil:
			if run, err := decodeRun(id, record); err != nil {
				h.page.Damaged = append(h.page.Damaged, engine.RunID(id))
			} else if run.Profile == h.profile {
				live = append(live, run)
			}
		}
		return true
	})
	for _, run := range slices.Backward(live) {
		h.page.Items = append(h.page.Items, HistoryItem{Run: run})
	}
	slices.SortFunc(places, func(a, b []byte) int { return bytes.Compare(b, a) })
	return places
}

// past adds the next items of the past: from two lists that are both sorted, newest first.
func (h *historyReader) past(places [][]byte, before []byte, limit int) (err error) {
	prefix := pastPrefix(h.profile)
	from := append(bytes.Clone(prefix), bytes.Repeat([]byte{0xff}, 8+runIDBytes+1)...)
	if before != nil {
		from = append(bytes.Clone(prefix), before...)
		places = slices.DeleteFunc(places, func(p []byte) bool { return bytes.Compare(p, before) >= 0 })
	}
	taken, last := 0, []byte(nil)
	take := func(place []byte) bool {
		if taken == limit {
			h.page.Next = last
			return false
		}
		taken, last = taken+1, bytes.Clone(place)
		err = h.item(place)
		return err == nil
	}
	more := true
	h.r.Descend(People, from, func(key, _ []byte) bool {
		if !bytes.HasPrefix(key, prefix) {
			return false
		}
		place := key[len(prefix):]
		for more && len(places) > 0 && bytes.Compare(places[0], place) > 0 {
			more, places = take(places[0]), places[1:]
		}
		more = more && take(place)
		return more
	})
	for more && len(places) > 0 {
		more, places = take(places[0]), places[1:]
	}
	return err
}

// item adds the run or the input at a place, if it is the person's and still there.
func (h *historyReader) item(place []byte) error {
	if len(place) == 8+runIDBytes {
		record := h.r.Get(Ended, place)
		if record == nil {
			return nil
		}
		run, err := decodeEnded(place, record)
		if err != nil {
			h.page.Damaged = append(h.page.Damaged, engine.RunID(place[8:]))
		} else if run.Profile == h.profile {
			h.page.Items = append(h.page.Items, HistoryItem{Run: run})
		}
		return nil
	}
	key := append(pastPrefix(h.profile), place...)
	e, err := decodeHistory(h.r.Get(People, key))
	if err != nil {
		return damaged(People, key, err)
	}
	record := h.r.Get(Journal, be(e.Seq))
	if record == nil || e.Profile != h.profile {
		return nil
	}
	j, err := decodeJournaled(record)
	if err != nil {
		return damaged(Journal, be(e.Seq), err)
	}
	item := HistoryItem{Entry: e, Input: j.Input}
	if e.Campaign != 0 {
		if item.Campaign, err = readCampaign(h.r, e.Campaign); err != nil {
			return err
		}
	}
	h.page.Items = append(h.page.Items, item)
	return nil
}

// PurgeHistory drops the next entries of inputs that the journal no longer has. It begins after the given place
// (nil at first) and returns the new place, or nil when there are no more.
func (s *Store) PurgeHistory(after []byte) (last []byte, err error) {
	var keys [][]byte
	if err := s.kv.View(func(r Reader) error {
		purged, err := readPurged(r)
		if err != nil || purged.Journal == 0 {
			return err
		}
		looked := 0
		r.Ascend(People, append(bytes.Clone(after), 0), func(key, _ []byte) bool {
			if looked == purgeHistory {
				return false
			}
			if looked++; looked == purgeHistory {
				last = bytes.Clone(key)
			}
			if seq, ok := pastSeq(key); ok && seq <= purged.Journal {
				keys = append(keys, bytes.Clone(key))
			}
			return true
		})
		return nil
	}); err != nil || len(keys) == 0 {
		return last, err
	}
	return last, s.kv.Update(func(w Writer) error { return deleteAll(w, People, keys) })
}

func deleteAll(w Writer, b Bucket, keys [][]byte) error {
	for _, key := range keys {
		if err := w.Delete(b, key); err != nil {
			return err
		}
	}
	return nil
}

// eraseHistory drops the next entries of a forgotten person, and reports whether these were the last.
func (e *erasure) eraseHistory(w Writer) (done bool, err error) {
	prefix := pastPrefix(e.profile)
	var keys [][]byte
	looked := 0
	from := cmp.Or(string(e.next), string(prefix))
	e.next = nil
	w.Ascend(People, []byte(from), func(key, record []byte) bool {
		if !bytes.HasPrefix(key, prefix) {
			return false
		}
		if looked == eraseSlice {
			e.next = bytes.Clone(key)
			return false
		}
		looked++
		if seq, ok := pastSeq(key); ok && seq <= e.upTo {
			if entry, failed := decodeHistory(record); failed != nil || entry.Profile == e.profile {
				keys = append(keys, bytes.Clone(key))
			}
		}
		return true
	})
	return e.next == nil, deleteAll(w, People, keys)
}

// personEntry verifies an entry of the bucket of people.
func (c *checker) personEntry(key, record []byte) {
	if seq, ok := pastSeq(key); ok {
		e, err := decodeHistory(record)
		switch {
		case err != nil:
			c.problem("people %x: %v", key, err)
		case !bytes.Equal(pastInputKey(e), key) || seq > c.last.Seq:
			c.problem("people %x: the record is of input %d of %q, the last is %d", key, e.Seq, e.Profile, c.last.Seq)
		}
		return
	}
	if len(key) != pastRunBytes {
		c.indexed(People, key)
		return
	}
	id, err := runAt(key)
	run, failed := readRun(c.r, id)
	if err != nil || failed == nil && (run == nil || run.Live() || !bytes.Equal(pastRunKey(run), key)) {
		c.problem("people %x: no run that has ended so", key)
	}
}

// PlaceTime returns the instant of a place in a history, 0 for none.
func PlaceTime(place []byte) engine.Instant {
	if len(place) < 8 {
		return 0
	}
	return engine.Instant(binary.BigEndian.Uint64(place))
}
