package shape

import (
	"sync"
	"time"
)

// zones caches time zones by name. Entries are never removed, so readers need no lock.
// Unknown names are not stored, because any profile can contain one.
var zones sync.Map // of string to *time.Location

// Zone returns a time zone by its name in the zone database, or nil if there is none. It
// refuses the machine's own zone, which differs between machines.
func Zone(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	zones.Store(name, zone)
	return zone
}
