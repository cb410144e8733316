package flows

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Join returns a project of flows that are deployed together, from the bundle of each: with the flows, and with the categories that
// they use. It cannot make bundles, and has no templates but those of the flows themselves.
func Join(bundles []Bundle) (*Project, error) {
	joined, list := new(Workspace).load(nil, nil)
	for i, b := range bundles {
		p, list := new(Workspace).load(b, nil)
		if err := list.Err(); err != nil {
			return nil, fmt.Errorf("flows: bundle %d: %w", i, err)
		}
		joined.Name, joined.Zone, joined.Profile, joined.OnUnknown = p.Name, p.Zone, p.Profile, p.OnUnknown
		joined.Flows = append(joined.Flows, p.Flows...)
		if joined.Categories == nil {
			joined.Categories = map[string]*Category{}
		}
		maps.Copy(joined.Categories, p.Categories)
	}
	slices.SortFunc(joined.Flows, func(a, b *Flow) int { return strings.Compare(a.Name, b.Name) })
	return joined, list.Err()
}
