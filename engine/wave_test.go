package engine_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/engine"
)

// onlyCampaign returns the campaign of a station.
func onlyCampaign(t *testing.T, s *station) *engine.Campaign {
	t.Helper()
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
	all, err := s.store.ListCampaigns("", 0, 10)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d campaigns, %v", len(all), err)
	}
	return all[0].Campaign
}

// TestWave: a local campaign counts its people by the hour in which they begin, and a campaign for
// everybody at once has no wave.
func TestWave(t *testing.T) {
	files := fstest.MapFS{
		"flows/local.yaml":     {Data: []byte("flow: local\ntrigger: { at: 2026-03-09 09:00, timezone: local, audience: people.csv }\nsteps: [ { send: { body: Hello } } ]\n")},
		"audiences/people.csv": {Data: []byte("profile,timezone\na,Pacific/Auckland\nb,Asia/Kolkata\nc,Europe/London\nd,Europe/London\ne,America/New_York\n")},
	}
	s := newStation(t, files, time.Date(2026, 3, 6, 10, 0, 0, 0, time.UTC))
	for who, zone := range map[string]string{"a": "Pacific/Auckland", "b": "Asia/Kolkata", "c": "Europe/London", "d": "Europe/London", "e": "America/New_York"} {
		s.tell(&engine.Input{Payload: &engine.ProfileChange{Profile: who, Set: fmt.Appendf(nil, `{"timezone":%q}`, zone)}})
	}
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
	s.now = time.Date(2026, 3, 8, 19, 30, 0, 0, time.UTC)
	c := onlyCampaign(t, s)
	var got []string
	for _, h := range c.Wave {
		got = append(got, fmt.Sprint(h.At.Time().UTC().Format("Mon 15:04 "), h.People))
	}
	if want := []string{"Sun 20:00 1", "Mon 03:00 1", "Mon 09:00 2", "Mon 13:00 1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("the wave is %v, want %v", got, want)
	}
	s.check()
}

// TestWaveOfOwnTimes: people with a time of their own move to its hour once it is known.
func TestWaveOfOwnTimes(t *testing.T) {
	files := fstest.MapFS{
		"nudge.yaml":           {Data: []byte("profile: { hour: string }\n")},
		"flows/own.yaml":       {Data: []byte("flow: own\ntrigger: { every: (profile.hour), timezone: local, max_delay: 6h, audience: people.csv }\nsteps: [ { send: { body: Hello } } ]\n")},
		"audiences/people.csv": {Data: []byte("profile\nann\nbob\n")},
	}
	s := newStation(t, files, time.Date(2026, 3, 6, 10, 0, 0, 0, time.UTC))
	for who, hour := range map[string]string{"ann": "08:15", "bob": "21:00"} {
		s.tell(&engine.Input{Payload: &engine.ProfileChange{Profile: who, Set: fmt.Appendf(nil, `{"timezone":"UTC","hour":%q}`, hour)}})
	}
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
	for s.now = time.Date(2026, 3, 6, 11, 0, 0, 0, time.UTC); s.now.Before(time.Date(2026, 3, 7, 1, 0, 0, 0, time.UTC)); s.now = s.now.Add(time.Hour) {
		if err := s.run(); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.store.ListCampaigns("", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		people := 0
		for _, h := range c.Wave {
			people += h.People
		}
		if c.Due.Time().UTC().Day() != 7 {
			continue
		}
		if people != 2 || len(c.Wave) < 2 || c.Wave[len(c.Wave)-1].At.Time().UTC().Hour() != 21 {
			t.Errorf("the wave of %s is %+v", c.ID, c.Wave)
		}
	}
	s.check()
}

// TestNamedOfACampaign: the first people whom each reason leaves out are named, the others counted.
func TestNamedOfACampaign(t *testing.T) {
	var people strings.Builder
	people.WriteString("profile,n\n")
	for i := range engine.MaxNamed + 3 {
		fmt.Fprintf(&people, "poor%d,0\n", i)
	}
	people.WriteString("rich,9\nrich,9\n")
	files := fstest.MapFS{
		"flows/sale.yaml":      {Data: []byte("flow: sale\ndata: { n: number }\ntrigger: { at: 2026-03-09 09:00, audience: people.csv, if: data.n > 5 }\nsteps: [ { send: { body: Hello } } ]\n")},
		"audiences/people.csv": {Data: []byte(people.String())},
	}
	s := newStation(t, files, time.Date(2026, 3, 6, 10, 0, 0, 0, time.UTC))
	s.now = time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC)
	c := onlyCampaign(t, s)
	named := map[string][]string{}
	for _, n := range c.Named {
		named[n.Reason] = append(named[n.Reason], n.Profile)
		if n.Seq <= c.Seq() {
			t.Errorf("%+v was left out before the campaign began", n)
		}
	}
	want := map[string][]string{"if": {"poor0", "poor1", "poor2", "poor3", "poor4"}, "duplicate": {"rich"}}
	if !reflect.DeepEqual(named, want) || len(c.Wave) != 0 {
		t.Errorf("named are %v, the wave is %v", named, c.Wave)
	}
}
