package postgres

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"nudge/store"
)

// Each partition has three tables, so that cleaning what changes all the time never reads what only grows.
type table int

const (
	queue table = iota // what is written, read once and deleted, and what nearly every commit replaces
	live               // what is changed in place
	log                // what is only added, and dropped when it is old
	tableCount
)

var tableNames = [tableCount]string{queue: "queue", live: "live", log: "log"}

// tableOf returns the table of a bucket.
func tableOf(b store.Bucket) table {
	if versioned(b) {
		return queue
	}
	switch b {
	case store.Timers, store.Outbox, store.Derived, store.Owed, store.Orphans, store.Asks, store.IDTimes, store.Notices, store.Commands:
		return queue
	case store.Runs, store.People, store.Keys, store.Profiles, store.Sent:
		return live
	}
	return log
}

// versioned reports whether nearly every commit replaces records of a bucket. Changing one row again and again leaves a chain of dead rows
// under one key, which each reader walks while some old transaction holds them. So each version is a row with a key of its own.
func versioned(b store.Bucket) bool {
	switch b {
	case store.Meta, store.Counts, store.FlowSpans, store.FlowHours, store.EventTypes, store.Tallies, store.Campaigns:
		return true
	}
	return false
}

// settings are the storage parameters of a table. Vacuum of a queue runs whenever some thousand rows are dead, however large the table is.
var settings = [tableCount]string{
	queue: "fillfactor = 90, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0, " +
		"autovacuum_analyze_threshold = 20000, autovacuum_vacuum_insert_scale_factor = 0.2, autovacuum_vacuum_cost_delay = 0",
	live: "fillfactor = 75, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0.05",
	log:  "autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_insert_scale_factor = 0.1",
}

func tableName(t table, partition int) string {
	return fmt.Sprintf("nudge.%s_%d", tableNames[t], partition)
}

// maxKey is how many bytes the key of a record may have in PostgreSQL; a longer one fails its commit. PostgreSQL takes 2,700 into an index, and the
// key of a versioned row is longer than the record's. No key of Nudge is nearly as long.
const maxKey = 1200

// maxRowKey is more than the bytes of any key of a row.
const maxRowKey = 2*maxKey + versionBytes + 2

var (
	errNoKey   = errors.New("a record needs a key")
	errLongKey = fmt.Errorf("the key of a record has more than %d bytes", maxKey)
	behindAll  = bytes.Repeat([]byte{0xff}, maxRowKey)
)

const versionBytes = 8

// rowKey is the key of the rows for a record, without their version. Whatever the keys of records are, those of their rows have
// the same order, and no row of one record is between two rows of another.
func rowKey(b store.Bucket, key []byte) []byte {
	if !versioned(b) {
		return key
	}
	made := make([]byte, 0, len(key)+8+versionBytes)
	for _, x := range key {
		if made = append(made, x); x == 0 {
			made = append(made, 0xff)
		}
	}
	return append(made, 0, 1)
}

// versionKey is the key of one row.
func versionKey(b store.Bucket, key []byte, version uint64) []byte {
	if !versioned(b) {
		return key
	}
	return binary.BigEndian.AppendUint64(rowKey(b, key), version)
}

// recordKey reads the key of a row.
func recordKey(b store.Bucket, raw []byte) (key []byte, version uint64, err error) {
	if !versioned(b) {
		return raw, 0, nil
	}
	if len(raw) < versionBytes+2 {
		return nil, 0, fmt.Errorf("%s: the key %x of a row is too short", b, raw)
	}
	version = binary.BigEndian.Uint64(raw[len(raw)-versionBytes:])
	raw = raw[:len(raw)-versionBytes-2]
	return bytes.ReplaceAll(raw, []byte{0, 0xff}, []byte{0}), version, nil
}
