package console

import (
	"testing"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"nudge/client"
)

func testVisit(now string) *visit {
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		panic(err)
	}
	return &visit{now: at, zone: time.UTC, print: message.NewPrinter(language.English)}
}

// TestSpark: the axis starts at zero, the largest number is at the top, and nothing is a flat line.
func TestSpark(t *testing.T) {
	v := testVisit("2026-11-30T12:00:00Z")
	for name, c := range map[string]struct {
		numbers []uint64
		want    Spark
	}{
		"rises":   {[]uint64{0, 5, 10}, Spark{"M3.0 21.0L48.0 12.0L93.0 3.0", "M3.0 21.0L48.0 12.0L93.0 3.0L93.0 21.0L3.0 21.0Z", "93.0", "3.0", "10", "10 events, at most 10 in one of 3"}},
		"nothing": {[]uint64{0, 0}, Spark{"M3.0 21.0L93.0 21.0", "M3.0 21.0L93.0 21.0L93.0 21.0L3.0 21.0Z", "93.0", "21.0", "0", "0 events, at most 0 in one of 2"}},
		"empty":   {nil, Spark{"M3.0 21.0", "M3.0 21.0L3.0 21.0L3.0 21.0Z", "3.0", "21.0", "0", "0 events, at most 0 in one of 1"}},
		"falls":   {[]uint64{2000, 1}, Spark{"M3.0 3.0L93.0 21.0", "M3.0 3.0L93.0 21.0L93.0 21.0L3.0 21.0Z", "93.0", "21.0", "1", "1 events, at most 2,000 in one of 2"}},
	} {
		if got := v.sparkOf("events", c.numbers); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// TestWords of the page of a person.
func TestWords(t *testing.T) {
	for name, want := range map[string]string{"Ann Whitfield": "AW", "ann": "A", "": "?", "Jean-Luc de la Tour": "JT", "  ": "?", "élodie": "É", "<b>": "B"} {
		if got := initials(name); got != want {
			t.Errorf("the initials of %q are %q, want %q", name, got, want)
		}
	}
	for _, c := range []struct{ text, before, want string }{
		{"12", `"free"`, `"12"`}, {"12", `7`, "12"}, {"true", "", "true"}, {"pro", "", `"pro"`}, {"", `"x"`, "null"}, {"12", "null", "12"}, {`{"a":1}`, "", `{"a":1}`},
	} {
		if got := string(written(c.text, []byte(c.before))); got != c.want {
			t.Errorf("%q in place of %s is %s, want %s", c.text, c.before, got, c.want)
		}
	}
	v := testVisit("2026-11-30T12:00:00Z")
	if got, want := string(v.Timed("<b> at 2026-11-30T09:00:00.000Z & later")), `&lt;b&gt; at <time datetime="2026-11-30T09:00:00Z" title="2026-11-30 09:00:00 UTC">09:00:00</time> &amp; later`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestMayBeSent: what holds a category back has its time, and the longest wait is the one that is said.
func TestMayBeSent(t *testing.T) {
	v := testVisit("2026-11-30T12:00:00Z")
	at := func(text string) client.Time { return client.Time{Time: testVisit(text).now} }
	tonight, monday := at("2026-11-30T21:00:00Z"), at("2026-12-04T18:31:00Z")
	for name, c := range map[string]struct {
		of   client.CategoryStanding
		outs []string
		want mayRow
	}{
		"free":       {client.CategoryStanding{Open: true}, nil, mayRow{Says: "yes", Tone: "good", Detail: "no cap, at any hour"}},
		"always":     {client.CategoryStanding{Always: true, Open: true}, nil, mayRow{Says: "yes", Tone: "good", Detail: "always: no cap, no hours and no opt-out"}},
		"capped":     {client.CategoryStanding{Open: true, Closes: tonight, Caps: []client.CapStanding{{Cap: "3 per 7d", AtMost: 3, Used: 3, Frees: monday}}}, nil, mayRow{Says: "not until Fri 18:31", Tone: "bad", Detail: "3 of 3 per 7d, until 21:00", Meters: []meter{{100, true}}}},
		"within":     {client.CategoryStanding{Open: true, Caps: []client.CapStanding{{Cap: "4 per 30d", AtMost: 4, Used: 1}}}, nil, mayRow{Says: "yes", Tone: "good", Detail: "1 of 4 per 30d, at any hour", Meters: []meter{{25, false}}}},
		"closed":     {client.CategoryStanding{Opens: tonight, Closes: monday}, nil, mayRow{Says: "not until 21:00", Tone: "bad", Detail: "no cap, from 21:00 to Fri 18:31"}},
		"never":      {client.CategoryStanding{}, nil, mayRow{Says: "no", Tone: "bad", Detail: "no cap, at no hour"}},
		"out":        {client.CategoryStanding{OptedOut: true, Category: "news", OptedOutSince: at("2026-11-03T18:20:00Z"), OptedOutHow: "by shop"}, []string{"news"}, mayRow{Category: "news", Says: "opted out", Tone: "bad", Detail: "by shop on 3 Nov, 18:20", Out: "news"}},
		"out of all": {client.CategoryStanding{OptedOut: true, Category: "news"}, []string{"all"}, mayRow{Category: "news", Says: "opted out", Tone: "bad", Detail: "it is not known since when", Out: "all"}},
	} {
		got := v.mayRow(&c.of, c.outs)
		if got.Category != c.want.Category || got.Says != c.want.Says || got.Tone != c.want.Tone || got.Detail != c.want.Detail || got.Out != c.want.Out || len(got.Meters) != len(c.want.Meters) || len(got.Meters) > 0 && got.Meters[0] != c.want.Meters[0] {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}
