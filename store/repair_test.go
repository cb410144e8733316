package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"nudge/store"
	"nudge/store/memory"
)

// salvage is a store in memory of which some records are gone, or not where they were.
type salvage struct {
	kv, before *memory.KV
	gone       func(b store.Bucket, key string) bool
	loose      func(b store.Bucket, key string) bool // nothing leads to it
	stale      bool
}

func (s *salvage) Bucket(b store.Bucket, visit func(key, value []byte) error) error {
	return s.each(s.kv, b, func(key string) bool { return !s.gone(b, key) && (s.loose == nil || !s.loose(b, key)) }, visit)
}

func (s *salvage) Before(b store.Bucket, visit func(key, value []byte) error) error {
	if s.before == nil {
		return nil
	}
	return s.each(s.before, b, func(string) bool { return true }, visit)
}

func (s *salvage) Rest(visit func(key, value []byte, stale bool) error) error {
	var errs error
	for _, b := range store.Buckets {
		errs = errors.Join(errs, s.each(s.kv, b, func(key string) bool { return s.loose != nil && s.loose(b, key) },
			func(key, value []byte) error { return visit(key, value, s.stale) }))
	}
	return errs
}

func (s *salvage) each(kv *memory.KV, b store.Bucket, want func(key string) bool, visit func(key, value []byte) error) error {
	all := kv.Dump(b)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if want(key) {
			if err := visit([]byte(key), all[key]); err != nil {
				return err
			}
		}
	}
	return nil
}

// repaired repairs a store, which must pass the check.
func repaired(t *testing.T, s *salvage) (*memory.KV, *store.Repaired) {
	t.Helper()
	kv := new(memory.KV)
	made, err := store.Repair(context.Background(), s, kv, nil)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	report, err := opened.Check()
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the repaired store: %v\n%s", err, strings.Join(report.Problems, "\n"))
	}
	return kv, made
}

func nothing(store.Bucket, string) bool { return false }

// TestRepairKeeps repairs stores of which everything can be read, in its place or not. They are
// as they were, but for cancelled timers.
func TestRepairKeeps(t *testing.T) {
	for name, kv := range map[string]*memory.KV{"in use": inUse(t), "a campaign": campaign(t), "with a quarantine": lostRun(t)} {
		anywhere := func(b store.Bucket, _ string) bool {
			return b != store.Meta && b != store.Members && b != store.Quarantine
		}
		for _, loose := range []func(store.Bucket, string) bool{nil, anywhere} {
			got, made := repaired(t, &salvage{kv: kv, gone: nothing, loose: loose})
			if len(made.Lost) > 0 || len(made.Gaps) > 0 {
				t.Errorf("%s: lost are %v, %v", name, made.Lost, made.Gaps)
			}
			for _, b := range store.Buckets {
				if b == store.Timers || b == store.People || b == store.Settled || b == store.Counts && name == "with a quarantine" {
					continue
				}
				if want := kv.Dump(b); !maps.EqualFunc(got.Dump(b), want, bytes.Equal) {
					t.Errorf("%s, %v: %s has\n%q\nwant\n%q", name, loose != nil, b, got.Dump(b), want)
				}
			}
		}
	}
}

// TestRepairLoses repairs stores of which one bucket cannot be read, or one record.
func TestRepairLoses(t *testing.T) {
	first := func(of store.Bucket) func(store.Bucket, string) bool {
		seen := false
		return func(b store.Bucket, _ string) bool {
			is := b == of && !seen
			seen = seen || is
			return is
		}
	}
	for _, b := range store.Buckets {
		if b == store.Meta {
			continue
		}
		for _, kv := range []*memory.KV{inUse(t), campaign(t), lostRun(t)} {
			repaired(t, &salvage{kv: kv, gone: func(of store.Bucket, _ string) bool { return of == b }})
			repaired(t, &salvage{kv: kv, gone: first(b)})
		}
	}
}

// TestRepairListsRuns shows that a live run is in quarantine if its record or its flow is lost,
// and nowhere else.
func TestRepairListsRuns(t *testing.T) {
	for _, b := range []store.Bucket{store.Runs, store.Versions} {
		kv := inUse(t)
		got, made := repaired(t, &salvage{kv: kv, gone: func(of store.Bucket, _ string) bool { return of == b }})
		if made.Lost["run"] != 2 || len(got.Dump(store.Quarantine)) != 2 || len(got.Dump(store.Outbox)) != 0 {
			t.Errorf("without %s: lost %v, %d in quarantine, %d in the outbox", b, made.Lost, len(got.Dump(store.Quarantine)), len(got.Dump(store.Outbox)))
		}
		opened, err := store.Open(got)
		if err != nil {
			t.Fatal(err)
		}
		if untold, err := opened.Untold(); err != nil || len(untold) != 2 {
			t.Errorf("the engine hears of %d runs, %v", len(untold), err)
		}
	}
}

