package app

import (
	"cmp"
	"errors"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/server"
	"nudge/store/bolt"
)

// measureStore adds metrics: the size of the store's files, how much of it a compaction would
// release, the room on its disk, and how many follow it.
func measureStore(registry *prometheus.Registry, files bolt.Files, followers func() int) error {
	gauge := func(name, help string, bytes func() float64) error {
		return registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, bytes))
	}
	return errors.Join(
		gauge("nudge_store_file_bytes", "How large the store is: its files, or its tables in the database.", func() float64 { return float64(files.Size()) }),
		gauge("nudge_store_disk_free_bytes", "How much may still be written to the disk of the store's file; NaN where the system does not say.", func() float64 {
			if free, _, known := files.Space(); known {
				return float64(free)
			}
			return math.NaN()
		}),
		gauge("nudge_store_followers", "How many keep a warm copy of the store; see nudge store backup --follow.", func() float64 { return float64(followers()) }),
		gauge("nudge_store_free_bytes", "How much of the store's file nothing is in: what is written next goes there, and nudge store compact gives it back.",
			func() float64 { return float64(files.Free()) }),
	)
}

// storeWatch is how often an instance looks after its store's file and the disk below it.
const storeWatch = time.Second

// errReadOnly ends an instance whose disk takes no writes: the next commit would fail.
var errReadOnly = errors.New("its file system is mounted read-only now; mount it for writing and start nudge again")

// watchStore ends the instance if the file of its store is removed or replaced, or its disk
// takes no writes any more, also while nothing is written. While the disk is nearly full, the
// instance takes nothing new.
func (i *Instance) watchStore(files bolt.Files) {
	i.lookAt(files)
	stop := make(chan struct{})
	go func() { // ends when Stop closes stop
		for {
			select {
			case <-stop:
				return
			case <-time.After(storeWatch):
				i.lookAt(files)
			}
		}
	}()
	i.push("the look at the store", func() error { close(stop); return nil })
}

func (i *Instance) lookAt(files bolt.Files) {
	i.fail("the store", files.Present())
	free, readOnly, known := files.Space()
	if !known {
		return
	}
	if readOnly {
		i.fail("the store", errReadOnly)
	}
	least := cmp.Or(i.config.Project.Settings.Limits.Free, server.DefaultFree)
	if full := free < least; i.full.Swap(full) != full {
		i.log.Warn("the disk of the store", "nearly_full", full, "free_bytes", free, "limit", least)
	}
}
