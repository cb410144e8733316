package shape

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// zones caches time zones by name. A new one makes a new map, so readers need no lock. Unknown
// names are not stored, because any profile can contain one.
var (
	zones  atomic.Pointer[map[string]*time.Location] // never nil
	adding sync.Mutex                                // held by whoever makes a new map
)

func init() { zones.Store(&map[string]*time.Location{}) }

// Zone returns a time zone by its name in the zone database, or nil if there is none. It
// refuses the machine's own zone, which differs between machines.
func Zone(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	if zone := (*zones.Load())[name]; zone != nil {
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	adding.Lock()
	defer adding.Unlock()
	more := maps.Clone(*zones.Load())
	more[name] = zone
	zones.Store(&more)
	return zone
}
