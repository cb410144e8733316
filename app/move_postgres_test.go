//go:build unix

package app

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"nudge/client"
	"nudge/store"
	"nudge/store/bolt"
	"nudge/store/postgres/pgtest"
)

// TestMoveToPostgres moves a store from files into PostgreSQL, into another database there, and back into files.
func TestMoveToPostgres(t *testing.T) {
	server := pgtest.Start(t)
	project := func() *Project { return Read(known, LocalSettings(os.LookupEnv)) }
	first, last, ctx := t.TempDir(), t.TempDir(), t.Context()
	local := startProject(t, project(), first)
	a := clientOf(t, local.Instance)
	for n := range 40 {
		who := fmt.Sprint("customer-", n)
		_, err := a.SendEvent(ctx, client.Event{Type: "ordered", ID: "order " + who, Data: fmt.Appendf(nil, `{"id": %q, "customer": %q}`, "o"+who, who)})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	places := []string{first, server.Database(t), server.Database(t), last}
	inUse, err := bolt.LockFolder(first) // as a server has it
	if err != nil {
		t.Fatal(err)
	}
	var runs int
	for n, partitions := range []int{16, 4, 0} {
		moving := Moving{From: places[n], To: places[n+1], Partitions: partitions, Log: slog.New(slog.DiscardHandler),
			Wait: true, Waiting: func() { inUse.Close() }}
		made, err := Move(ctx, moving)
		if err != nil {
			t.Fatalf("to %d partitions: %v", partitions, err)
		}
		if runs = made.After.Live + made.After.Ended; runs == 0 || made.Partitions[1] != max(partitions, 1) {
			t.Errorf("%d runs are in %d partitions", runs, made.Partitions[1])
		}
		if again, err := Move(ctx, moving); err != nil || again.Installation != made.Installation {
			t.Errorf("the same move again: %+v, %v", again, err)
		}
	}
	restarted := startProject(t, project(), last)
	found, err := clientOf(t, restarted.Instance).Runs(ctx, client.RunQuery{})
	if err != nil || len(found.Runs) != runs {
		t.Errorf("%d runs are there, want %d: %v", len(found.Runs), runs, err)
	}
	for _, place := range places[:3] {
		if err := Unmove(ctx, place, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	}
	_, err = Move(ctx, Moving{From: first, To: places[1], Log: slog.New(slog.DiscardHandler)})
	if !errors.Is(err, store.ErrOtherMove) {
		t.Errorf("into a database that has a store: %v", err)
	}
}
