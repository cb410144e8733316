package house

import (
	"cmp"
	"fmt"
	"go/constant"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/docs/pagetest"
)

// limitGroups are the folders whose limits users can meet, in the order of the page.
var limitGroups = []limitGroup{
	{"Events, people and runs", []string{"engine"}},
	{"Flows", []string{"flows"}},
	{"Texts of messages", []string{"templates"}},
	{"YAML, JSON and durations", []string{"lang/node", "lang/shape"}},
	{"Audiences", []string{"audience", "whatif/preview"}},
	{"Replies, webhooks and the provider", []string{"channels", "channels/appmessaging"}},
	{"Requests", []string{"server", "app", "app/tracing", "lang/trace"}},
	{"The running server", []string{"runner", "runner/fetch", "runner/jobs", "runner/live", "runner/bulk", "whatif/review"}},
	{"Between nodes", []string{"cluster"}},
	{"The store", []string{"store", "store/bolt", "store/postgres"}},
	{"The Go client", []string{"client"}},
	{"The sandbox", []string{"sandbox", "sandbox/people", "sandbox/session", "sandbox/socket"}},
}

type limitGroup struct {
	title   string
	folders []string
}

// limitName matches the names of constants that are limits.
var limitName = regexp.MustCompile(`^([mM]ax|[mM]in|[dD]efault|[kK]ept)[A-Z]|(Timeout|Time|Lifetime|Deadline|Patience|Hold|Retention|Period|Grace|Limit)$`)

// innerLimits have the name of a limit, but no user can meet them. Each has its reason.
var innerLimits = map[string]string{
	"appmessaging.defaultConcurrency": "connections kept for the next request",
	"appmessaging.idleTimeout":        "connections kept for the next request",
	"bolt.maxKept":                    "decides how fast a start is",
	"bolt.maxLevels":                  "no file has more",
	"bolt.maxMapped":                  "pages that stay in the cache of the system",
	"engine.MaxRows":                  "a slice of work; the next input takes the next one",
	"engine.MaxSweep":                 "a slice of work",
	"engine.MaxTicks":                 "a slice of work",
	"engine.maxSeq":                   "no journal has more inputs",
	"engine.ownTime":                  "a kind of alarm",
	"fetch.DefaultMaxBody":            "the program always sets another: engine.MaxFetchBytes, app.maxPageBytes",
	"fetch.idleTimeout":               "connections kept for the next request",
	"fetch.maxIdle":                   "connections kept for the next request",
	"node.maxDistance":                "how far the cause of a mistake is looked for",
	"node.maxSuspect":                 "how far the cause of a mistake is looked for",
	"node.maxSuspects":                "how far the cause of a mistake is looked for",
	"people.maxAfter":                 "later than every time",
	"postgres.holdTime":               "decides when a reader goes on by itself",
	"postgres.maxKey":                 "no key is nearly as long",
	"postgres.maxRowKey":              "how keys are packed",
	"postgres.minCache":               "a cache",
	"postgres.minPool":                "raises what the URL says",
	"postgres.minVersion":             "the smallest number of a version",
	"runner.maxBacklog":               "more is read from the outbox",
	"runner.maxCommit":                "only code can set it",
	"runner.maxForget":                "a slice of work",
	"runner.maxLapse":                 "a slice of work",
	"runner.maxQueue":                 "only code can set it",
	"runner.maxSenders":               "the settings have the same limit: app.maxSenders",
	"runner.maxTimers":                "a slice of work",
	"sandbox.maxEvent":                "above every number",
	"server.maxCachedFlows":           "a cache",
	"store.maxAgain":                  "how records are packed",
	"store.maxDigits":                 "how records are packed",
	"store.minAgain":                  "how records are packed",
	"store.minDigits":                 "how records are packed",
	"templates.maxKits":               "a cache",
}

