package app

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/client"
	"nudge/engine"
	"nudge/store"
	"nudge/store/bolt"
)

// shop waits for the payment of an order.
var shop = fstest.MapFS{
	"nudge.yaml": {Data: []byte("project: shop\n")},
	"flows/order.yaml": {Data: []byte(`flow: order
trigger: { event: ordered, key: event.id }
data: { id: string }
exit: [ { event: paid, key: event.id, as: paid } ]
steps: [ { wait: 7d } ]
`)},
}

// TestDamagedRun damages the records of runs of a serving instance, behind its back and in its
// own file. Only those runs end: the others go on, also after starts.
func TestDamagedRun(t *testing.T) {
	dir := t.TempDir()
	local := startExample(t, shop, dir)
	a := clientOf(t, local.Instance)
	send := func(event string, n int) *client.Answer {
		t.Helper()
		answer, err := a.SendEvent(t.Context(), client.Event{Type: event, Profile: fmt.Sprint("p", n), Data: fmt.Appendf(nil, `{"id": "o%d"}`, n)})
		if err != nil {
			t.Fatalf("%s %d: %v", event, n, err)
		}
		return answer
	}
	var runs []string
	for n := range 6 {
		runs = append(runs, send("ordered", n).Decisions[0].Run)
	}
	damageRuns(t, dir, runs[0], runs[3])

	if answer := send("paid", 0); answer.Ignored == "" {
		t.Errorf("an event for a damaged run: %+v", answer)
	}
	if answer := send("paid", 1); len(answer.Decisions) != 1 {
		t.Errorf("an event for another run: %+v", answer)
	}
	lost := quarantined(t, a)
	if len(lost) != 2 || lost[0].ID != runs[3] || lost[1].ID != runs[0] || lost[1].Flow != "order" || lost[1].Profile != "p0" {
		t.Errorf("in quarantine are %+v", lost)
	}
	text := metricsOf(t, local.Instance)
	for _, want := range []string{"nudge_runs_damaged_total 2", `nudge_runs_quarantined_total{flow="order"} 2`, `nudge_runs_live{flow="order"} 3`} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("the metrics do not have %s", want)
		}
	}
	for n := range 2 { // a stop in between, then damage that a start meets
		if err := local.Stop(); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			damageRuns(t, dir, runs[4])
		}
		local = startExample(t, shop, dir)
		a = clientOf(t, local.Instance)
	}
	page, err := a.Runs(t.Context(), client.RunQuery{RunFilter: client.RunFilter{Status: "live"}})
	if err != nil || len(page.Runs) != 2 {
		t.Errorf("live are %+v, %v; want orders 2 and 5", page, err)
	}
	if answer := send("paid", 2); len(answer.Decisions) != 1 {
		t.Errorf("an event after the start: %+v", answer)
	}
	run := untilRun(t, a, runs[4], func(r *client.Run) bool { return r.Status == "quarantined" })
	if len(run.Record) == 0 || run.Reason == "" {
		t.Errorf("the run in quarantine: %+v", run)
	}
	if lost := quarantined(t, a); len(lost) != 3 {
		t.Errorf("in quarantine are %+v", lost)
	}
}

func quarantined(t *testing.T, a *client.Client) []client.Run {
	t.Helper()
	page, err := a.Runs(t.Context(), client.RunQuery{Quarantined: true})
	if err != nil {
		t.Fatal(err)
	}
	return page.Runs
}

func metricsOf(t *testing.T, i *Instance) string {
	t.Helper()
	r, err := http.Get(i.URL() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// damageRuns flips a bit of the records of runs, wherever the store's file has them.
func damageRuns(t *testing.T, dir string, runs ...string) {
	t.Helper()
	path := filepath.Join(dir, bolt.FileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records := recordsOf(t, whole, runs)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, record := range records {
		found := false
		for at := 0; ; at += len(record) {
			next := bytes.Index(whole[at:], record)
			if next < 0 {
				break
			}
			at, found = at+next, true
			if _, err := file.WriteAt([]byte{record[len(record)/2] ^ 8}, int64(at+len(record)/2)); err != nil {
				t.Fatal(err)
			}
		}
		if !found {
			t.Fatal("the file does not have the record")
		}
	}
}

// recordsOf returns the records of runs in a copy of a store's file.
func recordsOf(t *testing.T, whole []byte, runs []string) (records [][]byte) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, bolt.FileName), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := bolt.OpenExisting(dir)
	if err != nil {
		t.Fatal(err)
	}
	kv := files[0]
	defer kv.Close()
	if err := kv.View(func(r store.Reader) error {
		for _, run := range runs {
			id, err := engine.ParseRunID(run)
			if err != nil {
				return err
			}
			records = append(records, bytes.Clone(r.Get(store.Runs, id[:])))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return records
}
