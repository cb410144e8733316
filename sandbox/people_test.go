package sandbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/diag"
	"nudge/sandbox"
)

// people reads a people file that has no mistakes.
func people(t testing.TB, text string) (*sandbox.People, sandbox.Faults) {
	t.Helper()
	var list diag.List
	p, f := sandbox.ReadPeople(sandbox.PeopleFile, []byte(text), &list)
	if len(list) > 0 {
		t.Fatal(list)
	}
	return p, f
}

func TestPeople(t *testing.T) {
	p, _ := people(t, `
seed: 7
people:
  - profile: ann
    does: reads after 10s
  - profile: "USER\\*"
    does: never delivered
  - profile: "ev?"
    replies:
      - to: "*HOW was*"
        with: "9"
        after: 2s
      - to: "*stop*"
        with: [ "never", "no more" ]
        chance: 0%
      - with: "ok"
  - profile: col
    does: fails
    replies: [ { with: "yes" } ]
`)
	p.Named = map[string]sandbox.Script{"ann": sandbox.DefaultScript()[:1]}
	for _, test := range []struct{ profile, text, want string }{
		{"ann", "", "never reads, delivered after 1s"}, // by name before all rules
		{`USER\ann`, "", "never delivered"},
		{"evelyn", "", "delivered after 1s, reads after 3s"},
		{"eve", "So how was it?", `delivered after 1s, reads after 2s, replies "9" after 2s`},
		{"eve", "Say stop.", "delivered after 1s, reads after 3s"},
		{"evo", "Hello", `delivered after 1s, reads after 3s, replies "ok" after 5s`},
		{"col", "Hello", "never delivered, fails after 1s"},
	} {
		if got := p.Script(sandbox.Message{Profile: test.profile, Text: test.text}).String(); got != test.want {
			t.Errorf("%s, %q:\n got %s\nwant %s", test.profile, test.text, got, test.want)
		}
	}
}

// TestChancesOfPeople counts what many people do, and asks them all again.
func TestChancesOfPeople(t *testing.T) {
	const text = `
seed: %d
people:
  - profile: "*"
    does:
      - 70%%: reads after 2s-10m
      - 29.5%%: never reads
      - 0.5%%: fails "gone"
    replies:
      - { with: [ a, b ], after: 1m-2m, chance: 50%% }
`
	p, _ := people(t, fmt.Sprintf(text, 7))
	same, _ := people(t, fmt.Sprintf(text, 7))
	other, _ := people(t, fmt.Sprintf(text, 8))
	const n = 20_000
	count, changed := map[string]int{}, 0
	for i := range n {
		m := sandbox.Message{Profile: fmt.Sprint("p", i), Text: "Hello"}
		s := p.Script(m)
		if diff := cmp.Diff(s, same.Script(m)); diff != "" {
			t.Fatalf("the same seed (-first +second):\n%s", diff)
		}
		if !cmp.Equal(s, other.Script(m)) {
			changed++
		}
		read := time.Duration(-1)
		for _, a := range s {
			count[a.Does.String()]++
			switch a.Does {
			case sandbox.Reads:
				read = a.After
			case sandbox.Replies:
				count[a.Text]++
				if a.After < time.Minute || a.After > 2*time.Minute || read > a.After {
					t.Fatalf("%v: want a reply after a minute or two, and after reading", s)
				}
			}
		}
	}
	for what, want := range map[string]float64{
		"reads": 0.7, "delivered": 0.995, "fails": 0.005, "replies": 0.995 / 2, "a": 0.995 / 4, "b": 0.995 / 4,
	} {
		if got := float64(count[what]) / n; got < want*0.9-0.002 || got > want*1.1+0.002 {
			t.Errorf("%s: got %.4f of all, want about %.4f", what, got, want)
		}
	}
	if changed < n/2 {
		t.Errorf("another seed changed what %d of %d do, want most", changed, n)
	}
}

// TestPeopleAct has people of a file in a service.
func TestPeopleAct(t *testing.T) {
	p, faults := people(t, "people: [ { profile: dave, does: 'reads after 2s-1h, replies \"yes\" after 30m-2h' } ]\n"+
		"faults: { duplicate_webhooks: 100% }\n")
	w := newWorld(t, func(c *sandbox.Config) { c.People, c.Faults = p.Script, faults })
	w.send(message("dave"))
	w.pass(2 * time.Hour)
	want := []string{"sent", "sent", "delivered", "delivered", "read", "read"}
	if diff := cmp.Diff(want, w.receiver.statuses()); diff != "" || len(w.receiver.inbound().Replies) != 2 {
		t.Errorf("got %v (-want +got):\n%s", w.receiver.inbound().Replies, diff)
	}
}

// TestPeopleMistakes holds every mistake against testdata/people: a file, and beside it
// what is said of it.
func TestPeopleMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/people/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list diag.List
		sandbox.ReadPeople(sandbox.PeopleFile, text, &list)
		list.Sort()
		var got strings.Builder
		if err := diag.Render(&got, list, func(string) (string, bool) { return string(text), true }); err != nil {
			t.Fatal(err)
		}
		beside := strings.TrimSuffix(file, ".yaml") + ".txt"
		if *update {
			if err := os.WriteFile(beside, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(beside)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" || !list.HasErrors() {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestPeopleLimits(t *testing.T) {
	for text, want := range map[string]string{
		"people:\n" + strings.Repeat("- profile: x\n", sandbox.MaxRules+1):                            "1001 rules, 1000 are allowed",
		"people:\n- profile: x\n  replies:\n" + strings.Repeat("  - with: x\n", sandbox.MaxAnswers+1): "101 replies, 100 are allowed",
	} {
		var list diag.List
		sandbox.ReadPeople("f", []byte(text), &list)
		if !strings.Contains(list.Error(), want) {
			t.Errorf("got %v, want %s", list, want)
		}
	}
}

// FuzzReadPeople: whatever is read without mistakes can be acted out.
func FuzzReadPeople(f *testing.F) {
	f.Add("people: [ { profile: '*', does: [ 50%: reads, 50%: fails ], replies: [ { with: x } ] } ]", "ann", "hi")
	f.Add("faults: { latency: 1s-2s, errors: 3% }", "", "")
	f.Fuzz(func(t *testing.T, text, profile, said string) {
		var list diag.List
		p, faults := sandbox.ReadPeople("f", []byte(text), &list)
		if list.HasErrors() {
			return
		}
		p.Script(sandbox.Message{Profile: profile, Text: said})
		if _, err := sandbox.New(sandbox.Config{Faults: faults, Workers: 1}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	})
}
