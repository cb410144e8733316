package app

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"nudge/client"
	"nudge/examples"
	"nudge/store"
	"nudge/store/bolt"
)

var damages = flag.Int("damages", 200, "how many damages TestDamages does to a store")

// TestDamages does to the file of a real store what disks do: bits that flip, pages of zeros,
// pages that change places, and a file that is cut. Each damage is found, unless nothing of what
// the store holds is different; and none is a panic or a fault.
func TestDamages(t *testing.T) {
	dir := t.TempDir()
	local := startExample(t, examples.OrderShipped(), dir)
	a := clientOf(t, local.Instance)
	for i := range 60 {
		if _, err := a.SendEvent(t.Context(), client.Event{
			Type: "order.shipped", Data: fmt.Appendf(nil, `{"order_id": "o%d", "customer": "c%d", "total": 120, "currency": "EUR"}`, i, i%20),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, bolt.FileName))
	if err != nil {
		t.Fatal(err)
	}
	end := len(bytes.TrimRight(whole, "\x00")) // a new file has megabytes of spare room
	whole = whole[:(end/os.Getpagesize()+1)*os.Getpagesize()]
	want, found := judge(t, whole)
	if found != nil {
		t.Fatalf("the store is damaged before anything is done to it: %v", found)
	}
	effective := 0
	for i := range *damages {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		broken, what := damage(random, whole)
		got, found := judge(t, broken)
		other := difference(got, want)
		if found != nil || other != "" {
			effective++
		}
		if found == nil && other != "" {
			t.Errorf("damage %d, %s: nobody noticed that this record differs: %s", i, what, other)
		}
	}
	t.Logf("%d of %d damages made a difference", effective, *damages)
	if effective < *damages/4 {
		t.Errorf("only %d of %d damages made a difference", effective, *damages)
	}
}

// judge opens a file as nudge store check does. It returns what the store holds, or what is wrong.
func judge(t *testing.T, file []byte) (records map[string]string, wrong error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, bolt.FileName), file, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	files, err := bolt.OpenExisting(dir)
	if err != nil {
		return nil, err
	}
	kv := files[0]
	defer kv.Close()
	found, err := kv.Verify()
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return nil, found[0]
	}
	s, err := store.Open(kv)
	if err != nil {
		return nil, err
	}
	report, err := s.Check()
	if err != nil {
		return nil, err
	}
	if len(report.Problems) > 0 {
		return nil, errors.New(report.Problems[0])
	}
	return content(kv)
}

// content is the records of a store without two indexes: the check holds them against the runs,
// and an entry of a timer that was cancelled, or of a run that has ended, means nothing.
func content(kv store.KV) (records map[string]string, err error) {
	records = map[string]string{}
	err = kv.View(func(r store.Reader) error {
		for _, b := range store.Buckets {
			if b == store.Timers || b == store.People {
				continue
			}
			r.Ascend(b, nil, func(key, value []byte) bool {
				records[fmt.Sprintf("%s %q", b, key)] = string(value)
				return true
			})
		}
		return nil
	})
	return records, err
}

// difference names a record that one of two stores has otherwise than the other.
func difference(a, b map[string]string) string {
	for _, pair := range [][2]map[string]string{{a, b}, {b, a}} {
		for key, value := range pair[0] {
			if other, ok := pair[1][key]; !ok || other != value {
				return key
			}
		}
	}
	return ""
}

// damage returns a copy of a file with something wrong in it.
func damage(random *rand.Rand, whole []byte) (broken []byte, what string) {
	broken = append([]byte(nil), whole...)
	page := os.Getpagesize()
	at := func() int { return random.IntN(len(broken)/page) * page }
	switch random.IntN(10) {
	case 0:
		from := at()
		clear(broken[from : from+page])
		return broken, fmt.Sprintf("page %d of zeros", from/page)
	case 1:
		one, other := at(), at()
		copy(broken[one:one+page], whole[other:])
		copy(broken[other:other+page], whole[one:one+page])
		return broken, fmt.Sprintf("pages %d and %d have changed places", one/page, other/page)
	case 2:
		size := random.IntN(len(broken))
		return broken[:size], fmt.Sprintf("cut after %d bytes", size)
	case 3: // the head of a page
		from := at() + random.IntN(16)
		broken[from] ^= 1 << random.IntN(8)
		return broken, fmt.Sprintf("a bit of byte %d", from)
	}
	from := random.IntN(len(broken))
	broken[from] ^= 1 << random.IntN(8)
	return broken, fmt.Sprintf("a bit of byte %d", from)
}
