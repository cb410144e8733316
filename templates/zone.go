package templates

import (
	"sync"
	"time"
)

// zones caches the time zones that were asked for, by name. Its entries are only
// ever added, so that a reader takes no lock. Names that no zone has are not kept:
// anybody may write them into a profile.
var zones sync.Map // of string to *time.Location

// zoneOf is the zone where the person of a scope lives, or fallback where the
// profile names none that exists.
func zoneOf(scope map[string]any, fallback *time.Location) *time.Location {
	profile, _ := scope["profile"].(map[string]any)
	name, _ := profile["timezone"].(string)
	if name == "" || name == "Local" {
		return fallback
	}
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return fallback
	}
	zones.Store(name, zone)
	return zone
}
