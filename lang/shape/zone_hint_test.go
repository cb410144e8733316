package shape

import (
	"strings"
	"testing"
	_ "time/tzdata"
)

func TestZoneHint(t *testing.T) {
	for name, want := range map[string]string{
		"PST": "write America/Los_Angeles for PST", "cest": "write Europe/Berlin for CEST", "Europe/Londn": `did you mean "Europe/London"?`,
		"London": "write Europe/London", "new york": "write America/New_York", "europe/PARIS": "write Europe/Paris",
		"Amsterdm": `did you mean "Europe/Amsterdam"?`, "GMT+1": "name a large city of the zone, for example Europe/London: its clocks change",
		"Mars/Base": "for example Europe/London",
	} {
		if got := ZoneHint(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestZonesOfHints checks that every zone which a hint can name exists.
func TestZonesOfHints(t *testing.T) {
	names := strings.Fields(zoneNames)
	for _, zone := range abbreviations {
		names = append(names, zone)
	}
	for _, name := range names {
		if Zone(name) == nil {
			t.Errorf("the zone %s does not exist", name)
		}
	}
	for short := range abbreviations {
		if Zone(short) != nil {
			t.Errorf("%s is a zone itself", short)
		}
	}
}
