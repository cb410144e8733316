package app

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nudge/client"
	"nudge/examples"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/store"
	"nudge/store/bolt"
)

// TestRepairs damages the file of a real store as TestDamages does, at up to three places, and
// repairs it. The new file passes the check, which a repair makes itself, and has every record
// of which no byte was damaged.
func TestRepairs(t *testing.T) {
	dir := t.TempDir()
	local, err := StartLocal(t.Context(), LocalConfig{Project: Read(examples.OrderShipped(), LocalSettings(os.LookupEnv)), DataDir: dir,
		People: func(m sandbox.Message) people.Script {
			if strings.HasSuffix(m.Profile, "1") {
				return nil // they read nothing, and their runs wait
			}
			return quickly(m)
		}})
	if err != nil {
		t.Fatal(err)
	}
	a := clientOf(t, local.Instance)
	for i := range 150 {
		if _, err := a.SendEvent(t.Context(), client.Event{
			Type: "order.shipped", Data: fmt.Appendf(nil, `{"order_id": "o%d", "customer": "c%d", "total": 120, "currency": "EUR"}`, i, i%20),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Compact(t.Context(), dir, nil); err != nil { // so that each record is there once
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, bolt.FileName))
	if err != nil {
		t.Fatal(err)
	}
	want := placesOf(t, dir, whole)
	repaired, kept := 0, 0
	for i := range *damages / 2 {
		random := rand.New(rand.NewPCG(2, uint64(i)))
		broken, what := whole, ""
		for n := 1 + random.IntN(3); n > 0 && len(broken) >= 2*os.Getpagesize(); n-- {
			var one string
			broken, one = damage(random, broken)
			what += one + "; "
		}
		n, err := repairOne(t, broken, whole, want)
		var damage *bolt.Damage
		switch {
		case errors.As(err, &damage) || errors.Is(err, store.ErrDamaged): // there is nothing to begin from
			t.Logf("damage %d: %s%v", i, what, err)
		case err != nil:
			t.Errorf("damage %d: %s%v", i, what, err)
		default:
			repaired, kept = repaired+1, kept+n
		}
	}
	t.Logf("%d of %d files repaired, with %d of %d records each", repaired, *damages/2, kept/max(repaired, 1), len(want))
	if repaired < *damages/2*8/10 {
		t.Errorf("only %d of %d files were repaired", repaired, *damages/2)
	}
}

// record is a record of the undamaged store.
type record struct {
	bucket     store.Bucket
	key, value []byte
	from, to   int // bytes of the file, with the key
}

// placesOf are the records that a repair must keep, with their places.
func placesOf(t *testing.T, dir string, whole []byte) (all []record) {
	t.Helper()
	files, err := bolt.OpenExisting(dir)
	if err != nil {
		t.Fatal(err)
	}
	kv := files[0]
	defer kv.Close()
	if err := kv.View(func(r store.Reader) error {
		for _, b := range []store.Bucket{store.Ended, store.Runs, store.Journal, store.Versions, store.Profiles, store.IDs} {
			r.Ascend(b, nil, func(key, value []byte) bool {
				if b == store.Runs && value[0] == 0xff {
					return true // the sign of an ended run, which a repair writes anew
				}
				both := slices.Concat(key, value)
				at := bytes.Index(whole, both)
				if at < 0 || bytes.Contains(whole[at+1:], both) {
					t.Fatalf("%s %x is not there once", b, key)
				}
				all = append(all, record{b, bytes.Clone(key), bytes.Clone(value), at, at + len(both)})
				return true
			})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(all) < 300 {
		t.Fatalf("there are only %d records", len(all))
	}
	return all
}

// repairOne repairs a file. It returns how many records the new one has, and an error if one is
// missing although all pages with its bytes are as they were.
func repairOne(t *testing.T, broken, whole []byte, want []record) (kept int, err error) {
	t.Helper()
	from, into := t.TempDir(), t.TempDir()
	defer os.RemoveAll(from)
	defer os.RemoveAll(into)
	old, fresh := filepath.Join(from, bolt.FileName), filepath.Join(into, bolt.FileName)
	if err := os.WriteFile(old, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := bolt.Repair(t.Context(), old, fresh, nil, nil); err != nil {
		return 0, err
	}
	if after, err := os.ReadFile(old); err != nil || !bytes.Equal(after, broken) {
		t.Fatalf("the damaged file has changed: %v", err)
	}
	files, err := bolt.OpenExisting(into)
	if err != nil {
		return 0, err
	}
	kv := files[0]
	defer kv.Close()
	free := freeListed(broken, whole)
	return kept, kv.View(func(r store.Reader) error {
		for _, x := range want {
			if !free && x.bucket != store.Journal && x.bucket != store.Ended {
				continue // a page that nothing leads to may be from an earlier time
			}
			if there := r.Get(x.bucket, x.key); bytes.Equal(there, x.value) {
				kept++
			} else if untouched(broken, whole, x.from, x.to) && !setApart(kv, x) {
				return fmt.Errorf("%s %x is lost, and was not damaged", x.bucket, x.key)
			}
		}
		return nil
	})
}

// untouched reports whether the pages of a part of a file are as they were.
func untouched(broken, whole []byte, from, to int) bool {
	page := os.Getpagesize()
	from, to = from/page*page, min(((to-1)/page+1)*page, len(whole))
	return to <= len(broken) && bytes.Equal(broken[from:to], whole[from:to])
}

// freeListed reports whether the file still tells which pages are free: the meta records and the
// list are as they were.
func freeListed(broken, whole []byte) bool {
	const list = 0x10 // kind of the page
	page := os.Getpagesize()
	for at := 2 * page; at < len(whole); at += page {
		if binary.NativeEndian.Uint16(whole[at+8:]) == list && !untouched(broken, whole, at, at+page) {
			return false
		}
	}
	return untouched(broken, whole, 0, 2*page)
}

// setApart reports whether a live run is in quarantine with its record, as one whose flow is lost.
func setApart(kv store.KV, x record) (apart bool) {
	if err := kv.View(func(r store.Reader) error {
		apart = x.bucket == store.Runs && bytes.Contains(r.Get(store.Quarantine, x.key), x.value)
		return nil
	}); err != nil {
		return false
	}
	return apart
}
