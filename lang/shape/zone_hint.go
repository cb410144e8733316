package shape

import (
	_ "embed"
	"regexp"
	"strings"

	"nudge/lang/diag"
)

// zoneNames are the zones of the zone database (zone.tab). They are embedded, so that a
// hint is the same on every machine.
//
//go:embed zones.txt
var zoneNames string

// abbreviations are the zones that people usually mean by a short name. The zone database
// does not have these names, because several countries use the same one.
var abbreviations = map[string]string{
	"PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles",
	"MDT": "America/Denver", "MT": "America/Denver", "CST": "America/Chicago", "CDT": "America/Chicago", "CT": "America/Chicago",
	"EDT": "America/New_York", "ET": "America/New_York", "AST": "America/Halifax", "ADT": "America/Halifax",
	"AKST": "America/Anchorage", "AKDT": "America/Anchorage", "BRT": "America/Sao_Paulo", "ART": "America/Argentina/Buenos_Aires",
	"BST": "Europe/London", "WEST": "Europe/Lisbon", "CEST": "Europe/Berlin", "EEST": "Europe/Athens", "MSK": "Europe/Moscow",
	"SAST": "Africa/Johannesburg", "WAT": "Africa/Lagos", "EAT": "Africa/Nairobi", "GST": "Asia/Dubai", "PKT": "Asia/Karachi",
	"IST": "Asia/Kolkata", "SGT": "Asia/Singapore", "HKT": "Asia/Hong_Kong", "PHT": "Asia/Manila", "WIB": "Asia/Jakarta",
	"JST": "Asia/Tokyo", "KST": "Asia/Seoul", "AWST": "Australia/Perth", "ACST": "Australia/Adelaide", "AEST": "Australia/Sydney",
	"AEDT": "Australia/Sydney", "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
}

var offsetForm = regexp.MustCompile(`(?i)^(utc|gmt)?\s*[+-]\d`)

// ZoneHint returns what to write instead of an unknown zone: the zone that an abbreviation
// or the name of a city means, or the zone with the nearest name.
func ZoneHint(name string) string {
	if zone := abbreviations[strings.ToUpper(name)]; zone != "" {
		return "write " + zone + " for " + strings.ToUpper(name)
	}
	if offsetForm.MatchString(name) {
		return "name a large city of the zone, for example Europe/London: its clocks change"
	}
	all := strings.Fields(zoneNames)
	spelt := strings.ReplaceAll(strings.TrimSpace(name), " ", "_")
	cities := make([]string, len(all))
	for i, zone := range all {
		cities[i] = zone[strings.LastIndexByte(zone, '/')+1:]
		if strings.EqualFold(zone, spelt) || strings.EqualFold(cities[i], spelt) {
			return "write " + zone
		}
	}
	if near := diag.Nearest(spelt, all); near != "" && strings.Contains(spelt, "/") {
		return `did you mean "` + near + `"?`
	}
	if near := diag.Nearest(spelt, cities); near != "" && !strings.Contains(spelt, "/") {
		for i, city := range cities {
			if city == near {
				return `did you mean "` + all[i] + `"?`
			}
		}
	}
	return "for example Europe/London"
}

// ZoneNames returns the names of the zones that people live in, sorted.
func ZoneNames() []string { return strings.Fields(zoneNames) } // the file is sorted
