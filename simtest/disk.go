package simtest

import (
	"errors"

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
}

// fault is what goes wrong with an operation of the disk.
type fault struct {
	kind faultKind
	at   int // the number of the operation, from 1
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
	if struck && d.plan.kind == failKept {
		return errDisk
	}
	if struck && d.plan.kind == crashKept {
		panic(crash{})
	}
	return nil
}

// fencedDisk is the disk as a process sees it: once there is another process on it, it takes nothing any more.
type fencedDisk struct {
	*faultyDisk
	m     *machine
	epoch int
}

func (d fencedDisk) Update(f func(store.Writer) error) error {
	if d.epoch != d.m.epoch {
		return nodes.ErrNotOwner
	}
	return d.faultyDisk.Update(f)
}
