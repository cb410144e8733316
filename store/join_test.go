package store

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"nudge/engine"
)

// sortedReader is a part in memory: the keys of one bucket, in order.
type sortedReader []string

func (s sortedReader) Get(_ Bucket, key []byte) []byte {
	if at, found := slices.BinarySearch(s, string(key)); found {
		return []byte("of " + s[at])
	}
	return nil
}

func (s sortedReader) Ascend(b Bucket, from []byte, visit func(key, value []byte) bool) {
	at, _ := slices.BinarySearch(s, string(from))
	for _, key := range s[at:] {
		if !visit([]byte(key), s.Get(b, []byte(key))) {
			return
		}
	}
}

func (s sortedReader) Descend(b Bucket, before []byte, visit func(key, value []byte) bool) {
	at := len(s)
	if before != nil {
		at, _ = slices.BinarySearch(s, string(before))
	}
	for _, key := range slices.Backward(s[:at]) {
		if !visit([]byte(key), s.Get(b, []byte(key))) {
			return
		}
	}
}

// TestJoinRules holds that somebody has thought of every bucket.
func TestJoinRules(t *testing.T) {
	for _, b := range Buckets {
		if joinRules[b] == nil {
			t.Errorf("%s: no rule says how the entries of all partitions become one list", b)
		}
	}
}

// TestMergedKeys reads keys of 2 to 256 parts in both directions, from everywhere and for any number of entries, beside one sorted list.
// There are up to a few thousand keys, so that a part is read in several chunks.
func TestMergedKeys(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	most := 0
	for round := range 24 {
		n := []int{2, 4, 16, 256}[round%4]
		bucket := []Bucket{Fields, IDs, People}[round%3]
		parts, all := make([]sortedReader, n), []string(nil)
		for range 1 + dice.IntN(4000) {
			key := []byte{byte(dice.IntN(256)), byte(dice.IntN(8)), byte(dice.IntN(256))}[:1+dice.IntN(3)]
			all = append(all, string(key))
			switch part := dice.IntN(n); {
			case bucket == People:
				part = hashHome(key[0], n)
				parts[part] = append(parts[part], string(key))
			case bucket == IDs && dice.IntN(3) == 0: // two parts know it
				parts[(part+1)%n] = append(parts[(part+1)%n], string(key))
				fallthrough
			default:
				parts[part] = append(parts[part], string(key))
			}
		}
		slices.Sort(all)
		all = slices.Compact(all)
		j := joinedReader{}
		for _, p := range parts {
			slices.Sort(p)
			j, most = append(j, slices.Compact(p)), max(most, len(p))
		}
		for range 12 {
			checkMerged(t, dice, j, bucket, all)
		}
	}
	if most < 1000 {
		t.Errorf("no part has more than %d keys, which is too few for several chunks", most)
	}
}

func checkMerged(t *testing.T, dice *rand.Rand, j joinedReader, b Bucket, all []string) {
	t.Helper()
	place := []byte{byte(dice.IntN(256)), byte(dice.IntN(8))}
	limit, down := 1+dice.IntN(len(all)), dice.IntN(2) == 0
	want := slices.Clone(all)
	switch at, _ := slices.BinarySearch(all, string(place)); {
	case dice.IntN(4) == 0:
		place = nil
	case down:
		want = want[:at]
	default:
		want = want[at:]
	}
	if down {
		slices.Reverse(want)
	}
	want = want[:min(limit, len(want))]
	var got []string
	walk(j, b, place, down, func(key, value []byte) bool {
		if string(value) != "of "+string(key) || !bytes.Equal(value, j.Get(b, key)) {
			t.Fatalf("%x is %q", key, value)
		}
		got = append(got, string(key))
		return len(got) < limit
	})
	if !slices.Equal(got, want) {
		t.Fatalf("%s of %d parts from %x, down: %t: got %d keys, want %d", b, len(j), place, down, len(got), len(want))
	}
}

// TestGroupedReasons: failures that differ only in numbers are one group.
func TestGroupedReasons(t *testing.T) {
	for reason, want := range map[string]string{
		"": "", "gone": "gone", "status 500": "status #", "0 of 19 in 9s": "# of # in #s", "/a:b;": "/a:b;", "2026-03-05 is late": "#-#-# is late",
		strings.Repeat("x", maxGroupedReason): strings.Repeat("x", maxGroupedReason), strings.Repeat("x", maxGroupedReason+1): strings.Repeat("x", maxGroupedReason),
		strings.Repeat("x", maxGroupedReason-1) + "é": strings.Repeat("x", maxGroupedReason-1),
	} {
		if got := grouped(reason); got != want {
			t.Errorf("%q is %q, want %q", reason, got, want)
		}
	}
}

// TestHomes holds that the part which a key names is that of its person or run.
func TestHomes(t *testing.T) {
	for n := 2; n <= engine.MaxPartitions; n *= 2 {
		for i := range 50 {
			person := fmt.Sprint("person ", i)
			want := engine.PartitionOf(person, n)
			id := engine.RunID{9: byte(want), 15: byte(i)}
			for what, got := range map[string]int{
				"people":   hashHome(personHash(person)[0], n),
				"profiles": profileHome(personPrefix(person), n),
				"members":  memberHome(memberKey(engine.MemberKey{Campaign: 7, Person: engine.PersonHash(bytes.Repeat(personHash(person), 2))}), n),
				"timers":   runHome(timerKey(engine.Timer{Due: 5, Run: id}), n),
				"outbox":   outboxHome(outboxKey(engine.OutboxRef{Order: 5, Run: id, Message: 3}), n),
			} {
				if got != want {
					t.Errorf("%s of %s, %d parts: %d, want %d", what, person, n, got, want)
				}
			}
		}
	}
}
