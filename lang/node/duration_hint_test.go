package node

import "testing"

func TestDurationHint(t *testing.T) {
	for text, want := range map[string]string{
		"5 mins": "write 5m", "3 days": "write 3d", "1.5h": "write 1h30m", "1 month": "write 30d: months and years have no fixed length",
		"week": "write 7d", "an hour": "write 1h", "1h1d": "write 1d1h", "2 days and 3 hours": "write 2d3h", "0.5d": "write 12h",
		"90 sec": "write 1m30s", "5": "add a unit: 5m, 5h or 5d", "2 years": "write 730d: months and years have no fixed length",
		"soon": "for example 90m, 72h or 3d", "0": "for example 90m, 72h or 3d", "0 minutes": "for example 90m, 72h or 3d",
		"1h 30m": "write 1h30m", "1h 30": "write 1h30m", "1d12": "write 1d12h", "-1d": "for example 90m, 72h or 3d",
		"1h30 2": "for example 90m, 72h or 3d", "3x": "for example 90m, 72h or 3d", "": "for example 90m, 72h or 3d", "never": "for example 90m, 72h or 3d",
	} {
		if got := DurationHint(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
