package audience_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"nudge/audience"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner/fetch"
)

// service answers without a network.
type service func(r flows.FetchRequest) (*fetch.Answer, error)

func (s service) Ask(_ context.Context, r flows.FetchRequest, _ time.Duration) (*fetch.Answer, error) {
	return s(r)
}

func page(body string, header ...string) *fetch.Answer {
	a := &fetch.Answer{Status: http.StatusOK, JSON: json.RawMessage(body), Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		a.Header.Set(header[i], header[i+1])
	}
	return a
}

func fromService(t *testing.T, keys string, s service) ([]string, *engine.Snapshot) {
	t.Helper()
	return frozen(t, audience.Sources{Client: s}, freezeOf(t, `audience: { fetch: { url: "https://shop.example/people", headers: { X-Key: secret }, `+keys+` } }`, ""))
}

// TestNextPageStaysOnItsHost: whoever gets a request gets its headers, so a link to another host, or to the same one by another scheme or
// port, is not followed.
func TestNextPageStaysOnItsHost(t *testing.T) {
	for link, failed := range map[string]string{
		"https://other.example/2":     "the service: page 1: the next page is at another host",
		"http://shop.example/2":       "the service: page 1: the next page is at another host",
		"https://shop.example:8443/2": "the service: page 1: the next page is at another host",
		"//other.example/2":           "the service: page 1: the next page is at another host",
		"https://shop.example/2":      "",
		"/2":                          "",
		"people":                      "the service: page 1 calls itself the next one",
	} {
		asked := 0
		rows, got := fromService(t, "items: people", func(r flows.FetchRequest) (*fetch.Answer, error) {
			if asked++; asked == 1 {
				return page(`{"people": [{"profile": "ann"}]}`, "Link", "<"+link+`>; rel="next"`), nil
			}
			if r.URL != "https://shop.example/2" {
				t.Errorf("%s leads to %s", link, r.URL)
			}
			return page(`{"people": [{"profile": "bob"}]}`), nil
		})
		if got.Failed != failed || failed == "" && !slices.Equal(rows, []string{"ann", "bob"}) {
			t.Errorf("%s: %q, failed %q; want %q", link, rows, got.Failed, failed)
		}
	}
}

// TestPagesWithoutPeople: an answer without a list of people is no page without people.
func TestPagesWithoutPeople(t *testing.T) {
	for body, failed := range map[string]string{
		`{"people": null}`:          `the service: page 1 has no list of people at "people"`,
		`{"people": {"a": 1}}`:      `the service: page 1 has no list of people at "people"`,
		`{"people": "ann"}`:         `the service: page 1 has no list of people at "people"`,
		`{}`:                        `the service: page 1 has no list of people at "people"`,
		`{"people": []}`:            "",
		`[{"profile": "ann"}, "x"]`: `the service: page 1 has no list of people at "people"`,
	} {
		if _, got := fromService(t, "items: people", func(flows.FetchRequest) (*fetch.Answer, error) { return page(body), nil }); got.Failed != failed || got.Rows != 0 {
			t.Errorf("%s: %d rows, failed %q; want %q", body, got.Rows, got.Failed, failed)
		}
	}
}

// TestRowsOfPagesAreNumbered: a bad row is named by its number in the whole audience.
func TestRowsOfPagesAreNumbered(t *testing.T) {
	asked := 0
	rows, got := fromService(t, "items: people", func(flows.FetchRequest) (*fetch.Answer, error) {
		if asked++; asked == 1 {
			return page(`{"people": [{"profile": "ann"}, {"name": "nobody"}]}`, "Link", `</2>; rel="next"`), nil
		}
		return page(`{"people": [7, {"profile": "bob"}]}`), nil
	})
	if want := []string{"2: it has no profile, which names the person", "3: it is no JSON object"}; !slices.Equal(shown(got.BadRows), want) || !slices.Equal(rows, []string{"ann", "bob"}) {
		t.Errorf("rows %q, bad rows %q, want %q", rows, shown(got.BadRows), want)
	}
}

// TestMostPages: a service that never ends fails the campaign.
func TestMostPages(t *testing.T) {
	asked := 0
	_, got := fromService(t, "items: people, cursor: next, parameter: after", func(flows.FetchRequest) (*fetch.Answer, error) {
		asked++
		return page(fmt.Sprintf(`{"people": [], "next": "%d"}`, asked)), nil
	})
	if asked != audience.MaxPages || got.Failed != fmt.Sprintf("the service: it has more than %d pages", audience.MaxPages) {
		t.Errorf("%d pages were asked for, failed %q", asked, got.Failed)
	}
}

