package app

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"nudge/engine"
	"nudge/store/bolt"
)

var backupBytes = flag.Int("backup-bytes", 1<<30, "about how large the store of BenchmarkBackup is")

// BenchmarkBackup submits changes of people, one after the other, to a server whose store is large: alone, while one
// backup after the other is made, and while a warm copy is kept. It reports how long the changes took, with their commits, and how fast the backups were.
func BenchmarkBackup(b *testing.B) {
	p := Read(known, LocalSettings(os.LookupEnv))
	dir := b.TempDir()
	local, err := StartLocal(b.Context(), LocalConfig{Project: p, DataDir: dir, People: quickly})
	if err != nil {
		b.Fatal(err)
	}
	defer local.Stop()
	const each = 4 << 10
	about := bytes.Repeat([]byte("x"), each)
	var waiting []*engine.Input
	for n := range *backupBytes / (2 * each) { // once in the profile, once in the journal
		waiting = append(waiting, &engine.Input{Payload: &engine.ProfileChange{Profile: fmt.Sprint("p", n), Set: fmt.Appendf(nil, `{"about": %q}`, about)}})
		if len(waiting) == 500 {
			submitAll(b, local.Instance, waiting)
			waiting = nil
		}
	}
	info, err := os.Stat(bolt.Paths(dir)[0])
	if err != nil {
		b.Fatal(err)
	}
	for _, beside := range []struct {
		name string
		work func(context.Context, *Instance) float64
	}{{"alone", nil}, {"during", backUpAgain}, {"followed", followed}} {
		b.Run(beside.name, func(b *testing.B) {
			ctx, end := context.WithCancel(b.Context())
			speed := make(chan float64, 1)
			if beside.work != nil {
				go func() { speed <- beside.work(ctx, local.Instance) }()
			}
			var took []time.Duration
			for n := 0; b.Loop(); n++ {
				began := time.Now()
				submitAll(b, local.Instance, []*engine.Input{{Payload: &engine.ProfileChange{Profile: fmt.Sprint("p", n%1000), Set: []byte(`{"plan": "pro"}`)}}})
				took = append(took, time.Since(began))
				time.Sleep(2 * time.Millisecond)
			}
			end()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(info.Size()>>20), "MB")
			if beside.work != nil {
				b.ReportMetric(<-speed, "backup-MB/s")
			}
		})
	}
}

// backUpAgain makes one backup after the other until ctx ends, and returns how many megabytes a second they wrote.
func backUpAgain(ctx context.Context, i *Instance) float64 {
	return speedOf(func(to io.Writer) {
		for ctx.Err() == nil {
			_ = (&backups{i: i}).backUp(ctx, to)
		}
	})
}

// followed keeps a warm copy until ctx ends, and returns how many megabytes a second came.
func followed(ctx context.Context, i *Instance) float64 {
	return speedOf(func(to io.Writer) { _ = (&backups{i: i}).follow(ctx, to) })
}

// speedOf returns how many megabytes a second were written.
func speedOf(write func(io.Writer)) float64 {
	var written int64
	began := time.Now()
	write(writerFunc(func(p []byte) (int, error) {
		written += int64(len(p))
		return len(p), nil
	}))
	return float64(written>>20) / time.Since(began).Seconds()
}

func submitAll(b *testing.B, i *Instance, inputs []*engine.Input) {
	b.Helper()
	if _, err := i.runner.Submit(b.Context(), inputs...); err != nil {
		b.Fatal(err)
	}
}
