package postgres

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"

	"nudge/store"
)

// Pages of a range begin small, since most reads want few keys, and grow.
const (
	firstPage    = 16
	largePage    = 1024
	pageGrows    = 4
	learnedPages = 2 // of a walk, that the cache keeps
)

// reader reads a partition: from the cache what is known, and the rest from the database.
type reader struct {
	source
	lately *lately
}

var _ store.Far = reader{}

func newReader(s source) reader { return reader{s, new(lately)} }

// source is where a reader reads.
type source interface {
	// begin returns the cache, which may be used until end.
	begin() *cache
	end()
	// fetch reads from the database. It panics with a failure.
	fetch([]want) [][]row
}

// cached is a source of a transaction that has a cache of its own.
type cached struct {
	cache *cache
	ask   func([]want) [][]row
}

func (c *cached) begin() *cache          { return c.cache }
func (c *cached) end()                   {}
func (c *cached) fetch(w []want) [][]row { return c.ask(w) }

// want is a range to read. It begins at from, and ends before to.
type want struct {
	bucket   store.Bucket
	from, to []byte // nil: to the end of the bucket
	limit    int
	key      bool // it is only the key from
	down     bool // the last ones, last first
	runs     bool // and the live runs whose IDs end the keys
}

// row is what the database has under a key.
type row struct {
	key, value []byte
	version    uint64
	run        []byte // the live run whose ID ends the key; nil: none, or not wanted
}

// failure is an error of the database within a transaction. Reads return no errors, so it ends the function that reads.
type failure struct{ error }

// guarded turns a failure into the error of a transaction.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			failed, ok := p.(failure)
			if !ok {
				panic(p)
			}
			err = failed.error
		}
	}()
	return f()
}

// Get returns the value of a key.
func (r reader) Get(b store.Bucket, key []byte) []byte {
	value, known := r.get(b, key)
	if known || len(key) == 0 || len(key) > maxKey {
		return value
	}
	wants := r.beside(b, key)
	if wants == nil {
		wants = []want{{bucket: b, from: key, key: true, limit: 1}}
	}
	all := r.read(wants)
	for i := range wants {
		if wants[i].is(b, key) && len(all[i]) > 0 {
			return all[i][0].value
		}
	}
	return nil
}

// is reports whether a want is that of a key.
func (w *want) is(b store.Bucket, key []byte) bool {
	return w.key && w.bucket == b && bytes.Equal(w.from, key)
}

func (r reader) get(b store.Bucket, key []byte) (value []byte, known bool) {
	value, _, known = r.begin().get(b, key)
	r.end()
	return value, known
}

// read fetches and lets the cache learn it.
func (r reader) read(wants []want) [][]row {
	all := r.fetch(wants)
	c := r.begin()
	defer r.end()
	for i := range wants {
		c.learnWant(&wants[i], all[i])
	}
	return all
}

// learnWant notes what a read has found.
func (c *cache) learnWant(w *want, rows []row) {
	switch {
	case w.key && len(rows) == 0:
		c.learnKey(w.bucket, w.from, nil, 0)
	case w.key:
		c.learnKey(w.bucket, w.from, rows[0].value, rows[0].version)
	case w.down:
		from := []byte(nil)
		if len(rows) == w.limit {
			from = rows[len(rows)-1].key
		}
		up := slices.Clone(rows)
		slices.Reverse(up)
		c.learn(w.bucket, from, w.to, up, false)
	default:
		c.learn(w.bucket, w.from, w.to, rows, len(rows) == w.limit)
	}
	if !w.runs {
		return
	}
	for i := range rows {
		c.learnKey(store.Runs, runOf(rows[i].key), rows[i].run, 0)
	}
}

const runIDBytes = 16

// runOf returns the ID of the run at the end of a key.
func runOf(key []byte) []byte { return key[max(0, len(key)-runIDBytes):] }

