package app

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/store/bolt"
)

// measureStore adds two metrics: the size of the store's file, and how much of it a
// compaction would release.
func measureStore(registry *prometheus.Registry, kv *bolt.KV) error {
	gauge := func(name, help string, bytes func() int64) error {
		return registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(bytes()) }))
	}
	return errors.Join(
		gauge("nudge_store_file_bytes", "How large the store's file is.", kv.Size),
		gauge("nudge_store_free_bytes", "How much of the store's file nothing is in: what is written next goes there, and nudge store compact gives it back.", kv.Free),
	)
}
