package templates

import (
	"time"

	"nudge/lang/shape"
)

// zoneOf is the zone where the person of a scope lives, or fallback where the
// profile names none that exists.
func zoneOf(scope map[string]any, fallback *time.Location) *time.Location {
	profile, _ := scope["profile"].(map[string]any)
	name, _ := profile["timezone"].(string)
	if zone := shape.Zone(name); zone != nil {
		return zone
	}
	return fallback
}