// Ahead reads in one trip what is not known of the wants.
func (r reader) Ahead(all []store.Want) {
	wants := make([]want, 0, len(all))
	for _, w := range all {
		if w.To == nil {
			if _, known := r.get(w.Bucket, w.From); !known {
				wants = append(wants, want{bucket: w.Bucket, from: w.From, key: true, limit: 1})
			}
			continue
		}
		wants = r.missing(wants, &w)
	}
	slices.SortFunc(wants, func(x, y want) int { return cmp.Or(cmp.Compare(x.bucket, y.bucket), bytes.Compare(x.from, y.from)) })
	wants = slices.CompactFunc(wants, func(x, y want) bool { return x.bucket == y.bucket && x.key && y.key && bytes.Equal(x.from, y.from) })
	if len(wants) > 0 {
		r.read(wants)
	}
}

// missing adds what is not known of a range.
func (r reader) missing(wants []want, w *store.Want) []want {
	limit := w.Limit
	if limit == 0 {
		limit = math.MaxInt32
	}
	known := r.begin().walk(w.Bucket, w.From, w.To, limit)
	r.end()
	if w.Runs {
		for _, p := range known.pairs {
			if _, has := r.get(store.Runs, runOf(p.key)); !has {
				wants = append(wants, want{bucket: store.Runs, from: runOf(p.key), key: true, limit: 1})
			}
		}
	}
	if known.gap == nil {
		return wants
	}
	return append(wants, want{bucket: w.Bucket, from: known.gap, to: w.To, limit: limit - len(known.pairs), runs: w.Runs})
}

// Ascend visits the keys from a place on.
func (r reader) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	r.Within(b, from, nil, visit)
}

// Within visits the keys of a range.
func (r reader) Within(b store.Bucket, from, to []byte, visit func(key, value []byte) bool) {
	for p := (paging{r, firstPage, 0}); ; {
		w := r.begin().walk(b, from, to, walkSlice)
		r.end()
		r.lately.note(b, w.pairs)
		for _, p := range w.pairs {
			if !visit(p.key, p.value) {
				return
			}
		}
		switch {
		case w.ended:
			return
		case w.gap == nil:
			from = after(w.pairs[len(w.pairs)-1].key)
			continue
		}
		rows, more := p.next(&want{bucket: b, from: w.gap, to: to})
		for i := range rows {
			if !visit(rows[i].key, rows[i].value) {
				return
			}
		}
		if !more {
			return
		}
		from = after(rows[len(rows)-1].key)
	}
}

// paging reads a range page by page.
type paging struct {
	reader
	size, read int // of the next page; pages that were read
}

// next reads a page, and reports whether there may be more.
func (p *paging) next(w *want) (rows []row, more bool) {
	w.limit = p.size
	p.size = min(p.size*pageGrows, largePage)
	p.read++
	ask := *w
	if !w.down {
		ask.from = p.begin().afterFloor(w.bucket, w.from)
		p.end()
		if w.to != nil && bytes.Compare(ask.from, w.to) >= 0 {
			return nil, false
		}
	}
	rows = p.fetch([]want{ask})[0]
	if p.read <= learnedPages {
		p.begin().learnWant(w, rows)
		p.end()
	}
	pairs := make([]pair, len(rows))
	for i := range rows {
		pairs[i] = pair{rows[i].key, rows[i].value}
	}
	p.lately.note(w.bucket, pairs)
	return rows, len(rows) == w.limit
}

// after is the first key behind a key.
func after(key []byte) []byte { return append(bytes.Clone(key), 0) }

// Descend visits the keys before a place, last first.
func (r reader) Descend(b store.Bucket, before []byte, visit func(key, value []byte) bool) {
	for p := (paging{r, firstPage, 0}); ; {
		w, unknown := r.begin().walkDown(b, before, walkSlice)
		r.end()
		r.lately.note(b, w.pairs)
		for _, p := range w.pairs {
			if !visit(p.key, p.value) {
				return
			}
		}
		before = w.gap
		switch {
		case w.ended:
			return
		case !unknown:
			continue
		}
		rows, more := p.next(&want{bucket: b, to: before, down: true})
		for i := range rows {
			if !visit(rows[i].key, rows[i].value) {
				return
			}
		}
		if !more {
			return
		}
		before = rows[len(rows)-1].key
	}
}

// statement is a read from one table.
type statement struct {
	wants []int // their numbers
	runs  bool
}

