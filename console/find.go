package console

import (
	"regexp"
	"slices"
	"strings"

	"nudge/client"
)

var findViews = []view{
	{pattern: Root + "find", file: "find", load: loadFind},
}

// findPage is what fits a text.
type findPage struct {
	Asked string
	Hits  []hit
}

// hit is something that fits.
type hit struct {
	Kind, Label, Path, Note string
	exact                   bool
}

// hitsOfKind is how many things of a kind are shown.
const hitsOfKind = 10

// runID is how an ID of a run looks.
var runID = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{26}$`)

// loadFind goes to the one thing that fits, or lists what does.
func loadFind(v *visit) (*content, error) {
	asked := strings.TrimSpace(v.query("q"))
	page := &content{Title: "Find", Data: findPage{Asked: asked}}
	if asked == "" {
		return page, nil
	}
	if strings.Contains(asked, "=") { // a field and its value
		page.To = Root + "people?" + queryOf("q", asked)
		return page, nil
	}
	hits := slices.Concat(v.foundRuns(asked), v.foundFlows(asked), v.foundCampaigns(asked), v.foundEvents(asked), v.foundPeople(asked))
	exact := slices.DeleteFunc(slices.Clone(hits), func(h hit) bool { return !h.exact })
	if len(exact) == 0 {
		hits = append(hits, v.foundKeys(asked)...)
	}
	switch {
	case len(exact) == 1:
		page.To = exact[0].Path
	case len(hits) == 1:
		page.To = hits[0].Path
	}
	page.Data = findPage{asked, hits}
	return page, nil
}

func (v *visit) foundRuns(asked string) []hit {
	id := strings.ToUpper(asked)
	if !runID.MatchString(id) {
		return nil
	}
	run, err := v.api.Run(v.ctx(), id)
	if err != nil {
		return nil // it is no run, or not any more
	}
	return []hit{{"Run", run.ID, runPath(run.ID), run.Flow + " for " + run.Profile, true}}
}

// foundKeys are runs with a key: all that are live, and those among the newest that have ended.
func (v *visit) foundKeys(asked string) (hits []hit) {
	for _, status := range []string{"live", "ended"} {
		page, err := v.api.Runs(v.ctx(), client.RunQuery{RunFilter: client.RunFilter{Key: asked, Status: status}, Limit: hitsOfKind, Look: findLook})
		if err != nil {
			return hits
		}
		for i := range page.Runs {
			run := &page.Runs[i]
			hits = append(hits, hit{Kind: "Run with this key", Label: run.Flow + " for " + run.Profile, Path: runPath(run.ID), Note: run.ID})
		}
	}
	return hits
}

// campaignsFound is how many campaigns, the newest, are looked at for a part of an ID.
const campaignsFound = 20

// findLook is how many runs, the newest, are looked at for ended ones with a key.
const findLook = 25

// named takes what has a name with the text in it, at most so many of a kind.
func named(hits []hit, asked string, h hit) []hit {
	h.exact = h.Label == asked
	if len(hits) < hitsOfKind && strings.Contains(strings.ToLower(h.Label), strings.ToLower(asked)) {
		hits = append(hits, h)
	}
	return hits
}

func (v *visit) foundFlows(asked string) (hits []hit) {
	versions, err := v.api.Flows(v.ctx())
	if err != nil {
		return nil
	}
	seen := map[string]bool{}
	for _, f := range versions {
		if !seen[f.Flow] {
			seen[f.Flow] = true
			hits = named(hits, asked, hit{Kind: "Flow", Label: f.Flow, Path: flowPath(f.Flow)})
		}
	}
	return hits
}

func (v *visit) foundCampaigns(asked string) (hits []hit) {
	if c, err := v.api.Campaign(v.ctx(), asked); err == nil {
		return []hit{{"Campaign", v.campaignName(c.ID), campaignPath(c.ID), c.Status + ", " + c.ID, true}}
	}
	page, err := v.api.Campaigns(v.ctx(), client.CampaignQuery{Limit: campaignsFound})
	if err != nil {
		return nil
	}
	for _, c := range page.Campaigns {
		hits = named(hits, asked, hit{Kind: "Campaign", Label: c.ID, Path: campaignPath(c.ID), Note: c.Status})
	}
	for i := range hits { // it is found by its ID, and has a name for people
		hits[i].Label, hits[i].Note = v.campaignName(hits[i].Label), hits[i].Note+", "+hits[i].Label
	}
	return hits
}

func (v *visit) foundEvents(asked string) (hits []hit) {
	if t, err := v.api.EventType(v.ctx(), asked); err == nil {
		return []hit{{Kind: "Event", Label: t.Type, Path: eventPath(t.Type), exact: true}}
	}
	types, err := v.api.EventTypes(v.ctx(), "", typesFound)
	if err != nil {
		return nil
	}
	for i := range types.Types {
		hits = named(hits, asked, hit{Kind: "Event", Label: types.Types[i].Type, Path: eventPath(types.Types[i].Type)})
	}
	return hits
}

// foundPeople are those whose IDs begin with the text. Somebody of whom nothing is known is there if they have a run.
func (v *visit) foundPeople(asked string) (hits []hit) {
	page, err := v.api.Profiles(v.ctx(), client.ProfileQuery{Prefix: asked, Limit: hitsOfKind})
	if lower := strings.ToLower(asked); err == nil && len(page.Profiles) == 0 && lower != asked {
		page, err = v.api.Profiles(v.ctx(), client.ProfileQuery{Prefix: lower, Limit: hitsOfKind})
	}
	if err != nil {
		return nil
	}
	known := false
	for _, p := range page.Profiles {
		row := rowOf(p)
		known = known || row.ID == asked
		hits = append(hits, hit{"Person", row.ID, personPath(row.ID), row.Name, row.ID == asked})
	}
	if page.Next != "" {
		hits = append(hits, hit{Kind: "People", Label: "All whose IDs begin with " + asked, Path: Root + "people?" + queryOf("prefix", asked)})
	}
	if known {
		return hits
	}
	if runs, err := v.api.Runs(v.ctx(), client.RunQuery{RunFilter: client.RunFilter{Profile: asked}, Limit: 1, Look: findLook}); err == nil && len(runs.Runs) > 0 {
		hits = append(hits, hit{"Person", asked, personPath(asked), "nothing is known of them but their runs", true})
	}
	return hits
}
