// Package bare is the yardstick for R1: the simplest program that keeps R1's promises,
// without an engine. One goroutine commits all queued changes in one bbolt transaction and
// answers after the commit. A run is a record, a timer and an index entry for its message.
// There are no flows, conditions, history, retries, caps or signatures.
//
// A run costs three HTTP requests, the same as in Nudge: its start, its send and its
// receipt. One commit accepts the receipt and the next one completes the run, as in an
// engine with a queue between the two.
package bare

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"text/template"

	"go.etcd.io/bbolt"
)

const (
	// senders is how many sends are under way at once, the same as in nudge serve.
	senders = 64
	// maxBatch is the largest number of changes in one commit.
	maxBatch = 2048
	// maxRuns is how many sends may wait for a sender.
	maxRuns = 1 << 20
)

var (
	runs     = []byte("runs")
	timers   = []byte("timers")
	messages = []byte("messages")
)

// Loop is a running yardstick. Its URL accepts POST /start and POST /signal, each with a
// body of {"run": N}.
type Loop struct {
	URL string

	db      *bbolt.DB
	sink    string
	client  *http.Client
	server  *http.Server
	text    *template.Template
	changes chan change
	sends   chan int
	quit    chan struct{}
	workers sync.WaitGroup

	waiting, ended atomic.Int64
	failure        atomic.Pointer[error]
}

// change is a part of a commit, with a channel that reports when it is durable.
type change struct {
	apply func(*bbolt.Tx) error
	done  chan error // capacity 1
}

// New starts a loop. Its file is in the folder, and it sends to the URL of a sink.
func New(dir, sink string, client *http.Client) (*Loop, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(filepath.Join(dir, "bare.db"), 0o600,
		&bbolt.Options{FreelistType: bbolt.FreelistMapType, NoFreelistSync: true, NoStatistics: true})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		var errs []error
		for _, name := range [][]byte{runs, timers, messages} {
			_, err := tx.CreateBucketIfNotExists(name)
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	l := &Loop{
		URL: "http://" + listener.Addr().String(), db: db, sink: sink, client: client,
		text: template.Must(template.New("").Parse("Hello {{.name}}, your order {{.order}} of {{.date}} is on its way with " +
			"{{.carrier}}. Track it at {{.url}} - reply STOP to opt out.")),
		changes: make(chan change, 4096), sends: make(chan int, maxRuns), quit: make(chan struct{}),
	}
	l.server = &http.Server{Handler: http.HandlerFunc(l.serve)}
	l.workers.Go(l.write)
	for range senders {
		l.workers.Go(l.send)
	}
	go l.server.Serve(listener) // ends with Close
	return l, nil
}

// Waiting returns how many runs wait.
func (l *Loop) Waiting() int { return int(l.waiting.Load()) }

// Ended returns how many runs have ended.
func (l *Loop) Ended() int { return int(l.ended.Load()) }

// Err returns why the loop cannot go on, or nil.
func (l *Loop) Err() error {
	if err := l.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// Close ends the loop. It drops queued changes.
func (l *Loop) Close() error {
	err := l.server.Close()
	close(l.quit)
	l.workers.Wait()
	return errors.Join(err, l.db.Close())
}

func (l *Loop) serve(w http.ResponseWriter, r *http.Request) {
	var request struct{ Run int }
	err := json.NewDecoder(r.Body).Decode(&request)
	switch {
	case err != nil:
	case r.URL.Path == "/start":
		err = l.start(request.Run)
	default:
		err = l.signal(request.Run)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// Record makes a run durable and does nothing else. It measures the cost of a group commit
// alone.
func (l *Loop) Record(run int) error {
	return l.commit(func(tx *bbolt.Tx) error { return put(tx, &record{Run: run, State: "started", Data: dataOf(run)}) })
}

// start makes a run durable and queues its send.
func (l *Loop) start(run int) error {
	if err := l.Record(run); err != nil {
		return err
	}
	select {
	case l.sends <- run:
		return nil
	default:
		return fmt.Errorf("%d sends wait already", maxRuns)
	}
}

// signal makes a receipt durable. A separate commit ends the run.
func (l *Loop) signal(run int) error {
	if err := l.commit(func(tx *bbolt.Tx) error { return accept(tx, run) }); err != nil {
		return err
	}
	l.workers.Go(func() {
		ended := false
		err := l.commit(func(tx *bbolt.Tx) (err error) {
			ended, err = complete(tx, run)
			return err
		})
		l.settle(ended, err)
	})
	return nil
}

// settle counts a run that has ended, or keeps the error that prevented it.
func (l *Loop) settle(ended bool, err error) {
	if err != nil && !errors.Is(err, errClosed) {
		l.failure.CompareAndSwap(nil, &err)
	}
	if err == nil && ended {
		l.waiting.Add(-1)
		l.ended.Add(1)
	}
}
