package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"nudge/bench/bare"
)

const (
	// bareRuns is the largest number of runs for the bare loop beside another workload.
	bareRuns = 20_000
	// limitTime is how long each other limit of the machine is measured at most: a millisecond for each run.
	limitTime = time.Second
	// requestsAtOnce is how many requests are sent between two looks at the clock.
	requestsAtOnce = 2000
	syncBytes      = 4096
	// timedSyncs is how many pairs of syncs are timed at most.
	timedSyncs = 250
	// usualMessage is how many bytes a message of R1 has where none was seen.
	usualMessage = 400
)

func (s *session) onlyLimits() error { return s.limits(s.Runs) }

func (s *session) limitTime() time.Duration {
	return min(limitTime, time.Duration(s.Runs)*time.Millisecond)
}

// limits measures the machine's limits while the engine is idle.
func (s *session) limits(runs int) error {
	l := &Limits{BareRuns: runs}
	s.report.Limits = l
	return errors.Join(s.syncs(l), s.syncTimes(l), s.loopback(l), s.bare(l))
}

// syncTimes measures how long a sync of the disk takes, and two of them one after the other, at the pace at which quiet
// receipts come: such a receipt waits for one until it is accepted, and the run for another.
func (s *session) syncTimes(l *Limits) error {
	return s.syncing(func(write func() error) error {
		var one, two stopwatch
		err := s.pace(min(timedSyncs, s.slowRuns()), receiptRate, nil, func(int) error {
			began := time.Now()
			err := write()
			one.add(time.Since(began))
			err = errors.Join(err, write())
			two.add(time.Since(began))
			return err
		})
		l.Sync, l.TwoSyncs = one.latency(), two.latency()
		return err
	})
}

// syncing calls measure with a function that appends 4 KiB to a file and makes them durable.
func (s *session) syncing(measure func(write func() error) error) error {
	path := filepath.Join(s.Dir, "sync")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	defer f.Close()
	block := bytes.Repeat([]byte("nudge..."), syncBytes/8)
	return measure(func() error {
		if _, err := f.Write(block); err != nil {
			return err
		}
		return syncData(f)
	})
}

// syncs measures how many 4 KiB writes per second the disk makes durable.
func (s *session) syncs(l *Limits) error {
	return s.syncing(func(write func() error) error {
		n, began := 0, time.Now()
		for ; time.Since(began) < s.limitTime() && s.ctx.Err() == nil; n++ {
			if err := write(); err != nil {
				return err
			}
		}
		l.Syncs = float64(n) / time.Since(began).Seconds()
		return s.ctx.Err()
	})
}

// loopback measures how many requests per second an idle server answers. Each request has
// the size of R1's event.
func (s *session) loopback(l *Limits) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	idle := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", asJSON)
		io.WriteString(w, `{"id":"01JDB2W5V6Z8Q4N7M3K9X0R1T2","status":"accepted"}`)
	})}
	go idle.Serve(listener) // ends with Close
	defer idle.Close()
	url, n := "http://"+listener.Addr().String(), 0
	before, known := usageOf(os.Getpid())
	began := time.Now()
	for ; time.Since(began) < s.limitTime(); n += requestsAtOnce {
		err := s.fan("loopback", requestsAtOnce, s.Callers, func(i int) error { return s.call(url, orderEvent(nil, i)) })
		if err != nil {
			return err
		}
	}
	l.Requests = float64(n) / time.Since(began).Seconds()
	if after, ok := usageOf(os.Getpid()); ok && known {
		l.RequestCPU = 1e6 * (after.cpuSeconds - before.cpuSeconds) / float64(n)
	}
	return s.conversations(l, url)
}

// conversations measures how many conversations with nothing in them an idle server takes: three requests, with the sizes of
// R1's event, message and receipt.
func (s *session) conversations(l *Limits, url string) error {
	message := bytes.Repeat([]byte("m"), usualMessage)
	if seen := s.sink.messages.Load(); seen > 0 {
		message = bytes.Repeat([]byte("m"), int(s.sink.bytes.Load()/seen))
	}
	receipt := bytes.Repeat([]byte("r"), receiptBytes)
	n, began := 0, time.Now()
	for ; time.Since(began) < s.limitTime(); n += requestsAtOnce {
		err := s.fan("conversations", requestsAtOnce, s.Callers, func(i int) error {
			return errors.Join(s.call(url, orderEvent(nil, i)), s.call(url, message), s.call(url, receipt))
		})
		if err != nil {
			return err
		}
	}
	l.Floor = float64(n) / time.Since(began).Seconds()
	return nil
}

// call posts to a server other than the engine.
func (s *session) call(url string, body []byte) error {
	request, err := http.NewRequestWithContext(s.ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", asJSON)
	_, err = s.do(request)
	return err
}

// bare measures the simplest loop that does R1.
func (s *session) bare(l *Limits) (err error) {
	sink, err := newSink()
	if err != nil {
		return err
	}
	dir := filepath.Join(s.Dir, "bare")
	loop, err := bare.New(dir, sink.url, s.client)
	if err != nil {
		return errors.Join(err, sink.close())
	}
	defer func() { err = errors.Join(err, loop.Close(), sink.close(), os.RemoveAll(dir)) }()
	before, known := usageOf(os.Getpid())
	began := time.Now()
	if err := s.bareHalf(loop, "bare start", "/start", l.BareRuns, loop.Waiting); err != nil {
		return err
	}
	started := time.Now()
	if err := s.bareHalf(loop, "bare drain", "/signal", l.BareRuns, loop.Ended); err != nil {
		return err
	}
	ended, runs := time.Now(), float64(l.BareRuns)
	l.BareStart, l.BareDrain = runs/started.Sub(began).Seconds(), runs/ended.Sub(started).Seconds()
	l.BarePerSecond = runs / ended.Sub(began).Seconds()
	if after, ok := usageOf(os.Getpid()); ok && known {
		l.BareCPU = 1000 * (after.cpuSeconds - before.cpuSeconds) / runs
	}
	return s.groupCommit(l, loop)
}

// groupCommit measures how many records per second the callers make durable with the bare
// loop, without HTTP.
func (s *session) groupCommit(l *Limits, loop *bare.Loop) error {
	began := time.Now()
	err := s.fan("group commit", l.BareRuns, s.Callers, func(i int) error { return loop.Record(l.BareRuns + i) })
	l.Records = float64(l.BareRuns) / time.Since(began).Seconds()
	return err
}

// bareHalf posts to the bare loop for every run, and waits until the loop has processed
// all.
func (s *session) bareHalf(loop *bare.Loop, phase, path string, runs int, done func() int) error {
	err := s.fan(phase, runs, s.Callers, func(i int) error {
		return s.call(loop.URL+path, fmt.Appendf(nil, `{"run":%d}`, i))
	})
	if err != nil {
		return err
	}
	return s.until(phase, runs, func() (int, error) { return done(), loop.Err() })
}
