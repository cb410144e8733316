package templates

import (
	"time"

	"nudge/lang/shape"
)

// zoneOf returns the zone of the person of a scope, or fallback if the profile names no
// existing zone.
func zoneOf(scope map[string]any, fallback *time.Location) *time.Location {
	profile, _ := scope["profile"].(map[string]any)
	name, _ := profile["timezone"].(string)
	if zone := shape.Zone(name); zone != nil {
		return zone
	}
	return fallback
}
