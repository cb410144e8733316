package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nudge/client"
	"nudge/engine"
	"nudge/store"
	"nudge/store/backup"
	"nudge/store/bolt"
)

// TestRestoreForgets: who was forgotten after a backup is not in the store that is made of it, once it answers, and nobody else is
// missing. The store holds everything back, and is another installation.
func TestRestoreForgets(t *testing.T) {
	const gone = "zoe-of-kings-road"
	dir, list := t.TempDir(), filepath.Join(t.TempDir(), "forgotten.list")
	project := func() *Project {
		p := Read(known, LocalSettings(os.LookupEnv))
		p.Settings.ForgottenList = list
		return p
	}
	local := startProject(t, project(), dir)
	a, ctx := clientOf(t, local.Instance), t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, who := range []string{"ann", gone} {
		must(a.SetProfile(ctx, who, []byte(`{"first_name": "`+who+`"}`)))
	}
	must(a.SendEvent(ctx, client.Event{Type: "ordered", Data: []byte(`{"id": "o1", "customer": "` + gone + `"}`)}))
	must(a.SendEvent(ctx, client.Event{Type: "ordered", Data: []byte(`{"id": "o2", "customer": "bob"}`)}))
	var made bytes.Buffer
	must(nil, a.BackUp(ctx, &made))
	must(a.ForgetProfile(ctx, gone))
	must(nil, local.Stop())

	text, err := os.ReadFile(list)
	must(text, err)
	forgotten, err := ReadForgotten(list)
	if must(nil, err); len(forgotten) != 1 || strings.Contains(string(text), gone) {
		t.Fatalf("the list is %q", text)
	}
	other := []store.Erased{{Person: forgotten[0].Person, Nobody: strings.Repeat("0", 32)}}
	if _, err := Restore(ctx, bytes.NewReader(made.Bytes()), t.TempDir(), store.Restoring{Forgotten: other}, nil); !errors.Is(err, store.ErrOtherStore) {
		t.Errorf("with the list of another store: %v", err)
	}
	into := t.TempDir()
	r, err := Restore(ctx, bytes.NewReader(made.Bytes()), into, store.Restoring{Forgotten: forgotten}, nil)
	must(r, err)
	if r.Forgotten != 1 || r.Installation == r.Header.Installation {
		t.Errorf("%+v; want one who is forgotten, and another installation", r)
	}
	if _, err := Restore(ctx, bytes.NewReader(made.Bytes()), into, store.Restoring{}, nil); err == nil || !errors.Is(err, bolt.ErrStoreExists) {
		t.Errorf("a second restore into the same folder: %v", err)
	}
	again := startProject(t, project(), into)
	a = clientOf(t, again.Instance)
	if _, err := a.Profile(ctx, gone); statusOf(err) != 404 {
		t.Errorf("who was forgotten is known: %v", err)
	}
	if _, err := a.Profile(ctx, "ann"); err != nil {
		t.Errorf("somebody else is not: %v", err)
	}
	var people []string
	runs, err := a.Runs(ctx, client.RunQuery{})
	must(runs, err)
	for _, run := range runs.Runs {
		people = append(people, run.Profile+" "+run.Status)
	}
	if slices.Sort(people); len(people) != 2 || !strings.HasPrefix(people[1], "bob ") {
		t.Errorf("the runs are of %q", people)
	}
	if out, err := a.Outbound(ctx); err != nil || out.Killed == nil || !*out.Killed {
		t.Errorf("what may go out: %+v, %v", out, err)
	}
	page, err := a.Audit(ctx, client.AuditQuery{By: "restore"})
	if must(page, err); len(page.Entries) != 1 || page.Entries[0].Did != "forget person" {
		t.Errorf("the trail says of the restore %+v", page.Entries)
	}
	if left, err := again.Store().Reforget(); err != nil || len(left) > 0 {
		t.Errorf("the next start forgets %q, %v", left, err)
	}
}

// TestBackupInUse: backups that are made while a divided store works show all partitions at one instant. What one owes another in
// a backup the other has not seen in it, or has it next.
func TestBackupInUse(t *testing.T) {
	p := Read(known, LocalSettings(os.LookupEnv))
	p.Settings.Partitions = 4
	local := startProject(t, p, t.TempDir())
	a, ctx := clientOf(t, local.Instance), t.Context()
	stop := keepSending(t, a)
	for range 8 {
		var made bytes.Buffer
		if err := a.BackUp(ctx, &made); err != nil {
			t.Fatal(err)
		}
		into := t.TempDir()
		r, err := Restore(ctx, &made, into, store.Restoring{Gone: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Installation != r.Header.Installation || r.Partitions != 4 {
			t.Errorf("%+v", r)
		}
		if report, err := checkStore(into); err != nil || len(report.Problems) > 0 {
			t.Fatalf("a restored store: %+v, %v", report, err)
		}
		agreed(t, into)
	}
	stop()
}

// keepSending sends events from several people to many until stop is called, which returns how many were answered.
func keepSending(t *testing.T, a *client.Client) (stop func() int) {
	t.Helper()
	var sending sync.WaitGroup
	var answered atomic.Int64
	over := make(chan struct{})
	for sender := range 3 {
		sending.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				default:
				}
				data := fmt.Sprintf(`{"id": "%d-%d", "customer": "to%d"}`, sender, n, n%50)
				if _, err := a.SendEvent(t.Context(), client.Event{Type: "ordered", Profile: fmt.Sprint("from", n%40), Data: []byte(data)}); err != nil {
					t.Error(err)
					return
				}
				answered.Add(1)
			}
		})
	}
	return func() int {
		close(over)
		sending.Wait()
		return int(answered.Load())
	}
}

