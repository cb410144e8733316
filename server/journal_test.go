package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"nudge/engine"
	"nudge/server"
)

func TestJournalIsExported(t *testing.T) {
	s := start(t, shop)
	for i := range 3 {
		s.run(fmt.Sprint(i), "ann")
	}
	lines := bufio.NewScanner(strings.NewReader(s.do("GET", "/v1/journal", "").is(200).body))
	lines.Scan()
	var head server.JournalHead
	if err := json.Unmarshal(lines.Bytes(), &head); err != nil || head.Installation == (engine.Installation{}) {
		t.Fatalf("%s: %v", lines.Bytes(), err)
	}
	kinds := map[string]int{}
	last := uint64(0)
	for lines.Scan() {
		var j engine.Journaled
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil || j.Seq != last+1 {
			t.Fatalf("after %d: %s: %v", last, lines.Bytes(), err)
		}
		last = j.Seq
		kinds[j.Input.Kind().String()]++
	}
	if last != head.Seq || kinds["deploy"] != 1 || kinds["event"] != 3 {
		t.Errorf("%+v ends at %d: %v", head, last, kinds)
	}
	rest := s.do("GET", fmt.Sprint("/v1/journal?from=", head.Seq), "").is(200).body
	if n := strings.Count(rest, "\n"); n < 2 {
		t.Errorf("the last input alone: %s", rest)
	}
	s.do("GET", "/v1/journal?from=0", "").is(400, "from must be the number of an input")
}
