package people_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/diag"
	"nudge/sandbox/people"
)

var update = flag.Bool("update", false, "write the golden files of this package anew")

// read reads a people file that has no mistakes.
func read(t testing.TB, text string) (*people.People, people.Faults) {
	t.Helper()
	var list diag.List
	p, f := people.Read(people.File, []byte(text), &list)
	if len(list) > 0 {
		t.Fatal(list)
	}
	return p, f
}

func TestPeople(t *testing.T) {
	p, _ := read(t, `
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
	p.Named = map[string]people.Script{"ann": people.DefaultScript()[:1]}
	for _, test := range []struct{ profile, text, want string }{
		{"ann", "", "never reads, delivered after 1s"}, // by name before all rules
		{`USER\ann`, "", "never delivered"},
		{"evelyn", "", "delivered after 1s, reads after 3s"},
		{"eve", "So how was it?", `delivered after 1s, reads after 2s, replies "9" after 2s`},
		{"eve", "Say stop.", "delivered after 1s, reads after 3s"},
		{"evo", "Hello", `delivered after 1s, reads after 3s, replies "ok" after 5s`},
		{"col", "Hello", "never delivered, fails after 1s"},
	} {
		if got := p.Script(test.profile, test.text).String(); got != test.want {
			t.Errorf("%s, %q:\n got %s\nwant %s", test.profile, test.text, got, test.want)
		}
	}
}

// TestChancesOfPeople counts the acts of many people, and asks them all again.
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
	p, _ := read(t, fmt.Sprintf(text, 7))
	same, _ := read(t, fmt.Sprintf(text, 7))
	other, _ := read(t, fmt.Sprintf(text, 8))
	const n = 20_000
	count, changed := map[string]int{}, 0
	for i := range n {
		profile := fmt.Sprint("p", i)
		s := p.Script(profile, "Hello")
		if diff := cmp.Diff(s, same.Script(profile, "Hello")); diff != "" {
			t.Fatalf("the same seed (-first +second):\n%s", diff)
		}
		if !cmp.Equal(s, other.Script(profile, "Hello")) {
			changed++
		}
		read := time.Duration(-1)
		for _, a := range s {
			count[a.Does.String()]++
			switch a.Does {
			case people.Reads:
				read = a.After
			case people.Replies:
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

// TestPeopleMistakes holds every mistake against testdata: a file, and beside it
// what is said of it.
func TestPeopleMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list diag.List
		people.Read(people.File, text, &list)
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
		"people:\n" + strings.Repeat("- profile: x\n", people.MaxRules+1):                            "1001 rules, 1000 are allowed",
		"people:\n- profile: x\n  replies:\n" + strings.Repeat("  - with: x\n", people.MaxAnswers+1): "101 replies, 100 are allowed",
		"people:\n- profile: " + strings.Repeat("x", people.MaxPattern+1):                            "profile has 257 bytes, 256 are allowed",
		"people:\n- profile: x\n  does: " + strings.Repeat(`\"`, people.MaxScript):                   "the script has 8192 bytes, 4096 are allowed",
	} {
		var list diag.List
		people.Read("f", []byte(text), &list)
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
		p, faults := people.Read("f", []byte(text), &list)
		if list.HasErrors() {
			return
		}
		p.Script(profile, said)
		if !faults.Valid() {
			t.Errorf("%s: got the faults %+v", text, faults)
		}
	})
}