// TestFollowInUse: a copy that is made while a divided store works is, wherever it is cut off, the store at one instant, and has
// everything from before the instant that it names.
func TestFollowInUse(t *testing.T) {
	p := Read(known, LocalSettings(os.LookupEnv))
	p.Settings.Partitions = 4
	local := startProject(t, p, t.TempDir())
	a, ctx := clientOf(t, local.Instance), t.Context()
	stop := keepSending(t, a)
	stream, err := a.FollowStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var got bytes.Buffer
	made, err := backup.Read(io.TeeReader(stream, &got))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := made.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	if n := local.Instance.tap.Followers(); n != 1 {
		t.Errorf("%d follow", n)
	}
	base := got.Len()
	var answered int
	var last time.Time // when the last event was answered
	heard, enough := 0, errors.New("enough")
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := made.VerifyChanges(ctx, func(until time.Time) {
		if heard++; heard == 2 {
			answered = stop()
			last = time.Now()
		}
		if heard > 2 && until.After(last) {
			cancel(enough)
		}
	}); err != nil && context.Cause(ctx) != enough {
		t.Fatal(err)
	}
	whole := got.Bytes()
	dice := rand.New(rand.NewPCG(1, uint64(len(whole))))
	for n := range 8 {
		cut := len(whole)
		if n > 0 {
			cut = base + dice.IntN(len(whole)-base)
		}
		into := t.TempDir()
		r, err := Restore(t.Context(), bytes.NewReader(whole[:cut]), into, store.Restoring{Gone: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		report, err := checkStore(into)
		if err != nil || len(report.Problems) > 0 {
			t.Fatalf("cut off at %d of %d: %+v, %v", cut, len(whole), report, err)
		}
		agreed(t, into)
		if n == 0 && (report.Live+report.Ended != answered || !r.Until.After(last)) {
			t.Errorf("of %d answered events there are runs of %d, until %s", answered, report.Live+report.Ended, r.Until)
		}
	}
	if err := local.Stop(); err != nil {
		t.Errorf("a server that is followed does not stop: %v", err)
	}
}

// agreed fails if a partition has seen what another has not owed, or misses what it owes no more.
func agreed(t *testing.T, dir string) {
	t.Helper()
	states := map[int]engine.State{}
	files, err := bolt.OpenExisting(dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := store.OpenAll(files.KVs())
	if err != nil {
		t.Fatal(err)
	}
	for n, s := range all {
		state, err := s.State()
		if err != nil {
			t.Fatal(err)
		}
		states[n] = state
		defer s.Close()
	}
	for _, from := range slices.Sorted(maps.Keys(states)) {
		for to := range states {
			if from == to {
				continue
			}
			sent, seen := states[from], states[to]
			owed, err := all[from].OwedTo(to, 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			last := sent.OwedTo(to)
			first := last + 1
			if len(owed) > 0 {
				first = owed[0].Origin.Number
			}
			if taken := seen.SeenOf(from); taken > last || taken+1 < first {
				t.Errorf("partition %d has seen %d inputs of %d, which has given %d and still has those from %d on", to, taken, from, last, first)
			}
		}
	}
}

// TestOneBackupAtATime: who asks for a second backup is told so, and the first goes on.
func TestOneBackupAtATime(t *testing.T) {
	local := startProject(t, Read(known, LocalSettings(os.LookupEnv)), t.TempDir())
	a, ctx := clientOf(t, local.Instance), t.Context()
	var made bytes.Buffer
	if err := a.BackUp(ctx, &made); err != nil {
		t.Fatal(err)
	}
	if b, err := backup.Read(&made); err != nil {
		t.Fatal(err)
	} else if _, err := b.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	full := &backups{i: local.Instance}
	inside := errors.New("inside")
	first := full.backUp(ctx, writerFunc(func([]byte) (int, error) {
		if err := full.backUp(ctx, writerFunc(made.Write)); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("a second backup: %v", err)
		}
		return 0, inside
	}))
	if !errors.Is(first, inside) {
		t.Errorf("the first backup: %v", first)
	}
	if _, err := a.SendEvent(ctx, client.Event{Type: "ordered", Data: []byte(`{"id": "o1", "customer": "bob"}`)}); err != nil {
		t.Errorf("after a backup that failed: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// statusOf is the status of a problem that the server answered; 0 for another error.
func statusOf(err error) int {
	if p := (*client.Problem)(nil); errors.As(err, &p) {
		return p.Status
	}
	return 0
}
