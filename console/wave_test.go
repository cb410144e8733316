package console

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"nudge/client"
)

func visitAt(now time.Time) *visit {
	return &visit{now: now, zone: time.UTC, print: message.NewPrinter(language.English)}
}

// TestWave: the hours of a local campaign have the names of places where it is the time then, and what is over, now and to come adds up.
func TestWave(t *testing.T) {
	begins := time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC) // the 27th at ten, where the day begins first
	c := &client.CampaignDetail{Campaign: client.Campaign{Local: true, Due: client.Time{Time: begins}}}
	for hour, people := range map[int]int{9: 400, 10: 300, 15: 120, 18: 50} {
		c.Wave = append(c.Wave, client.CampaignHour{From: client.Time{Time: time.Date(2026, 11, 27, hour, 0, 0, 0, time.UTC)}, People: people})
	}
	v := visitAt(time.Date(2026, 11, 27, 15, 24, 0, 0, time.UTC))
	w := v.waveOf(c)
	if w.Title != "When it is 10:00 for them" || w.NowText != "now 15:24" || w.ToCome != 50 || w.Label != "People by the hour in which they begin: 700 before now, 120 in this hour, 50 to come" {
		t.Errorf("drawn is %+v", w)
	}
	var names, classes []string
	for _, b := range w.Bars {
		name, _, _ := strings.Cut(b.Title, ",")
		names, classes = append(names, name), append(classes, b.Class)
	}
	if !slices.Equal(names, []string{"Berlin", "London", "New York", "Los Angeles"}) || !slices.Equal(classes, []string{"done", "done", "nowb", "tocome"}) {
		t.Errorf("the bars are %q, %q", names, classes)
	}
	if y := w.Bars[0].Y; y != "40.0" {
		t.Errorf("the highest bar begins at %s", y)
	}
	if days := w.Days; len(days) != 1 || days[0].Text != "Fri 27 Nov, UTC" {
		t.Errorf("the days are %+v", days)
	}
	c.Local = false
	if v.waveOf(c) != nil {
		t.Error("a campaign that is not local has a wave")
	}
}

// TestWaveNames: a name is drawn where it has room, and never over a bar, another name or the line of now.
func TestWaveNames(t *testing.T) {
	c := &client.CampaignDetail{Campaign: client.Campaign{Local: true, Due: client.Time{Time: time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC)}}}
	for hour := range 24 {
		c.Wave = append(c.Wave, client.CampaignHour{From: client.Time{Time: time.Date(2026, 11, 26, 21+hour, 0, 0, 0, time.UTC)}, People: 1 + hour*hour%17*50})
	}
	v := visitAt(time.Date(2026, 11, 27, 10, 30, 0, 0, time.UTC))
	w, named := v.waveOf(c), 0
	for _, b := range w.Bars {
		if b.Name != "" {
			named++
		}
	}
	if named == 0 || named == len(w.Bars) {
		t.Errorf("%d of %d bars are named", named, len(w.Bars))
	}
	if len(w.Days) != 2 || !w.Days[1].Line {
		t.Errorf("the days are %+v", w.Days)
	}
}

// TestDiff: unchanged lines far from a change are left out, and what is shown makes the second text of the first.
func TestDiff(t *testing.T) {
	before := "a\nb\nc\nd\ne\nf\ng\nh\nold\nz\n"
	after := "a\nb\nc\nd\ne\nf\ng\nh\nnew\nmore\nz\n"
	var got []string
	for _, l := range diffOf(before, after) {
		got = append(got, l.Sign+l.Text)
	}
	if want := []string{"", " f", " g", " h", "-old", "+new", "+more", " z"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if lines := diffOf("same\n", "same\n"); len(lines) != 1 || lines[0].Sign != "" {
		t.Errorf("of equal texts %+v is shown", lines)
	}
	if lines := diffOf("", "new\n"); len(lines) != 1 || lines[0].Sign != "+" {
		t.Errorf("of a new file %+v is shown", lines)
	}
	long := strings.Repeat("x\n", maxDiffLines+1)
	if lines := diffOf(long, strings.Repeat("y\n", maxDiffLines+1)); len(lines) != 2*maxDiffLines+2 {
		t.Errorf("of long files %d lines are shown", len(lines))
	}
}
