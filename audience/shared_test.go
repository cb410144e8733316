package audience_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/audience"
	"nudge/engine"
)

// shelf keeps audiences in memory.
type shelf map[string]map[int64][]byte

func (s shelf) Put(_ context.Context, name string, at int64, lines []byte) error {
	if s[name] == nil {
		s[name] = map[int64][]byte{}
	}
	s[name][at] = bytes.Clone(lines)
	return nil
}

func (s shelf) Chunk(name string, at int64) (lines []byte, begin int64, err error) {
	for from, chunk := range s[name] {
		if from <= at && (lines == nil || from > begin) {
			lines, begin = chunk, from
		}
	}
	return lines, begin, nil
}

func (s shelf) DropBut(prefix string, names []string) error {
	for name := range s {
		if strings.HasPrefix(name, prefix) && !slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(name, n) }) {
			delete(s, name)
		}
	}
	return nil
}

// TestShared holds that an audience on a shelf has the rows that were dealt, in any steps in which they are read.
func TestShared(t *testing.T) {
	var list strings.Builder
	list.WriteString("profile,name\n")
	for i := range 1500 {
		fmt.Fprintf(&list, "p%d,%s\n", i, strings.Repeat("x", i%40))
	}
	from := audience.Sources{Project: fstest.MapFS{"audiences/list.csv": {Data: []byte(list.String())}}}
	f := freezeOf(t, "audience: list.csv", "data: { name: string }")
	kept := shelf{}
	shared := audience.Share(from, 4, kept)
	got, err := shared.Freeze(t.Context(), f)
	if err != nil || got.Failed != "" || got.Rows != 1500 {
		t.Fatalf("%v %+v", err, got)
	}
	for _, step := range []int{1, 7, 128, 1500} {
		for p, rows := range got.Dealt {
			var read []engine.Row
			for at := int64(0); len(read) < rows; {
				some, next, err := shared.Read(engine.PartOf(got.Audience, p), at, min(step, rows-len(read)))
				if err != nil {
					t.Fatal(err)
				}
				read, at = append(read, some...), next
			}
			for _, r := range read {
				if engine.PartitionOf(r.Profile, 4) != p {
					t.Fatalf("partition %d has %s", p, r.Profile)
				}
			}
		}
		if _, _, err := shared.Read(engine.PartOf(got.Audience, 0), 0, got.Dealt[0]+1); err == nil {
			t.Error("more rows are read than there are")
		}
	}
	if err := shared.Keep(0, []string{got.Audience}); err != nil || len(kept) != 4 {
		t.Errorf("of an audience that is needed %d parts are left: %v", len(kept), err)
	}
	if err := shared.Keep(0, nil); err != nil || len(kept) != 0 {
		t.Errorf("of an audience that nobody needs %d parts are left: %v", len(kept), err)
	}
}
