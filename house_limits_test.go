package house

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
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
	{"The store", []string{"store", "store/bolt"}},
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
				c := all[name]
				what, beyond, err := c.words()
				value, wrong := all.written(c, what)
				if err := cmp.Or(err, wrong); err != nil {
					t.Errorf("%s: %s: %v", c.place, name, err)
				}
				fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", name, value, what, beyond)
			}
		}
		page.WriteString("\n")
	}
	for name := range innerLimits {
		if _, ok := all[name]; !ok || !limitName.MatchString(all[name].name) {
			t.Errorf("innerLimits in house_limits_test.go: %s is no constant with the name of a limit", name)
		}
	}
	if !t.Failed() {
		generated(t, "docs/operations.md", "limits", page.String())
	}
}

// constants are the constants of the folders with limits, by package and name.
type constants map[string]declared

type declared struct {
	pkg, name, folder, place string
	number                   int // in the order of the sources
	value                    ast.Expr
	above, behind            string // its comments
}

// readConstants reads the constants of the folders with limits.
func readConstants(t *testing.T) constants {
	t.Helper()
	all, files := constants{}, token.NewFileSet()
	for _, file := range sources(t) {
		listed := func(g limitGroup) bool { return slices.Contains(g.folders, path.Dir(file)) }
		if !slices.ContainsFunc(limitGroups, listed) {
			continue
		}
		parsed, err := parser.ParseFile(files, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			block, ok := d.(*ast.GenDecl)
			if !ok || block.Tok != token.CONST {
				continue
			}
			for _, spec := range block.Specs {
				s := spec.(*ast.ValueSpec)
				above := s.Doc
				if !block.Lparen.IsValid() {
					above = block.Doc
				}
				for i, value := range s.Values {
					name := s.Names[i].Name
					all[parsed.Name.Name+"."+name] = declared{parsed.Name.Name, name, path.Dir(file),
						files.Position(value.Pos()).String(), len(all), value, above.Text(), s.Comment.Text()}
				}
			}
		}
	}
	return all
}

// limitsIn returns the limits of a folder that users can meet, in the order of the sources.
func (all constants) limitsIn(folder string) (names []string) {
	for name, c := range all {
		if c.folder != folder || !limitName.MatchString(c.name) || innerLimits[name] != "" {
			continue
		}
		if v, _ := all.eval(c.pkg, c.value); v.Kind() != constant.String {
			names = append(names, name)
		}
	}
	return slices.SortedFunc(slices.Values(names), func(a, b string) int { return cmp.Compare(all[a].number, all[b].number) })
}

// words returns what a limit limits, and what happens beyond it.
func (c declared) words() (what, beyond string, err error) {
	text := strings.Join(strings.Fields(c.behind), " ")
	if c.above != "" {
		var ok bool
		if text, ok = strings.CutPrefix(strings.Join(strings.Fields(c.above), " "), c.name+" is "); !ok {
			return "", "", fmt.Errorf("its comment begins with %q", c.name+" is ")
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
func (all constants) written(c declared, what string) (string, error) {
	v, timed := all.eval(c.pkg, c.value)
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

// units are the durations of package time.
var units = map[string]time.Duration{"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour}

// eval computes a constant of a package, and reports whether it is a duration. Its value is
// unknown if the expression is none of numbers, constants of these packages and package time.
func (all constants) eval(pkg string, e ast.Expr) (v constant.Value, timed bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0), false
	case *ast.ParenExpr:
		return all.eval(pkg, e.X)
	case *ast.Ident:
		if c, ok := all[pkg+"."+e.Name]; ok {
			return all.eval(c.pkg, c.value)
		}
	case *ast.SelectorExpr:
		x, ok := e.X.(*ast.Ident)
		if ok && x.Name == "time" && units[e.Sel.Name] != 0 {
			return constant.MakeInt64(int64(units[e.Sel.Name])), true
		}
		if ok && x.Name != pkg {
			return all.eval(x.Name, e.Sel)
		}
	case *ast.BinaryExpr:
		x, timedX := all.eval(pkg, e.X)
		y, timedY := all.eval(pkg, e.Y)
		switch {
		case x.Kind() != constant.Int || y.Kind() != constant.Int:
		case e.Op == token.SHL:
			n, _ := constant.Uint64Val(y)
			return constant.Shift(x, token.SHL, uint(n)), false
		case e.Op == token.ADD, e.Op == token.SUB, e.Op == token.MUL:
			return constant.BinaryOp(x, e.Op, y), timedX || timedY
		}
	}
	return constant.MakeUnknown(), false
}
