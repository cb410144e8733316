//go:build unix

package main

import (
	"bytes"
	"errors"

	"github.com/rogpeppe/go-internal/testscript"

	"nudge/engine"
	"nudge/store"
	"nudge/store/bolt"
)

// damageRecord flips a bit of the record of a run, or of the engine's state.
func damageRecord(ts *testscript.TestScript, _ bool, args []string) {
	bucket, key := store.Meta, []byte(args[1])
	if args[1] != "state" {
		id, err := engine.ParseRunID(args[1])
		ts.Check(err)
		bucket, key = store.Runs, id[:]
	}
	kv, err := bolt.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	err = kv.Update(func(w store.Writer) error {
		record := bytes.Clone(w.Get(bucket, key))
		record[len(record)-1] ^= 1
		return w.Put(bucket, key, record)
	})
	ts.Check(errors.Join(err, kv.Close()))
}
