package shape

import (
	"sync"
	"time"
)

// zones caches the time zones that were asked for, by name. Its entries are only ever
// added, so that a reader takes no lock. Names that no zone has are not kept: anybody
// may write them into a profile.
var zones sync.Map // of string to *time.Location

// Zone is a time zone by its name in the zone database, or nil when there is none of
// that name. The zone of the machine is none: what it is differs from one to the next.
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
