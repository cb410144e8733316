package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nudge/engine"
	"nudge/server"
)

// journal is what an export of the journal has.
func (s *service) journal(query string) (head server.JournalHead, inputs []*engine.Journaled) {
	s.t.Helper()
	lines := bufio.NewScanner(strings.NewReader(s.do("GET", "/v1/journal"+query, "").is(200).body))
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	if err := json.Unmarshal(lines.Bytes(), &head); err != nil || head.Installation == (engine.Installation{}) {
		s.t.Fatalf("%s: %v", lines.Bytes(), err)
	}
	for lines.Scan() {
		j := new(engine.Journaled)
		must(s.t, json.Unmarshal(lines.Bytes(), j))
		inputs = append(inputs, j)
	}
	if len(inputs) == 0 || inputs[len(inputs)-1].Seq != head.Seq {
		s.t.Fatalf("%+v, and there are %d inputs", head, len(inputs))
	}
	return head, inputs
}

func TestJournalIsExported(t *testing.T) {
	s := start(t, shop)
	for i := range 3 {
		s.run(fmt.Sprint(i), "ann")
	}
	n := len(s.store.Parts())
	head, inputs := s.journal("") // results of posts may still come
	kinds := map[string]int{}
	var apart []string
	for part := range n {
		head, inputs := s.journal(fmt.Sprint("?partition=", part))
		if n > 1 && (head.Partitions != n || head.Partition == nil || *head.Partition != part) {
			t.Errorf("partition %d says %+v", part, head)
		}
		for i, j := range inputs {
			if j.Seq != uint64(i)+1 {
				t.Fatalf("after %d comes %d", i, j.Seq)
			}
			apart = append(apart, fmt.Sprint(j.Seq*uint64(n)+uint64(part), j.Stamp, j.Input.Kind()))
			if in := j.Input; in.Origin == nil || in.Origin.From == n && part == 0 {
				kinds[in.Kind().String()]++
			}
		}
	}
	if kinds["deploy"] != 1 || kinds["event"] != 3 {
		t.Errorf("from outside came %v", kinds)
	}
	for i, j := range inputs {
		if i > 0 && j.Stamp < inputs[i-1].Stamp {
			t.Errorf("%s comes after %s", j.Stamp, inputs[i-1].Stamp)
		}
		if shown := fmt.Sprint(j.Seq, j.Stamp, j.Input.Kind()); !slices.Contains(apart, shown) {
			t.Errorf("no partition has %s, of %v", shown, apart)
		}
	}
	if len(inputs) < 4 || n > 1 && (head.Partitions != n || head.Partition != nil) {
		t.Errorf("%+v, and there are %d inputs", head, len(inputs))
	}
	rest := s.do("GET", fmt.Sprint("/v1/journal?from=", head.Seq), "").is(200).body
	if n := strings.Count(rest, "\n"); n < 2 {
		t.Errorf("the last input alone: %s", rest)
	}
	s.do("GET", "/v1/journal?from=0", "").is(400, "from must be the number of an input")
	s.do("GET", fmt.Sprint("/v1/journal?partition=", n), "").is(400, "partition must be the number of a partition, from 0 to ")
}

// TestJournalIsExportedInParts is TestJournalIsExported over 4 partitions.
func TestJournalIsExportedInParts(t *testing.T) {
	divide(t, 4)
	TestJournalIsExported(t)
}
