package console

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"nudge/client"
)

// campaignsPage is the calendar and the list of campaigns.
type campaignsPage struct {
	Month, Before, After string // its name, and the months beside it
	Zones                []choice
	Zone                 string
	Weeks                [][]calendarDay
	Calendar             part[*client.Calendar]
	List                 part[[]campaignLine]
	Next                 string // of the list
	Flow                 string // only campaigns of it
}

// calendarDay is a day of the calendar.
type calendarDay struct {
	Day     int
	Other   bool // of another month
	Today   bool
	Entries []calendarEntry
	More    int // further entries
}

// calendarEntry is a campaign, or a start to come.
type calendarEntry struct {
	At, Flow, Link, Tone string
	People               string
	order                time.Time
}

// campaignLine is a campaign of the list.
type campaignLine struct {
	client.Campaign
	Everyone Bar
	Word     string
	When     string
}

const monthLayout = "2006-01"

// maxDayEntries is how many entries a day of the calendar shows; it says how many more there are.
const maxDayEntries = 6

func loadCampaigns(v *visit) (*content, error) {
	v.useZone(v.query("zone"))
	month, err := time.ParseInLocation(monthLayout, v.query("month"), v.zone)
	if err != nil { // or none was asked for
		now := v.now.In(v.zone)
		month = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, v.zone)
	}
	p := campaignsPage{Month: month.Format("January 2006"), Zones: zoneChoices(v.Zone()), Zone: v.Zone(), Flow: v.query("flow")}
	p.Before, p.After = v.With("month", month.AddDate(0, -1, 0).Format(monthLayout)), v.With("month", month.AddDate(0, 1, 0).Format(monthLayout))
	first := month.AddDate(0, 0, -(int(month.Weekday())+6)%7) // a Monday
	last := month.AddDate(0, 1, 0)
	last = last.AddDate(0, 0, (8-int(last.Weekday()))%7)
	p.Calendar = partOf(v.api.Calendar(v.ctx(), first.Add(-aheadOfUTC), last))
	if p.Calendar.Wrong == nil {
		p.Weeks = v.weeksOf(first, last, month, p.Calendar.Of)
	}
	page, err := v.api.Campaigns(v.ctx(), client.CampaignQuery{Flow: p.Flow, Before: v.query("before")})
	p.List = partOf(v.linesOf(page), err)
	if err == nil {
		p.Next = page.Next
	}
	return &content{Title: "Campaigns", Data: p}, nil
}

func (v *visit) linesOf(page *client.CampaignPage) (all []campaignLine) {
	for i := range page.Campaigns {
		c := &page.Campaigns[i]
		all = append(all, campaignLine{*c, v.everyoneOf(&client.CampaignDetail{Campaign: *c}), campaignWord(c), v.DueWords(*c)})
	}
	return all
}

// weeksOf puts campaigns and starts to come on the days of a calendar.
func (v *visit) weeksOf(first, last, month time.Time, of *client.Calendar) (weeks [][]calendarDay) {
	entries := map[string][]calendarEntry{}
	add := func(at time.Time, local bool, e calendarEntry) {
		if local {
			at = at.UTC().Add(aheadOfUTC)
			e.At = strings.TrimPrefix(clockWords(at), " at ") + " local"
		} else {
			at = at.In(v.zone)
			e.At = at.Format("15:04")
		}
		e.order = at
		day := at.Format(time.DateOnly)
		entries[day] = append(entries[day], e)
	}
	for _, f := range of.Firings {
		e := calendarEntry{Flow: f.Flow, Link: Root + "campaigns/new?flow=" + f.Flow}
		if f.LastAudience > 0 {
			e.People = "≈ " + v.Num(f.LastAudience)
		}
		add(f.At.Time, f.Local, e)
	}
	for i := range of.Campaigns {
		c := &of.Campaigns[i]
		add(c.Due.Time, c.Local, calendarEntry{Flow: c.Flow, Link: campaignPath(c.ID), Tone: campaignTone(c), People: v.Num(c.Audience)})
	}
	today := v.now.In(v.zone).Format(time.DateOnly)
	for day := first; day.Before(last); day = day.AddDate(0, 0, 1) {
		if day.Weekday() == time.Monday {
			weeks = append(weeks, nil)
		}
		d := calendarDay{Day: day.Day(), Other: day.Month() != month.Month(), Today: day.Format(time.DateOnly) == today, Entries: entries[day.Format(time.DateOnly)]}
		slices.SortStableFunc(d.Entries, func(a, b calendarEntry) int { return cmp.Or(a.order.Compare(b.order), strings.Compare(a.Flow, b.Flow)) })
		if len(d.Entries) > maxDayEntries {
			d.More, d.Entries = len(d.Entries)-maxDayEntries, d.Entries[:maxDayEntries]
		}
		weeks[len(weeks)-1] = append(weeks[len(weeks)-1], d)
	}
	return weeks
}

// campaignTone is the colour of a campaign.
func campaignTone(c *client.Campaign) string {
	switch c.Status {
	case "skipped", "waiting":
		return "wait"
	case "started":
		return "send"
	}
	return tone(c.Status)
}

// zoneChoices are the zones that a calendar offers, with the one that is chosen.
func zoneChoices(chosen string) (all []choice) {
	names := []string{"UTC", "Pacific/Auckland", "Australia/Sydney", "Asia/Tokyo", "Asia/Singapore", "Asia/Kolkata", "Asia/Dubai", "Europe/Helsinki", "Europe/Berlin",
		"Europe/London", "America/Sao_Paulo", "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "Pacific/Honolulu"}
	if !slices.Contains(names, chosen) {
		names = append(names, chosen)
	}
	for _, name := range names {
		all = append(all, choice{name, name})
	}
	return all
}

// cityOf is the city in the name of a zone.
func cityOf(zone string) string {
	_, city, ok := strings.Cut(zone, "/")
	switch {
	case zone == "Asia/Kolkata":
		return "Mumbai"
	case zone == "America/Sao_Paulo":
		return "São Paulo"
	case !ok:
		return zone
	}
	return strings.ReplaceAll(city, "_", " ")
}
