package bare

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// TestRecords takes a run through its life in both orders: its receipt comes after the
// send, or before the send returns.
func TestRecords(t *testing.T) {
	db := openDB(t)
	due := time.Unix(1000, 0)
	steps := func(run int, order ...string) (ended []bool) {
		for _, what := range order {
			err := db.Update(func(tx *bbolt.Tx) (err error) {
				end := false
				switch what {
				case "start":
					err = put(tx, &record{Run: run, State: "started", Data: dataOf(run)})
				case "park":
					end, err = park(tx, run, "m", due)
				case "accept":
					err = accept(tx, run)
				case "complete":
					end, err = complete(tx, run)
				}
				ended = append(ended, end)
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		return ended
	}
	if got := steps(1, "start", "park", "accept", "complete"); !got[3] || got[1] {
		t.Errorf("a receipt after the send ends the run at %v", got)
	}
	if got := steps(2, "start", "accept", "complete", "park"); !got[3] || got[2] {
		t.Errorf("a receipt before the send ends the run at %v", got)
	}
	err := db.View(func(tx *bbolt.Tx) error {
		for _, b := range [][]byte{timers, messages} {
			if k, _ := tx.Bucket(b).Cursor().First(); k != nil {
				t.Errorf("%s has %x left", b, k)
			}
		}
		_, err := get(tx, 3)
		return err
	})
	if err == nil {
		t.Error("run 3 was never started, and is there")
	}
}

// TestLoop runs the loop over HTTP.
func TestLoop(t *testing.T) {
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"messageId":"m-1"}`)
	}))
	defer sink.Close()
	l, err := New(t.TempDir(), sink.URL, sink.Client())
	if err != nil {
		t.Fatal(err)
	}
	post(t, l, "/start", `{"run":1}`, http.StatusOK)
	awaitCount(t, l.Waiting, 1)
	post(t, l, "/signal", `{"run":1}`, http.StatusOK)
	awaitCount(t, l.Ended, 1)
	if got := l.Waiting(); got != 0 {
		t.Errorf("%d runs wait", got)
	}
	post(t, l, "/signal", `{"run":2}`, http.StatusInternalServerError)
	post(t, l, "/start", `{`, http.StatusInternalServerError)
	if err := errors.Join(l.Err(), l.Close()); err != nil {
		t.Error(err)
	}
}

func openDB(t *testing.T) *bbolt.DB {
	t.Helper()
	l, err := New(t.TempDir(), "", http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l.db
}

func post(t *testing.T, l *Loop, path, body string, want int) {
	t.Helper()
	response, err := http.Post(l.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != want {
		t.Errorf("%s %s: %s, want %d", path, body, response.Status, want)
	}
}

func awaitCount(t *testing.T, count func() int, want int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for count() != want {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("it is %d, want %d", count(), want)
		}
	}
}
