package flows

import (
	"fmt"
	"sort"
	"strings"
	"testing"
)

// manyValues are as many as an event of 64 KiB can bring: 30,000 numbers, and a long text.
func manyValues(numbers, bytes int) map[string]any {
	xs, tags := make([]any, numbers), make([]any, numbers)
	for i := range xs {
		xs[i], tags[i] = i%10, "t"
	}
	long := strings.Repeat("a", bytes)
	return map[string]any{NameData: map[string]any{
		"tags": tags, "names": tags, "id": long, "note": long, "extra": map[string]any{"xs": xs}, "n": 3, "items": []any{},
	}}
}

// attacks go through lists within lists, or read a long text for each item of a list.
var attacks = []string{
	`any(data.tags, all(data.tags, # != "u") == false)`,
	`count(data.tags, any(data.tags, # == "u")) > 0`,
	`any(data.tags, # in data.names and # == "u")`,
	`any(data.tags, data.id == (data.note ?? "") and # == "u")`,
	`any(data.tags, upper(data.id) == #)`,
	`any(data.tags, lower(data.id) startsWith "b")`,
	`any(data.tags, trim(data.id) == #)`,
	`any(data.tags, len(data.id) == 1)`,
	`any(data.tags, # in split(data.id, "b") and # == "u")`,
	`any(data.tags, first(split(data.id, "")) == #)`,
	`any(data.tags, data.id contains "b")`,
	`any(data.tags, data.id endsWith "b")`,
	`any(data.tags, data.id > "b")`,
	`any(data.tags, data.id matches "(a?){20}b")`,
	`any(data.tags, len(unique(data.tags)) == 0)`,
	`any(data.tags, len(filter(data.tags, # == "u")) == 1)`,
	`any(data.tags, len(map(data.tags, #)) == 1)`,
	`any(data.tags, string(data.id) == #)`,
	`data.id matches "(a?){400}(a?){400}b"`,
}

// TestExprSteps: what goes through lists within lists, or reads a long text again and again,
// cannot be computed, and what goes through one list can.
func TestExprSteps(t *testing.T) {
	values := manyValues(16_000, 32<<10)
	for _, source := range attacks {
		got, err := mustExpr(t, source, forCondition).Bool(values)
		if err == nil || !strings.Contains(err.Error(), "takes more than 500000 steps") || !strings.Contains(err.Error(), "f.yaml:2:") {
			t.Errorf("%s: got %t, %v", source, got, err)
		}
	}
	for _, source := range []string{
		`any(data.tags, # == "u")`, `all(data.tags, # != "u" and # != "v" and # != "w")`, `len(unique(data.tags)) == 1`,
		`len(filter(data.tags, # startsWith "t")) == 16000`, `data.id contains "b" or data.id matches "b$" or len(data.id) > 3`,
		`any(split(data.id, ""), # == "b")`,
	} {
		if _, err := mustExpr(t, source, forCondition).Bool(values); err != nil {
			t.Errorf("%s goes through one list: %v", source, err)
		}
	}
}

// TestExprStepsExact: the same evaluation ends at the same step each time, and one more item is
// what makes it too many.
func TestExprStepsExact(t *testing.T) {
	e := mustExpr(t, `none(data.tags, any(data.tags, # == "u"))`, forCondition)
	fits := sort.Search(1000, func(n int) bool {
		_, err := e.Bool(manyValues(n+1, 1))
		return err != nil
	})
	for range 3 {
		if _, err := e.Bool(manyValues(fits, 1)); err != nil {
			t.Errorf("%d items: %v", fits, err)
		}
		if _, err := e.Bool(manyValues(fits+1, 1)); err == nil {
			t.Errorf("%d items can be computed", fits+1)
		}
	}
	if fits < 300 || fits > 500 {
		t.Errorf("a list of %d items within itself is the most, want a few hundred", fits)
	}
}

// BenchmarkAttacks is the time that one evaluation can take: it stops at MaxExprSteps.
func BenchmarkAttacks(b *testing.B) {
	values := manyValues(16_000, 32<<10)
	for i, source := range attacks {
		e := mustExpr(b, source, forCondition)
		b.Run(fmt.Sprint(i), func(b *testing.B) {
			for b.Loop() {
				if _, err := e.Bool(values); err == nil {
					b.Fatal("it can be computed")
				}
			}
		})
	}
}
