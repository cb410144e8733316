package postgres

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nudge/store"
)

// layout is where each bucket is, in the order of the numbers that rows have. A bucket that comes later stands at the end. None ever moves, and
// none becomes versioned (*) or ceases to be: stores have rows of it.
const layout = `meta:queue* runs:live ended:log people:live keys:live timers:queue
outbox:queue journal:log ids:log idtimes:queue versions:log counts:queue*
profiles:live derived:queue erasures:log firings:queue* members:log tallies:queue*
settled:log sent:live orphans:queue asks:queue quarantine:log audit:log
notices:queue failed:log flowcounts:queue* jobs:log failures:log fields:log
eventtypes:queue* eventseries:log refusals:log deploys:log proposals:log proposed:log
failedruns:log failuregroups:log flowhours:queue* campaignruns:log campaignids:log campaignflows:log
refusedpeople:log owed:queue commands:queue`

func TestLayout(t *testing.T) {
	var got []string
	for n := range store.Buckets {
		b := store.Bucket(n)
		mark := ""
		if versioned(b) {
			mark = "*"
		}
		got = append(got, fmt.Sprintf("%s:%s%s", b, tableNames[tableOf(b)], mark))
	}
	if want := strings.Fields(layout); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, " "), strings.Join(want, " "))
	}
}

// TestRowKeys holds that rows of a versioned bucket have the order of their records, whatever their versions, and lead back to them.
func TestRowKeys(t *testing.T) {
	var keys [][]byte
	for _, text := range []string{"\x00", "\x00\x00", "\x00\x01", "\x00\xff", "\x01", "a", "a\x00", "a\x00\x00b", "a\x00\x01", "a\x00\xff", "a\x01", "aa", "a\xff", "a\xff\xff", "\xff"} {
		keys = append(keys, []byte(text))
	}
	slices.SortFunc(keys, bytes.Compare)
	var last []byte
	for _, key := range keys {
		for _, version := range []uint64{0, 1, 1 << 63} {
			row := versionKey(store.Counts, key, version)
			if bytes.Compare(last, row) >= 0 || bytes.Compare(rowKey(store.Counts, key), row) > 0 {
				t.Errorf("the row of %q in version %d is not behind the one before", key, version)
			}
			last = row
			if got, n, err := recordKey(store.Counts, row); err != nil || !bytes.Equal(got, key) || n != version {
				t.Errorf("the row of %q in version %d is read as %q, %d, %v", key, version, got, n, err)
			}
		}
	}
}
