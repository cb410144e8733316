package postgres

import (
	"strings"
	"testing"
)

// TestFacts holds what is refused, and with which words.
func TestFacts(t *testing.T) {
	for want, change := range map[string]func(*facts){
		"":                            func(*facts) {},
		"is of PostgreSQL 14":         func(f *facts) { f.version = 140011 },
		"is a standby":                func(f *facts) { f.standby = true },
		"takes no writes of the role": func(f *facts) { f.readOnly = true },
		"has the encoding SQL_ASCII":  func(f *facts) { f.encoding = "SQL_ASCII" },
		"set fsync = on":              func(f *facts) { f.fsync = "off" },
		"may not use the schema":      func(f *facts) { f.mayNotUse = true },
	} {
		f := &facts{version: 150002, encoding: "UTF8", fsync: "on"}
		change(f)
		err := f.refuse("the database", "nudge")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error that says %q", err, want)
		}
	}
	for _, c := range []struct {
		facts
		want bool
	}{{facts{}, false}, {facts{replicas: 1}, true}, {facts{replicas: 1, standbys: "ANY 1 (*)"}, false}} {
		if got := c.mayLose(); got != c.want {
			t.Errorf("%+v: may lose: got %v, want %v", c.facts, got, c.want)
		}
	}
}
