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

// damageRun flips a bit of the record of a run.
func damageRun(ts *testscript.TestScript, _ bool, args []string) {
	id, err := engine.ParseRunID(args[1])
	ts.Check(err)
	kv, err := bolt.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	err = kv.Update(func(w store.Writer) error {
		record := bytes.Clone(w.Get(store.Runs, id[:]))
		record[len(record)-1] ^= 1
		return w.Put(store.Runs, id[:], record)
	})
	ts.Check(errors.Join(err, kv.Close()))
}