// TestPageIsAskedForAgain: after no answer, 429 and 5xx, with growing pauses, or as the service asks, and five times at most.
func TestPageIsAskedForAgain(t *testing.T) {
	for name, test := range map[string]struct {
		answer *fetch.Answer
		err    error
		pauses []time.Duration
		failed string
	}{
		"no answer":         {nil, errors.New("connection reset"), seconds(1, 2, 4, 8, 16), "the service: page 1: connection reset"},
		"500":               {&fetch.Answer{Status: 500, Header: http.Header{}}, nil, seconds(1, 2, 4, 8, 16), "the service: page 1: the service answered 500"},
		"429 for 3 s":       {&fetch.Answer{Status: 429, Header: http.Header{"Retry-After": {"3"}}}, nil, seconds(3, 3, 3, 3, 3), "the service: page 1: the service answered 429"},
		"429 for 5 minutes": {&fetch.Answer{Status: 429, Header: http.Header{"Retry-After": {"300"}}}, nil, seconds(60, 60, 60, 60, 60), "the service: page 1: the service answered 429"},
		"429 until tuesday": {&fetch.Answer{Status: 429, Header: http.Header{"Retry-After": {"tuesday"}}}, nil, seconds(1, 2, 4, 8, 16), "the service: page 1: the service answered 429"},
		"404":               {&fetch.Answer{Status: 404, Header: http.Header{}}, nil, nil, "the service: page 1: the service answered 404"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked []time.Time
				_, got := fromService(t, "items: people", func(flows.FetchRequest) (*fetch.Answer, error) {
					asked = append(asked, time.Now())
					return test.answer, test.err
				})
				var pauses []time.Duration
				for i := range len(asked) - 1 {
					pauses = append(pauses, asked[i+1].Sub(asked[i]))
				}
				if !slices.Equal(pauses, test.pauses) || got.Failed != test.failed {
					t.Errorf("pauses %v, failed %q; want %v, %q", pauses, got.Failed, test.pauses, test.failed)
				}
			})
		})
	}
}

func seconds(all ...int) (pauses []time.Duration) {
	for _, s := range all {
		pauses = append(pauses, time.Duration(s)*time.Second)
	}
	return pauses
}

// TestWalkOfStoredProfiles: everybody is asked, until somebody cannot be.
func TestWalkOfStoredProfiles(t *testing.T) {
	of := people{{ID: "ann", Attributes: []byte(`{"n": 1}`)}, {ID: "bob", Attributes: []byte(`{"n": 0}`)}, {ID: "cid", Attributes: []byte(`{"n": 2}`)}}
	if rows, got := frozen(t, audience.Sources{People: of}, freezeOf(t, `audience: { if: 'int(profile.n ?? 0) > 0' }`, "")); !slices.Equal(rows, []string{"ann", "cid"}) {
		t.Errorf("%q, %+v", rows, got)
	}
	asked := 0
	counted := counting(func(visit func(*engine.Person) bool) {
		for _, p := range of {
			asked++
			if !visit(p) {
				return
			}
		}
	})
	if _, got := frozen(t, audience.Sources{People: counted}, freezeOf(t, `audience: { if: '10 % int(profile.n ?? 1) == 0' }`, "")); !strings.Contains(got.Failed, "bob: ") || asked != 2 {
		t.Errorf("of three people %d are asked, failed %q", asked, got.Failed)
	}
}

type counting func(visit func(*engine.Person) bool)

func (c counting) People(visit func(*engine.Person) bool) error { c(visit); return nil }

// TestDamagedSnapshot: a row that cannot be read is named by its place, and nothing of it is taken.
func TestDamagedSnapshot(t *testing.T) {
	dir := t.TempDir()
	folder, err := audience.Open(dir, audience.Sources{Project: fstest.MapFS{"audiences/p.csv": {Data: []byte("profile\nann\nbob\ncid\n")}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := folder.Freeze(t.Context(), freezeOf(t, "audience: p.csv", ""))
	if err != nil || got.Rows != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%q, %v", names, err)
	}
	whole, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n') + 1
	for damage, text := range map[string]string{"no JSON": strings.Replace(string(whole), `"bob"`, `"bob`, 1), "nobody": strings.Replace(string(whole), `"bob"`, `""`, 1)} {
		if err := os.WriteFile(names[0], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if rows, next, err := folder.Read(got.Audience, 0, 3); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("it is damaged at byte %d", first)) || len(rows) != 0 || next != 0 {
			t.Errorf("%s: %d rows, next %d, %v; want damage at byte %d", damage, len(rows), next, err, first)
		}
		if rows, _, err := folder.Read(got.Audience, 0, 1); err != nil || len(rows) != 1 {
			t.Errorf("%s: what is before it cannot be read: %v", damage, err)
		}
	}
}

// TestSnapshots keeps what was frozen, and nothing of what failed.
func TestSnapshots(t *testing.T) {
	kept := audience.NewSnapshots(audience.Sources{Project: fstest.MapFS{"audiences/p.csv": {Data: []byte("profile\nann\nbob\n")}, "audiences/q.csv": {Data: []byte("id\n7\n")}}})
	got, err := kept.Freeze(t.Context(), freezeOf(t, "audience: p.csv", ""))
	if err != nil || got.Failed != "" || got.Audience == "" {
		t.Fatalf("%+v, %v", got, err)
	}
	rows, next, err := kept.Read(got.Audience, 1, 1)
	if err != nil || len(rows) != 1 || rows[0].Profile != "bob" || next != 2 {
		t.Errorf("%v, next %d, %v", rows, next, err)
	}
	if _, _, err := kept.Read(got.Audience, 1, 2); err == nil {
		t.Error("more rows can be read than there are")
	}
	if got, err = kept.Freeze(t.Context(), freezeOf(t, "audience: q.csv", "")); err != nil || got.Failed == "" || got.Audience != "" {
		t.Errorf("what cannot be read is frozen: %+v, %v", got, err)
	}
}

// TestShortLine: a line of one character is a bad row, and no empty line.
func TestShortLine(t *testing.T) {
	rows, got := frozen(t, audience.Sources{Project: fstest.MapFS{"audiences/p.jsonl": {Data: []byte("{\"profile\": \"ann\"}\n7\n\n \n[\n")}}}, freezeOf(t, "audience: p.jsonl", ""))
	if len(rows) != 1 || len(got.BadRows) != 2 || got.BadRows[0].Line != 2 || got.BadRows[1].Line != 5 {
		t.Errorf("%q, %q", rows, shown(got.BadRows))
	}
}