// TestRepairState shows that the state is taken from before the last commit, and that nothing is
// repaired without one.
func TestRepairState(t *testing.T) {
	kv := inUse(t)
	noState := func(b store.Bucket, key string) bool { return b == store.Meta && key == "state" }
	_, made := repaired(t, &salvage{kv: kv, before: kv, gone: noState})
	if made.Lost["state"] != 1 {
		t.Errorf("lost are %v", made.Lost)
	}
	if _, err := store.Repair(t.Context(), &salvage{kv: kv, gone: noState}, new(memory.KV), nil); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("without a state: got %v", err)
	}
}

// TestRepairJournal shows which gaps a journal has, and that what is before them stays.
func TestRepairJournal(t *testing.T) {
	kv := inUse(t)
	last := uint64(len(kv.Dump(store.Journal)))
	without := func(lost ...uint64) *salvage {
		return &salvage{kv: kv, gone: func(b store.Bucket, key string) bool {
			return b == store.Journal && slices.Contains(lost, binary.BigEndian.Uint64([]byte(key)))
		}}
	}
	for _, test := range []struct {
		lost   []uint64
		gaps   []store.Gap
		begins uint64
	}{
		{nil, nil, 1},
		{[]uint64{1}, []store.Gap{{From: 1, To: 1}}, 2},
		{[]uint64{2, 3, 5}, []store.Gap{{From: 2, To: 3}, {From: 5, To: 5}}, 6},
		{[]uint64{last}, []store.Gap{{From: last, To: last}}, last + 1},
	} {
		got, made := repaired(t, without(test.lost...))
		if !slices.Equal(made.Gaps, test.gaps) || made.Journal != test.begins || made.Lost["input"] != len(test.lost) {
			t.Errorf("without %v: gaps %v, begins at %d, lost %v", test.lost, made.Gaps, made.Journal, made.Lost)
		}
		if n := len(got.Dump(store.Journal)); n != int(last)-len(test.lost) {
			t.Errorf("without %v: %d inputs are left", test.lost, n)
		}
	}
}

// TestRepairStale shows that of what may be from an earlier time only what never changes comes
// back.
func TestRepairStale(t *testing.T) {
	kv := inUse(t)
	loose := func(b store.Bucket, _ string) bool {
		return b == store.Runs || b == store.Journal || b == store.Profiles
	}
	got, made := repaired(t, &salvage{kv: kv, gone: nothing, loose: loose, stale: true})
	if len(got.Dump(store.Journal)) != len(kv.Dump(store.Journal)) || len(got.Dump(store.Profiles)) != 0 || made.Lost["run"] != 2 {
		t.Errorf("%d inputs, %d profiles, lost are %v", len(got.Dump(store.Journal)), len(got.Dump(store.Profiles)), made.Lost)
	}
}

// TestRepairAtRandom flips bits of records at random. Whatever is whole stays.
func TestRepairAtRandom(t *testing.T) {
	for seed := range uint64(300) {
		dice := rand.New(rand.NewPCG(seed, 5))
		kv := []*memory.KV{inUse(t), campaign(t)}[dice.IntN(2)].Clone()
		var broken []string
		whole := kv.Clone()
		if err := kv.Update(func(w store.Writer) error {
			for range 1 + dice.IntN(4) {
				b := store.Buckets[1+dice.IntN(len(store.Buckets)-1)] // all but the state
				keys := slices.Sorted(maps.Keys(whole.Dump(b)))
				if len(keys) == 0 {
					continue
				}
				key := keys[dice.IntN(len(keys))]
				if value := bytes.Clone(w.Get(b, []byte(key))); len(value) > 0 {
					value[dice.IntN(len(value))] ^= 1 << dice.IntN(8)
					broken = append(broken, b.String()+key)
					if err := w.Put(b, []byte(key), value); err != nil {
						return err
					}
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		got, _ := repaired(t, &salvage{kv: kv, gone: nothing})
		for _, b := range []store.Bucket{store.Ended, store.Journal, store.Versions, store.Profiles, store.IDs, store.Derived} {
			for key, value := range kv.Dump(b) {
				there := got.Dump(b)[key]
				if b == store.Ended && there != nil { // a run whose campaign is lost is out of it
					there = value
				}
				if !slices.Contains(broken, b.String()+key) && !bytes.Equal(there, value) {
					t.Errorf("seed %d: %s %q is not there any more", seed, b, key)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
}