// ask adds the statements that read the wants of a partition, at most one for each table and direction.
func ask(b *batch, partition int, wants []want) (all []statement) {
	for t := range tableCount {
		for _, down := range [...]bool{false, true} {
			var s statement
			for i := range wants {
				if w := &wants[i]; tableOf(w.bucket) == t && w.down == down {
					s.wants, s.runs = append(s.wants, i), s.runs || w.runs
				}
			}
			if len(s.wants) > 0 {
				s.add(b, tableName(t, partition), down, partition, wants)
				all = append(all, s)
			}
		}
	}
	return all
}

func (s *statement) add(b *batch, table string, down bool, partition int, wants []want) {
	n := len(s.wants)
	buckets, from, to, limits, runs := make([]int16, n), make([][]byte, n), make([][]byte, n), make([]int64, n), make([]int16, n)
	for i, of := range s.wants {
		w := &wants[of]
		buckets[i], limits[i] = int16(w.bucket), int64(w.limit)
		from[i], to[i] = rowKey(w.bucket, w.from), behindAll
		switch {
		case w.key && versioned(w.bucket):
			to[i] = append(bytes.Clone(from[i]), bytes.Repeat([]byte{0xff}, versionBytes+1)...)
		case w.key:
			to[i] = after(w.from)
		case w.to != nil:
			to[i] = rowKey(w.bucket, w.to)
		}
		if w.runs {
			runs[i] = 1
		}
	}
	order := "key"
	if down {
		order = "key DESC"
	}
	sql := "FROM unnest($1::smallint[], $2::bytea[], $3::bytea[], $4::bigint[]) WITH ORDINALITY AS w(b, f, t, n, i) " +
		"CROSS JOIN LATERAL (SELECT key, value FROM " + table + " WHERE bucket = w.b AND key >= w.f AND key < w.t ORDER BY " + order + " LIMIT w.n) r"
	parameters := []parameter{smalls(buckets), raws(from), raws(to), numbers(limits)}
	if !s.runs {
		b.add("SELECT w.i, r.key, r.value "+sql, parameters...)
		return
	}
	sql = "SELECT w.i, r.key, r.value, run.value " +
		"FROM unnest($1::smallint[], $2::bytea[], $3::bytea[], $4::bigint[], $5::smallint[]) WITH ORDINALITY AS w(b, f, t, n, u, i) " +
		"CROSS JOIN LATERAL (SELECT key, value FROM " + table + " WHERE bucket = w.b AND key >= w.f AND key < w.t ORDER BY key LIMIT w.n) r " +
		"LEFT JOIN LATERAL (SELECT value FROM " + tableName(tableOf(store.Runs), partition) +
		fmt.Sprintf(" WHERE w.u = 1 AND bucket = %d AND key = substr(r.key, greatest(1, length(r.key) - %d)) LIMIT 1) run ON true", store.Runs, runIDBytes-1)
	b.add(sql, append(parameters, smalls(runs))...)
}

// take adds a row of the answer to a statement to what was found for its want.
func (s *statement) take(wants []want, found [][]row, values [][]byte) error {
	i, err := whole(values[0])
	if err != nil {
		return err
	}
	if i < 1 || int(i) > len(s.wants) {
		return fmt.Errorf("PostgreSQL gave a row for want %d of %d", i, len(s.wants))
	}
	of := s.wants[i-1]
	w := &wants[of]
	raw := make([]byte, len(values[1])+len(values[2])) // one allocation; the answer's own bytes are used again
	copy(raw, values[1])
	copy(raw[len(values[1]):], values[2])
	key, version, err := recordKey(w.bucket, raw[:len(values[1]):len(values[1])])
	if err != nil {
		return err
	}
	r := row{key: key, value: raw[len(values[1]):], version: version}
	if w.runs && len(values) > 3 && values[3] != nil {
		r.run = bytes.Clone(values[3])
		if r.run == nil {
			r.run = []byte{}
		}
	}
	if all := found[of]; len(all) > 0 && (bytes.Compare(all[len(all)-1].key, key) < 0) == w.down {
		return fmt.Errorf("PostgreSQL gave the keys of %s in another order", w.bucket)
	}
	found[of] = append(found[of], r)
	return nil
}
