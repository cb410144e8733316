package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"nudge/store"
	"nudge/store/nodes"
)

const (
	commitTimeout = 30 * time.Second // a commit waits for the answer of PostgreSQL; then its outcome is unknown, and the partition is taken again
	maxTries      = 20               // times a commit is sent if PostgreSQL asks to try again; then the partition is taken again
)

// ErrLost is the error of a commit if the database does not have the one before it, although it confirmed that: it was set back, as
// by a failover to a server that did not have everything.
var ErrLost = errors.New("the database has lost commits that it had confirmed")

// owned is a partition that a node owns under an epoch. It is the only one that changes the partition: each commit fails if it is
// not the owner any more. So its cache is right.
type owned struct {
	d         *Database
	partition int
	owner     nodes.ID
	epoch     uint64
	cache     *cache

	updates sync.Mutex   // one Update at a time
	gate    sync.RWMutex // a commit waits for Views that read from the cache

	first  sync.Mutex
	begun  bool   // number is known
	number uint64 // of the last commit; the cache has nothing from before it was known
	broken error  // the outcome of a commit is unknown: nothing goes on. It changes under updates and gate
}

// Owned returns a partition for a node that owns it under an epoch. An Update fails with nodes.ErrNotOwner if it does not any more. After
// any error of an Update that is not the caller's own, nothing goes on, and the partition must be taken again.
func (d *Database) Owned(partition int, owner nodes.ID, epoch uint64) store.KV {
	return &owned{d: d, partition: partition, owner: owner, epoch: epoch, cache: newCache(d.cacheBytes())}
}

func (o *owned) of() (d *Database, partition int) { return o.d, o.partition }

// ViewTogether reads partitions of one database at one instant.
func (o *owned) ViewTogether(all []store.KV, f func([]store.Reader) error) (possible bool, err error) {
	return o.d.viewTogether(all, f)
}

// Close forgets the cache. Nobody else is told.
func (o *owned) Close() error {
	o.updates.Lock()
	defer o.updates.Unlock()
	o.gate.Lock()
	defer o.gate.Unlock()
	if o.broken == nil {
		o.broken = errors.New("the partition was closed")
	}
	o.cache = newCache(0)
	return nil
}

// View reads from cache and database.
func (o *owned) View(f func(store.Reader) error) error {
	if err := o.begin(); err != nil {
		return err
	}
	o.gate.RLock()
	if o.broken != nil {
		defer o.gate.RUnlock()
		return o.broken
	}
	v := &ownView{o: o, since: time.Now()}
	v.mu.Lock()
	v.timer = time.AfterFunc(holdTime, v.leaveSoon)
	v.mu.Unlock()
	defer v.close()
	return guarded(func() error { return f(newReader(v)) })
}

// Update gathers what a function writes and makes it durable in one trip.
func (o *owned) Update(f func(store.Writer) error) error {
	o.updates.Lock()
	defer o.updates.Unlock()
	if err := cmp.Or(o.broken, o.begin()); err != nil {
		return err
	}
	t := &writer{reader: newReader(&cached{o.cache, func(w []want) [][]row { return o.d.fetch(o.partition, w) }})}
	if err := guarded(func() error { return f(t) }); err != nil {
		return err
	}
	var writes []put
	if err := guarded(func() error { writes = t.changes(); return nil }); err != nil {
		return err
	}
	if len(writes) == 0 {
		return nil
	}
	o.gate.Lock()
	defer o.gate.Unlock()
	if err := o.commit(writes); err != nil {
		o.broken = fmt.Errorf("partition %d: %w", o.partition, err)
		o.cache = newCache(0)
		return o.broken
	}
	o.cache.commit(writes, o.number)
	return nil
}

// commit sends writes, again and again if PostgreSQL asks for that.
func (o *owned) commit(writes []put) (err error) {
	for range maxTries {
		if err = o.try(writes); err == nil {
			o.number++
			return nil
		}
		if answer := (*pgconn.PgError)(nil); !errors.As(err, &answer) || answer.Code != "40001" && answer.Code != "40P01" {
			break
		}
	}
	return explain(err)
}

// begin reads the number of the last commit, before anything else is read.
func (o *owned) begin() (err error) {
	o.first.Lock()
	defer o.first.Unlock()
	if o.begun {
		return nil
	}
	o.number, err = o.d.lastCommit(o.partition)
	o.begun = err == nil
	return err
}

// explain names the errors of the fence.
func explain(err error) error {
	if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) {
		switch answer.Code {
		case codeNotOwner:
			return nodes.ErrNotOwner
		case codeLost:
			return ErrLost
		}
	}
	return fmt.Errorf("it is not known whether a commit happened: %w", err)
}

// lastCommit returns the number of the last commit of a partition.
func (d *Database) lastCommit(partition int) (last uint64, err error) {
	err = d.read(func() *batch {
		b := new(batch)
		b.add("SELECT number FROM nudge.commits WHERE partition = $1 ORDER BY number DESC LIMIT 1", number(int64(partition)))
		return b
	}, func(_ int, values [][]byte) error {
		n, err := whole(values[0])
		last = uint64(n)
		return err
	})
	return last, err
}

// try sends a commit: the fence, and for each table what is written and what is deleted.
func (o *owned) try(writes []put) error {
	ctx, cancel := context.WithTimeout(o.d.life, commitTimeout)
	defer cancel()
	c, err := o.d.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	b := new(batch)
	b.add("SELECT nudge.fence($1, $2, $3, $4)", number(int64(o.partition)), text(string(o.owner)), number(int64(o.epoch)), number(int64(o.number)))
	var tables [tableCount]changes
	for i := range writes {
		tables[tableOf(writes[i].bucket)].add(&writes[i], o.number+1)
	}
	for t := range tables {
		tables[t].send(b, tableName(table(t), o.partition))
	}
	conn := c.Conn().PgConn()
	warnings(conn)
	if err := o.d.send(ctx, conn, b, nil); err != nil {
		return err
	}
	if warning := warnings(conn); warning != "" {
		return fmt.Errorf("PostgreSQL confirmed a commit with a warning: %s", warning)
	}
	return nil
}

// changes are the rows of one table that a commit changes.
type changes struct{ put, deleted rowList }

type rowList struct {
	buckets []int16
	keys    [][]byte
	values  [][]byte
}

func (l *rowList) add(b store.Bucket, key, value []byte) {
	l.buckets, l.keys, l.values = append(l.buckets, int16(b)), append(l.keys, key), append(l.values, value)
}

func (c *changes) add(w *put, version uint64) {
	key := []byte(w.key)
	if w.value != nil {
		c.put.add(w.bucket, versionKey(w.bucket, key, version), w.value)
	}
	if w.was && versioned(w.bucket) || w.value == nil && !versioned(w.bucket) {
		c.deleted.add(w.bucket, versionKey(w.bucket, key, w.version), nil)
	}
}

func (c *changes) send(b *batch, table string) {
	if len(c.deleted.keys) > 0 {
		b.add("DELETE FROM "+table+" r USING unnest($1::smallint[], $2::bytea[]) AS w(b, k) WHERE r.bucket = w.b AND r.key = w.k",
			smalls(c.deleted.buckets), raws(c.deleted.keys))
	}
	if len(c.put.keys) > 0 {
		b.add("INSERT INTO "+table+" (bucket, key, value) SELECT b, k, v FROM unnest($1::smallint[], $2::bytea[], $3::bytea[]) AS w(b, k, v) "+
			"ON CONFLICT (bucket, key) DO UPDATE SET value = EXCLUDED.value", smalls(c.put.buckets), raws(c.put.keys), raws(c.put.values))
	}
}
