package simtest

import (
	"bytes"
	"context"
	"errors"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
	"nudge/store/nodes"
)

// faultyDisk is a store.KV in memory that fails where it is told to. What an Update
// leaves behind when it fails is decided by the fault, as it is by a real disk: all of
// the transaction or nothing.
type faultyDisk struct {
	*memory.KV
	plan    fault // what happens to the operation in which its count runs out
	ops     int   // operations since the plan was made
	sticky  bool
	fired   bool
	kept    bool // the last Update left its transaction behind
	updates int

	commits int   // number of the last commit; it is in the database, so a lost tail takes it along
	refused int   // commits that a fence has refused
	sent    *sent // a commit that has not arrived; nil for none
}

// fault is what goes wrong with an operation of the disk.
type fault struct {
	kind faultKind
	at   int  // the number of the operation, from 1
	late bool // a commit that fails is on its way still, and may arrive when its process is not there any more
}

type faultKind uint8

const (
	noFault   faultKind = iota
	failLost            // an error, and nothing was written
	failKept            // an error, and all was written: the outcome is hidden
	crashLost           // the process dies before anything is written
	crashKept           // the process dies after all was written
	readFails           // an error where something is read, as of a damaged record
	faultKinds
)

var faultNames = [...]string{noFault: "", failLost: "the commit fails", failKept: "the commit fails, yet is kept",
	crashLost: "a crash before the commit", crashKept: "a crash after the commit", readFails: "a record cannot be read"}

var errDisk = errors.New("sim: the disk failed")

// crash is what a dying process panics with.
type crash struct{}

// strike plans a fault for the operations to come.
func (d *faultyDisk) strike(f fault, sticky bool) {
	d.plan, d.sticky, d.ops, d.fired = f, sticky, 0, false
}

// due counts an operation and reports whether the planned fault strikes it.
func (d *faultyDisk) due() bool {
	d.ops++
	if d.plan.kind == noFault || d.ops < d.plan.at || d.ops > d.plan.at && !d.sticky {
		return false
	}
	d.fired = true
	return true
}

func (d *faultyDisk) View(f func(store.Reader) error) error {
	if d.plan.kind == readFails && d.due() {
		return errDisk
	}
	return d.KV.View(f)
}

func (d *faultyDisk) Update(f func(store.Writer) error) error {
	d.kept = false
	struck := d.plan.kind != readFails && d.due()
	if struck && d.plan.kind == failLost {
		if d.plan.late {
			return d.send(f)
		}
		return errDisk
	}
	if struck && d.plan.kind == crashLost {
		panic(crash{})
	}
	if err := d.KV.Update(f); err != nil {
		return err
	}
	d.kept = true
	d.updates++
	d.commits++
	if struck && d.plan.kind == failKept {
		return errDisk
	}
	if struck && d.plan.kind == crashKept {
		panic(crash{})
	}
	return nil
}

// sent is a commit on its way to the database, whose process has stopped waiting for it.
type sent struct {
	by     *owned
	writes []func(store.Writer) error
	batch  *engine.Batch // nil: it is not one of inputs
}

// send keeps what a commit writes, and writes nothing.
func (d *faultyDisk) send(f func(store.Writer) error) error {
	c := &sent{}
	err := d.KV.Update(func(w store.Writer) error {
		if err := f(recorder{w, c}); err != nil {
			return err
		}
		return errDisk
	})
	if err == errDisk && len(c.writes) > 0 {
		d.sent = c
	}
	return err
}

// recorder keeps what is written.
type recorder struct {
	store.Writer
	into *sent
}

func (r recorder) Put(b store.Bucket, key, value []byte) error {
	key, value = bytes.Clone(key), append([]byte{}, value...)
	r.into.writes = append(r.into.writes, func(w store.Writer) error { return w.Put(b, key, value) })
	return r.Writer.Put(b, key, value)
}

func (r recorder) Delete(b store.Bucket, key []byte) error {
	key = bytes.Clone(key)
	r.into.writes = append(r.into.writes, func(w store.Writer) error { return w.Delete(b, key) })
	return r.Writer.Delete(b, key)
}

// arrive writes a commit that was sent.
func (d *faultyDisk) arrive(c *sent) error {
	d.updates++
	d.commits++
	return d.KV.Update(func(w store.Writer) error {
		for _, write := range c.writes {
			if err := write(w); err != nil {
				return err
			}
		}
		return nil
	})
}

// owned is a partition as the process has it whose node took it under an epoch. It refuses commits as store/postgres does.
type owned struct {
	registry  *nodes.Memory
	partition int
	owner     nodes.ID
	epoch     uint64
	number    int // of the last commit that the process knows
	lost      int // commits of it that the database has lost, and had confirmed
}

var errTail = errors.New("sim: the database has lost commits that it had confirmed")

// fence is the first statement of a commit.
func (o *owned) fence(commits int) error {
	v, err := o.registry.View(context.Background())
	if err != nil {
		return err
	}
	switch p := v.Partitions[o.partition]; {
	case p.Epoch < o.epoch, commits < o.number:
		return errTail
	case p.Owner != o.owner || p.Epoch != o.epoch:
		return nodes.ErrNotOwner
	}
	return nil
}

// fencedDisk is the disk as a process sees it: once there is another process on it, it takes nothing any more.
type fencedDisk struct {
	*faultyDisk
	m     *machine
	epoch int
	owned *owned // nil: the disk is a file
}

func (d fencedDisk) Update(f func(store.Writer) error) error {
	if d.owned == nil {
		if d.epoch != d.m.epoch {
			return nodes.ErrNotOwner
		}
		return d.faultyDisk.Update(f)
	}
	if err := d.owned.fence(d.commits); err != nil {
		d.refused++
		return err
	}
	err := d.faultyDisk.Update(f)
	switch {
	case err == nil:
		d.owned.number++
	case d.sent != nil && d.sent.by == nil:
		d.sent.by = d.owned
	}
	return err
}
