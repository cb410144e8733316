package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"nudge/store"
)

// Alive says up to when a backup that goes on has everything.
type Alive struct {
	Until time.Time `json:"until"`
}

// Changes puts what was written after the backup into the stores that [Backup.Copy] has filled, as far as it is there: a
// backup that goes on has no end, so a part of a block at its end is left out. Heard is called with each instant up to
// which everything is there; it may be nil. It fails with [ErrDamaged] where what is there is not as it was written.
func (b *Backup) Changes(ctx context.Context, into []store.KV, makeFile func(name string) (io.WriteCloser, error), heard func(until time.Time)) (err error) {
	c := &applying{b: b, into: into, waiting: make([][]change, len(into)), files: copying{b: b, makeFile: makeFile}}
	defer func() { err = errors.Join(err, c.files.closeFile()) }()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		kind, content, err := b.next()
		if errors.Is(err, errCutShort) {
			return c.commit()
		}
		if err != nil {
			return err
		}
		switch kind {
		case changesBlock:
			err = c.take(bytes.Clone(content))
		case aliveBlock:
			err = b.hear(content, heard)
		case fileBlock, textBlock:
			err = c.files.takeFile(kind, content)
		default:
			err = b.damaged(fmt.Sprintf("a block of unknown kind %q", kind))
		}
		if err != nil {
			return err
		}
	}
}

// VerifyChanges reads what was written after a backup, as [Backup.Changes] does, and keeps nothing.
func (b *Backup) VerifyChanges(ctx context.Context, heard func(until time.Time)) error {
	into := make([]store.KV, b.Header.Partitions)
	for n := range into {
		into[n] = nowhere{}
	}
	return b.Changes(ctx, into, makeNowhere, heard)
}

func (b *Backup) hear(content []byte, heard func(time.Time)) error {
	var alive Alive
	if json.Unmarshal(content, &alive) != nil {
		return b.damaged("an instant that cannot be read")
	}
	if heard != nil {
		heard(alive.Until)
	}
	return nil
}

// change is one record that was written or deleted.
type change struct {
	bucket     store.Bucket
	key, value []byte
	delete     bool
}

// applying is a copy of changes under way.
type applying struct {
	b       *Backup
	into    []store.KV
	waiting [][]change // by partition
	bytes   int
	files   copying
}

// take takes what a transaction wrote; it owns content.
func (c *applying) take(content []byte) error {
	if len(content) < 1 || int(content[0]) >= len(c.into) {
		return c.b.damaged("changes of no partition")
	}
	part, rest := content[0], content[1:]
	for len(rest) > 0 {
		var ch change
		var name []byte
		var ok bool
		kind := rest[0]
		if name, rest, ok = cut(rest[1:]); ok {
			ch.key, rest, ok = cut(rest)
		}
		if ch.delete = kind == deleteChange; ok && kind == putChange {
			ch.value, rest, ok = cut(rest)
		}
		var known bool
		if ch.bucket, known = bucketOf(name); !ok || !known || kind != putChange && kind != deleteChange {
			return c.b.damaged("a change that cannot be read")
		}
		c.waiting[part] = append(c.waiting[part], ch)
	}
	if c.bytes += len(content); c.bytes < commitBytes {
		return nil
	}
	return c.commit()
}

// commit writes what waits. Between partitions there is no order to be kept: all are whole at the end, or none is used.
func (c *applying) commit() error {
	for part, changes := range c.waiting {
		if len(changes) == 0 {
			continue
		}
		if err := c.into[part].Update(func(w store.Writer) error {
			for _, ch := range changes {
				var err error
				if ch.delete {
					err = w.Delete(ch.bucket, ch.key)
				} else {
					err = w.Put(ch.bucket, ch.key, ch.value)
				}
				if err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		c.waiting[part] = nil
	}
	c.bytes = 0
	return nil
}
