package engine

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"nudge/engine/caps"
	"nudge/flows"
	"nudge/lang/shape"
)

// Home is where a person lived until an instant. It is kept while caps of the calendar may
// still count messages of that time, by the calendar there.
type Home struct {
	Zone  string  `json:"zone,omitempty"` // empty: that of the project
	Until Instant `json:"until"`
}

const (
	// MaxHomes is how many former homes of a person are kept for caps by the calendar; the oldest
	// is forgotten.
	MaxHomes = 20
	// homeKept is longer than any period of the calendar, so no message is counted after it.
	homeKept = 40 * 24 * time.Hour
)

// ownZone returns the name of the person's own zone; empty for none.
func (p *Person) ownZone() string {
	if p == nil || !strings.Contains(string(p.Attributes), `"timezone"`) {
		return ""
	}
	return text(object(shape.Any, p.Attributes)["timezone"])
}

// setAttributes changes what is known of a person. It notes where they lived if they live
// elsewhere now and messages to them are counted.
func (p *Person) setAttributes(raw json.RawMessage, now Instant) {
	from := ""
	if len(p.Caps) > 0 {
		from = p.ownZone()
	}
	if p.Attributes = raw; len(p.Caps) == 0 || from == p.ownZone() {
		return
	}
	old := func(h Home) bool { return h.Until.Add(homeKept) < now }
	p.Homes = append(slices.DeleteFunc(slices.Clone(p.Homes), old), Home{from, now})
	p.Homes = p.Homes[max(0, len(p.Homes)-MaxHomes):]
}

// homesOf returns where a person lives and has lived.
func (a *applier) homesOf(profile string, f *flows.Flow) caps.Homes {
	return homesOf(a.ws.person(profile), f)
}

func homesOf(p *Person, f *flows.Flow) caps.Homes {
	zone := func(name string) *time.Location {
		if zone := shape.Zone(name); zone != nil {
			return zone
		}
		return f.Zone
	}
	homes := caps.Homes{Now: zone(p.ownZone())}
	if p == nil {
		return homes
	}
	for _, h := range p.Homes {
		homes.Before = append(homes.Before, caps.Home{Zone: zone(h.Zone), Until: h.Until})
	}
	return homes
}

// today returns what expressions ask of the project and of the messages to a person.
func (a *applier) today(profile string, f *flows.Flow) *flows.Today {
	return todayOf(a.e.categories, a.ws.person(profile), f, a.now)
}

func todayOf(categories map[string]*flows.Category, p *Person, f *flows.Flow, now Instant) *flows.Today {
	return &flows.Today{Categories: categories, Left: func(category string, all []flows.Cap) int {
		return caps.Left(all, p.counted(category), now, homesOf(p, f))
	}}
}
