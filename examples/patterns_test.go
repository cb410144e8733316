package examples_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nudge/flows"
	"nudge/flows/graph"
	"nudge/lang/diag"
	"nudge/whatif/story"
)

const patternsPage = "../docs/patterns.md"

// patterns is the names of the projects that the page about patterns shows.
func patterns(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("patterns")
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestPatterns loads the project of each pattern without a warning and plays its tests,
// which show everything that can happen in its flows.
func TestPatterns(t *testing.T) {
	for _, name := range patterns(t) {
		t.Run(name, func(t *testing.T) {
			project, list := flows.Load(os.DirFS("patterns/" + name))
			if len(list) > 0 {
				var text strings.Builder
				diag.Render(&text, list, project.Source)
				t.Fatalf("it has diagnostics:\n%s", &text)
			}
			playAll(t, "patterns/"+name, project)
		})
	}
}

// playAll plays the tests of a project, and misses what they do not show.
func playAll(t *testing.T, dir string, project *flows.Project) {
	t.Helper()
	suite, list := story.Load(os.DirFS(dir), project)
	must(t, list.Err())
	shown := story.NewCoverage()
	_, err := story.PlayAll(suite.Tests(), story.Options{}, func(r *story.Result) {
		shown.Add(r.Coverage)
		if f := r.Failure; f != nil {
			t.Errorf("%s: %s: %s\n%s", f.Span, r.Test.Name, f.Message, strings.Join(f.Diff, "\n"))
		}
	})
	must(t, err)
	for _, f := range project.Flows {
		if c := shown.Of(f); len(c.Missing) > 0 {
			t.Errorf("%s: never tested: %s", f.Name, strings.Join(c.Missing, ", "))
		}
	}
}

var shownFlow = regexp.MustCompile("(?s)```yaml\n# ([^\n]+)\n(.*?)```")

var update = flag.Bool("update", false, "draw the flows of the patterns anew")

// TestPatternMaps holds the drawings on the page about patterns to what nudge graph draws: one of each flow.
func TestPatternMaps(t *testing.T) {
	page, err := os.ReadFile(patternsPage)
	must(t, err)
	for _, name := range patterns(t) {
		project, list := flows.Load(os.DirFS("patterns/" + name))
		must(t, list.Err())
		for _, f := range project.Flows {
			file := "pictures/patterns/" + name + "-" + f.Name + ".svg"
			if !strings.Contains(string(page), "]("+file+")") {
				t.Errorf("the page does not show %s", file)
			}
			if *update {
				must(t, os.WriteFile("../docs/"+file, []byte(graph.SVG(f)), 0o644))
			}
			if drawn, err := os.ReadFile("../docs/" + file); err != nil || string(drawn) != graph.SVG(f) {
				t.Errorf("%s is not what nudge graph draws; run the test with -update: %v", file, err)
			}
		}
	}
}

// TestPatternsPage finds every flow of the patterns on their page, as it is in its file.
func TestPatternsPage(t *testing.T) {
	page, err := os.ReadFile(patternsPage)
	must(t, err)
	var shown, want []string
	for _, block := range shownFlow.FindAllStringSubmatch(string(page), -1) {
		file, err := os.ReadFile("patterns/" + block[1])
		must(t, err)
		if string(file) != block[2] {
			t.Errorf("the page shows patterns/%s otherwise than it is", block[1])
		}
		shown = append(shown, block[1])
	}
	for _, name := range patterns(t) {
		files, err := os.ReadDir("patterns/" + name + "/flows")
		must(t, err)
		for _, f := range files {
			want = append(want, name+"/flows/"+f.Name())
		}
	}
	slices.Sort(shown)
	if !slices.Equal(shown, want) {
		t.Errorf("the page shows the flows %q, want %q", shown, want)
	}
	project, err := os.ReadFile("patterns/timers/tests/timers.yaml")
	must(t, err)
	for _, m := range regexp.MustCompile(`- name: (.*)`).FindAllStringSubmatch(string(project), -1) {
		if !strings.Contains(string(page), "\n| "+m[1]+" |") {
			t.Errorf("the table of timers has no case %q", m[1])
		}
	}
}

// TestPatternsAreShort counts the lines of flow files that are not blank. These six could be
// told before with the lines of the comments, and with what the comments name beside it.
func TestPatternsAreShort(t *testing.T) {
	for name, most := range map[string]int{
		"evening_before":    15, // 17, and a field that the product computes in the person's zone
		"lapsed":            16, // 22 with a second flow and a field of the profile
		"guarded_reminders": 24, // 47 with two waits and the conversation six times
		"digest":            19, // 21, and a service that knows what still stands
		"incident":          15, // 13, with a list of at most 1,000 people
		"approval":          36, // 45, and an event only for the second flow
	} {
		lines := 0
		files, err := os.ReadDir("patterns/" + name + "/flows")
		must(t, err)
		for _, f := range files {
			text, err := os.ReadFile("patterns/" + name + "/flows/" + f.Name())
			must(t, err)
			for line := range strings.Lines(string(text)) {
				if strings.TrimSpace(line) != "" {
					lines++
				}
			}
		}
		if lines > most {
			t.Errorf("%s has %d lines, want %d at most", name, lines, most)
		}
	}
}
