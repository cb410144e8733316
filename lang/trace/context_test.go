package trace_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"nudge/lang/trace"
)

const (
	id     = "4bf92f3577b34da6a3ce929d0e0e4736"
	span   = "00f067aa0ba902b7"
	parent = "00-" + id + "-" + span + "-01"
)

func TestParent(t *testing.T) {
	for _, test := range []struct{ name, given, want string }{
		{"as it should be", parent, parent},
		{"not sampled", "00-" + id + "-" + span + "-00", "00-" + id + "-" + span + "-00"},
		{"other flags", "00-" + id + "-" + span + "-ff", "00-" + id + "-" + span + "-ff"},
		{"spaces around", " " + parent + "\t", parent},
		{"none", "", ""},
		{"version ff", "ff-" + id + "-" + span + "-01", ""},
		{"version in upper case", "0A-" + id + "-" + span + "-01", ""},
		{"more behind version 00", parent + "-more", ""},
		{"a dash behind version 00", parent + "-", ""},
		{"a later version", "cc-" + id + "-" + span + "-01", parent},
		{"a later version with more", "01-" + id + "-" + span + "-01-what-comes", parent},
		{"a later version with other flags", "01-" + id + "-" + span + "-fe", "00-" + id + "-" + span + "-00"},
		{"a later version without a dash", "01-" + id + "-" + span + "-01what", ""},
		{"a trace of zeros", "00-" + strings.Repeat("0", 32) + "-" + span + "-01", ""},
		{"a span of zeros", "00-" + id + "-" + strings.Repeat("0", 16) + "-01", ""},
		{"a trace in upper case", "00-" + strings.ToUpper(id) + "-" + span + "-01", ""},
		{"a trace that is too short", "00-" + id[1:] + "-" + span + "-01", ""},
		{"a span that is too long", "00-" + id + "-" + span + "0-01", ""},
		{"no flags", "00-" + id + "-" + span, ""},
		{"flags of one digit", "00-" + id + "-" + span + "-1", ""},
		{"a digit that is none", "00-" + id[1:] + "g-" + span + "-01", ""},
		{"a line behind it", parent + "\nX-Key: 1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := trace.Parse(test.given, "")
			if got.Parent != test.want {
				t.Errorf("%q is %q, want %q", test.given, got.Parent, test.want)
			}
			if test.want != "" && got.ID() != id || test.want == "" && got.ID() != "" {
				t.Errorf("its ID is %q", got.ID())
			}
		})
	}
}

func TestState(t *testing.T) {
	long := func(key string, n int) string { return key + "=" + strings.Repeat("x", n-len(key)-1) }
	for _, test := range []struct{ name, given, want string }{
		{"none", "", ""},
		{"one entry", "congo=t61rcWkgMzE", "congo=t61rcWkgMzE"},
		{"a tenant", "fw529a3039@dt=FfD1", "fw529a3039@dt=FfD1"},
		{"empty entries and spaces", " a=1 ,, b=2\t,", "a=1,b=2"},
		{"a value with a space", "a=1 2", "a=1 2"},
		{"no value", "a=", ""},
		{"no key", "=1", ""},
		{"a key in upper case", "A=1", ""},
		{"a key twice", "a=1,b=2,a=3", ""},
		{"a value with an equals sign", "a=b=c", ""},
		{"a control character", "a=1\r\nX: 1", ""},
		{"too many entries", strings.Repeat("a=1,", 33), ""},
		{"as long as it may be", long("a", 512/4-1) + "," + long("b", 128) + "," + long("c", 128) + "," + long("d", 126), long("a", 127) + "," + long("b", 128) + "," + long("c", 128) + "," + long("d", 126)},
		{"long entries go first", long("a", 100) + "," + long("b", 200) + "," + long("c", 250) + "," + long("d", 100), long("a", 100) + "," + long("b", 200) + "," + long("d", 100)},
		{"then those at the end", long("a", 120) + "," + long("b", 120) + "," + long("c", 120) + "," + long("d", 120) + "," + long("e", 120), long("a", 120) + "," + long("b", 120) + "," + long("c", 120) + "," + long("d", 120)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := trace.Parse(parent, test.given); got.State != test.want || got.Parent != parent {
				t.Errorf("%q is %q of %q, want %q", test.given, got.State, got.Parent, test.want)
			}
			if got := trace.Parse("wrong", test.given); !got.IsZero() {
				t.Errorf("without a traceparent it is %v", got)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	h := http.Header{"Traceparent": {parent}, "Tracestate": {"a=1", "b=2"}}
	c := trace.FromHeader(h)
	if want := (trace.Context{Parent: parent, State: "a=1,b=2"}); c != want {
		t.Errorf("it is %v, want %v", c, want)
	}
	out := http.Header{}
	c.AddTo(out)
	if want := (map[string][]string{trace.ParentHeader: {parent}, trace.StateHeader: {"a=1,b=2"}}); !maps.EqualFunc(out, want, slices.Equal) {
		t.Errorf("what goes on is %v", out)
	}
	h["Traceparent"] = []string{parent, parent}
	if c := trace.FromHeader(h); !c.IsZero() {
		t.Errorf("two are %v", c)
	}
	out = http.Header{}
	if trace.FromHeader(http.Header{}).AddTo(out); len(out) > 0 {
		t.Errorf("none becomes %v", out)
	}
}

func TestWith(t *testing.T) {
	c := trace.Context{Parent: parent, State: "a=1"}
	if got := trace.From(trace.With(t.Context(), c)); got != c {
		t.Errorf("it is %v, want %v", got, c)
	}
	if ctx := trace.With(t.Context(), trace.Context{}); ctx != t.Context() || !trace.From(ctx).IsZero() {
		t.Errorf("without a trace there is %v", trace.From(ctx))
	}
}