// TestLimitsPage holds docs/operations.md to every limit in the sources. The comment of a limit
// says what it limits and, behind a semicolon, what happens beyond it: "events that wait in a
// person's queue; one more is skipped". A comment above the limit begins with its name and
// "is", or "is how many". What follows the first sentence is for readers of the code.
func TestLimitsPage(t *testing.T) {
	all := readConstants(t)
	var page strings.Builder
	for _, group := range limitGroups {
		fmt.Fprintf(&page, "### %s\n\n| Limit | Value | What it limits | Beyond it |\n| --- | --- | --- | --- |\n", group.title)
		for _, folder := range group.folders {
			for _, name := range all.limitsIn(folder) {
				c := all.Constants[name]
				what, beyond, err := wordsOf(c)
				value, wrong := all.written(c, what)
				if err := cmp.Or(err, wrong); err != nil {
					t.Errorf("%s: %s: %v", c.Place, name, err)
				}
				fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", name, value, what, beyond)
			}
		}
		page.WriteString("\n")
	}
	for name := range innerLimits {
		if _, ok := all.Constants[name]; !ok || !limitName.MatchString(all.Constants[name].Name) {
			t.Errorf("innerLimits in house_limits_test.go: %s is no constant with the name of a limit", name)
		}
	}
	if !t.Failed() {
		generated(t, "docs/operations.md", "limits", page.String())
	}
}

// readConstants reads the constants of the folders with limits.
func readConstants(t *testing.T) constants {
	t.Helper()
	listed := func(file string) bool {
		return slices.ContainsFunc(limitGroups, func(g limitGroup) bool { return slices.Contains(g.folders, path.Dir(file)) })
	}
	all, err := pagetest.ReadConstants(".", slices.DeleteFunc(sources(t), func(file string) bool { return !listed(file) }))
	if err != nil {
		t.Fatal(err)
	}
	return constants{all}
}

// constants are the constants of the folders with limits.
type constants struct{ pagetest.Constants }

// limitsIn returns the limits of a folder that users can meet, in the order of the sources.
func (all constants) limitsIn(folder string) (names []string) {
	for name, c := range all.Constants {
		if c.Folder != folder || !limitName.MatchString(c.Name) || innerLimits[name] != "" {
			continue
		}
		if v, _ := all.Eval(c.Pkg, c.Value); v.Kind() != constant.String {
			names = append(names, name)
		}
	}
	return slices.SortedFunc(slices.Values(names), func(a, b string) int { return cmp.Compare(all.Constants[a].Number, all.Constants[b].Number) })
}

// words returns what a limit limits, and what happens beyond it.
func wordsOf(c pagetest.Constant) (what, beyond string, err error) {
	text := strings.Join(strings.Fields(c.Behind), " ")
	if c.Above != "" {
		var ok bool
		if text, ok = strings.CutPrefix(strings.Join(strings.Fields(c.Above), " "), c.Name+" is "); !ok {
			return "", "", fmt.Errorf("its comment begins with %q", c.Name+" is ")
		}
	}
	sentence, _, _ := strings.Cut(text+" ", ". ")
	what, beyond, ok := strings.Cut(strings.TrimRight(strings.TrimPrefix(sentence, "how many "), ". "), "; ")
	if !ok || what == "" || beyond == "" {
		return "", "", fmt.Errorf("its comment does not say what happens beyond it; write: what it limits; one more is refused")
	}
	return what, beyond, nil
}

// written returns a limit's value as people write it: 15m, 64 KiB, 10,000.
func (all constants) written(c pagetest.Constant, what string) (string, error) {
	v, timed := all.Eval(c.Pkg, c.Value)
	n, exact := constant.Int64Val(constant.ToInt(v))
	switch {
	case !exact:
		return "", fmt.Errorf("its value cannot be computed here; write it of numbers and of other limits")
	case timed:
		return writtenTime(time.Duration(n)), nil
	case strings.Contains(what, "byte") && n%1024 == 0:
		unit := 0
		for ; n%1024 == 0; n /= 1024 {
			unit++
		}
		return fmt.Sprintf("%s %ciB", grouped(n), " KMGTP"[unit]), nil
	}
	return grouped(n), nil
}

// writtenTime is a duration without the units that are zero, and in days from a week on.
func writtenTime(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 7*day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	for _, unit := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, unit) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// grouped is a number with a comma before every three digits.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
