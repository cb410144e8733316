package console

import (
	"fmt"
	"slices"
	"time"

	"nudge/client"
)

// wave is how many people begin in which hour, because it is the same time of day for them then.
type wave struct {
	Title          string
	Bars           []waveBar
	Ticks          []waveTick
	Days           []waveTick
	Now            string // where now is; empty: outside of the hours
	NowText, Label string
	ToCome         int
	Last           time.Time
}

type waveBar struct {
	X, Y, Width, Height string
	Class, Title        string
	Name, NameX, NameY  string // of a place where it is time then; empty: none is known, or it has no room
	Anchor              string
}

type waveTick struct {
	X, Text string
	Line    bool // between two days
}

// The geometry of a wave.
const (
	waveWidth, waveFloor, waveHigh = 780.0, 158.0, 118.0
	waveBarMost                    = 20.0
	dayRoom                        = 80.0 // that the name of a day takes
	waveHours                      = 96   // that are drawn, the first; the table of a longer one would say no more
)

// waveOf draws the people of a local campaign by the hour in which they begin; nil for any other, or before its people are listed.
func (v *visit) waveOf(c *client.CampaignDetail) *wave {
	if !c.Local || len(c.Wave) == 0 {
		return nil
	}
	hours := slices.Clone(c.Wave)
	slices.SortFunc(hours, func(a, b client.CampaignHour) int { return a.From.Compare(b.From.Time) })
	wall := wallOf(&c.Campaign)
	w := &wave{Title: "When it is " + wall.Format("15:04") + " for them", Last: hours[len(hours)-1].From.Time}
	if ownTimes(wall) {
		w.Title = "When their time comes"
	}
	first := hours[0].From.Time
	span := min(int(w.Last.Sub(first)/time.Hour)+1, waveHours)
	step := (waveWidth - 20) / float64(span+1)
	at := func(t time.Time) float64 { return 10 + step/2 + t.Sub(first).Hours()*step }
	if x := at(v.now); x > 40 && x < waveWidth-40 {
		w.Now, w.NowText = decimal(x), "now "+v.now.In(v.zone).Format("15:04")
	}
	w.bars(v, hours, wall, step, at)
	w.axis(v, first, span, at)
	return w
}

func decimal(f float64) string { return fmt.Sprintf("%.1f", f) }

// bars draws an hour's people as one bar each.
func (w *wave) bars(v *visit, hours []client.CampaignHour, wall time.Time, step float64, at func(time.Time) float64) {
	most, past, here := 1, 0, 0
	for _, h := range hours {
		most = max(most, h.People)
	}
	width := min(waveBarMost, step*.7)
	var taken []box
	if w.Now != "" {
		taken = append(taken, box{at(v.now) - 2, 0, at(v.now) + 2, waveFloor})
	}
	for _, h := range hours {
		height, x := max(2, waveHigh*float64(h.People)/float64(most)), at(h.From.Time)+(step-width)/2
		b := waveBar{X: decimal(x), Y: decimal(waveFloor - height), Width: decimal(width), Height: decimal(height), Class: "tocome"}
		switch end := h.From.Add(time.Hour); {
		case !v.now.Before(end):
			b.Class, past = "done", past+h.People
		case !v.now.Before(h.From.Time):
			b.Class, here = "nowb", here+h.People
		default:
			w.ToCome += h.People
		}
		b.Title = h.From.In(v.zone).Format("Mon 15:04") + ": " + v.Many(h.People, "person", "people")
		if name := placeAtHour(h.From.Time, wall); name != "" {
			b.Name, b.Title = name, name+", "+b.Title
		}
		w.Bars, taken = append(w.Bars, b), append(taken, box{x, waveFloor - height, x + width, waveFloor})
	}
	w.Label = fmt.Sprintf("People by the hour in which they begin: %s before now, %s in this hour, %s to come", v.Num(past), v.Num(here), v.Num(w.ToCome))
	w.name(hours, taken[len(taken)-len(hours):], taken)
}

// box is a part of a drawing that is taken.
type box struct{ left, top, right, bottom float64 }

func (b box) meets(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// name gives names room above their bars, the most people first. A name that has none stays in the bar's title.
func (w *wave) name(hours []client.CampaignHour, bars, taken []box) {
	order := make([]int, len(hours))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return hours[b].People - hours[a].People })
	for _, i := range order {
		b, at := &w.Bars[i], bars[i]
		long := float64(len([]rune(b.Name))) * 6.2
		name := b.Name
		b.Name = ""
		for _, place := range []struct {
			anchor  string
			x, left float64
		}{{"middle", (at.left + at.right) / 2, (at.left + at.right - long) / 2}, {"end", at.right, at.right - long}, {"start", at.left, at.left}} {
			room := box{place.left - 2, at.top - 16, place.left + long + 2, at.top - 3}
			if name == "" || room.left < 0 || room.right > waveWidth || slices.ContainsFunc(taken, room.meets) {
				continue
			}
			b.Name, b.NameX, b.NameY, b.Anchor = name, decimal(place.x), decimal(at.top-6), place.anchor
			taken = append(taken, room)
			break
		}
	}
}

// axis draws the hours below the bars.
func (w *wave) axis(v *visit, first time.Time, span int, at func(time.Time) float64) {
	every := 3
	if span > 36 {
		every = 12
	}
	for i := range span + 1 {
		t := first.Add(time.Duration(i) * time.Hour)
		local, x := t.In(v.zone), at(t)
		if local.Hour()%every == 0 {
			w.Ticks = append(w.Ticks, waveTick{X: decimal(x), Text: local.Format("15:04")})
		}
		if i > 0 && local.Hour() != 0 {
			continue
		}
		if len(w.Days) == 1 && x-at(first) < dayRoom {
			w.Days = nil
		}
		w.Days = append(w.Days, waveTick{X: decimal(x), Text: local.Format("Mon 2 Jan"), Line: i > 0})
	}
	w.Days[len(w.Days)-1].Text += ", " + v.Zone()
}

// places name the hours, because nobody knows by heart where it is ten now. Of those with the same time the first is named.
var places = loadPlaces("Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "America/Chicago", "America/Sao_Paulo", "America/Denver",
	"Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney", "Asia/Singapore", "Asia/Dubai", "Europe/Helsinki", "Europe/Istanbul", "Pacific/Auckland", "Asia/Karachi",
	"Asia/Dhaka", "Asia/Bangkok", "America/Anchorage", "Pacific/Honolulu", "Atlantic/Azores", "Pacific/Kiritimati", "Pacific/Noumea", "America/Halifax")

// place is a city with its clock.
type place struct {
	name string
	zone *time.Location
}

func loadPlaces(names ...string) (all []place) {
	for _, name := range names {
		if zone, err := time.LoadLocation(name); err == nil { // without it, its hour has no name
			all = append(all, place{cityOf(name), zone})
		}
	}
	return all
}

// placeAtHour is where people have a time of day on their clocks in an hour; empty: nowhere that is known, or all have their own.
func placeAtHour(hour, wall time.Time) string {
	if ownTimes(wall) {
		return ""
	}
	for _, p := range places {
		at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, p.zone)
		if !at.Before(hour) && at.Before(hour.Add(time.Hour)) {
			return p.name
		}
	}
	return ""
}
