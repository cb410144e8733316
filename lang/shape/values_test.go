package shape

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func day(t testing.TB, text string) Date {
	t.Helper()
	d, err := ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func moment(t testing.TB, text string) Time {
	t.Helper()
	at, err := ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestKept holds that a stored value comes back with its types, however deep they are: a text that looks like a time stays text, and a
// map whose field is called time stays a map.
func TestKept(t *testing.T) {
	at, on := moment(t, "2026-03-05T13:00:00.5Z"), day(t, "2026-03-05")
	value := map[string]any{
		"at": at, "on": on, "text": "2026-03-05", "n": 7, "f": 1.5, "ok": true, "none": nil,
		"list": []any{at, on, "x", []any{on}, map[string]any{"time": "2026-03-05T13:00:00Z", "date": 1, "map": on}},
	}
	raw, err := Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Restore(raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(value, got, cmp.Comparer(func(a, b Time) bool { return a == b }), cmp.Comparer(func(a, b Date) bool { return a == b })); diff != "" {
		t.Errorf("%s (-want +got):\n%s", raw, diff)
	}
	for _, damaged := range []string{`{`, `{"time":"soon"}`, `{"date":"soon"}`, `{"map":7}`, `{"other":1}`, `[{"other":1}]`, `{"map":{"a":{"time":"soon"}}}`} {
		if v, err := Restore(json.RawMessage(damaged)); err == nil {
			t.Errorf("%s came back as %v", damaged, v)
		}
	}
}

func TestCompare(t *testing.T) {
	early, late := moment(t, "2026-03-05T13:00:00Z"), moment(t, "2026-03-05T13:00:00.000000001Z")
	for _, test := range []struct {
		a, b  any
		order int
		ok    bool
	}{
		{"a", "b", -1, true}, {early, late, -1, true}, {late, late, 0, true},
		{day(t, "2025-12-31"), day(t, "2026-01-01"), -1, true}, {day(t, "2026-01-31"), day(t, "2026-02-01"), -1, true}, {day(t, "2026-01-01"), day(t, "2026-01-02"), -1, true},
		{1, 2, -1, true}, {math.MaxInt - 1, math.MaxInt, -1, true}, {1, 1.5, -1, true}, {0.5, 1, -1, true}, {2.0, 2, 0, true},
		{"1", 2, 0, false}, {1, "2", 0, false}, {1.5, nil, 0, false}, {nil, nil, 0, false}, {early, day(t, "2026-03-05"), 0, false}, {true, false, 0, false},
	} {
		order, ok := Compare(test.a, test.b)
		if ok != test.ok || ok && order != test.order {
			t.Errorf("%v and %v: %d, %v, want %d, %v", test.a, test.b, order, ok, test.order, test.ok)
		}
		back, ok := Compare(test.b, test.a)
		if ok != test.ok || ok && back != -test.order {
			t.Errorf("%v and %v: %d, %v, want %d, %v", test.b, test.a, back, ok, -test.order, test.ok)
		}
	}
	for v, want := range map[any]bool{nil: true, 0: false, "": false, 1.5: false} {
		if Absent(v) != want {
			t.Errorf("%v is absent: %v", v, !want)
		}
	}
	if !Absent(math.NaN()) {
		t.Error("what is not a number is there")
	}
}

func TestDates(t *testing.T) {
	d := day(t, "2024-02-28")
	if got := d.Midnight(); !got.Equal(time.Date(2024, 2, 28, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the day begins at %v", got)
	}
	if got := d.Add(2).String(); got != "2024-03-01" {
		t.Errorf("two days later it is %s", got)
	}
	if got, back := day(t, "2025-03-01").Sub(d), d.Sub(day(t, "2025-03-01")); got != 367 || back != -367 {
		t.Errorf("%d and %d days", got, back)
	}
	if got := DateOf(time.Date(2024, 2, 28, 23, 30, 0, 0, time.UTC).In(time.FixedZone("", 3600))); got != day(t, "2024-02-29") {
		t.Errorf("in its zone it is %v", got)
	}
	if raw, err := json.Marshal(day(t, "0999-01-02")); err != nil || string(raw) != `"0999-01-02"` {
		t.Errorf("written as %s, %v", raw, err)
	}
}

func TestUnique(t *testing.T) {
	on := day(t, "2026-03-05")
	items := []any{1, 1.0, "1", 1.5, 1.5, nil, nil, true, on, on, "2026-03-05", []any{1}, []any{1}, []any{"1"}, map[string]any{"a": on}, map[string]any{"a": "2026-03-05"}, map[string]any{"a": on}, `[1]`}
	want := []any{1, "1", 1.5, nil, true, on, "2026-03-05", []any{1}, []any{"1"}, map[string]any{"a": on}, map[string]any{"a": "2026-03-05"}, `[1]`}
	got, err := Unique(items)
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b Date) bool { return a == b })); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestZones: a zone that was loaded once is not loaded again, and the names for editors are sorted.
func TestZones(t *testing.T) {
	if a, b := Zone("Europe/Zurich"), Zone("Europe/Zurich"); a == nil || a != b {
		t.Errorf("%p and %p", a, b)
	}
	for _, name := range []string{"", "Local", "Mars/Base"} {
		if zone := Zone(name); zone != nil {
			t.Errorf("%q is %v", name, zone)
		}
	}
	if names := ZoneNames(); len(names) < 300 || !slices.IsSorted(names) || !slices.Contains(names, "Europe/Berlin") {
		t.Errorf("%d names, from %s", len(names), names[0])
	}
}
