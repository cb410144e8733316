package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"go/constant"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nudge/bench"
	"nudge/docs/pagetest"
	"nudge/sandbox"
)

// alerts has the rules that docs/alerts.md explains.
const alerts = "docs/monitoring/alerts.yaml"

// root is the folder of the repository, also for a test that works in another one.
var root = func() string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return dir + "/"
}()

// holder has what the pages are held to. Its functions take the text of a page, so that TestBreakages can
// give them pages that it has broken.
type holder struct {
	pages     []pagetest.Page
	constants pagetest.Constants
	values    pagetest.Values
	plain     map[string]int
	measured  []figures
	kept      map[string]string // the reasons why blocks are only kept
	routes    []string
	written   map[string]string // the files that nudge new writes

	bare       bool   // without the sums of blocks
	secretFile string // in place of the files of secrets that pages name
}

func newHolder(t *testing.T) *holder {
	t.Helper()
	h := &holder{}
	var err error
	if h.pages, err = pagetest.Read(root); err != nil || len(h.pages) < 30 {
		t.Fatalf("%d pages: %v", len(h.pages), err)
	}
	if h.constants, err = allConstants(); err != nil {
		t.Fatal(err)
	}
	h.values = pageValues(t, h.constants)
	h.written = filesOfNew(t)
	h.plain, h.kept = readPlain(t), readKept(t)
	h.secretFile = filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(h.secretFile, []byte(aSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	if h.routes, err = readRoutes(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(measuredFile)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&h.measured); err != nil {
		t.Fatal(err)
	}
	return h
}

// allConstants are the constants of all sources, which are read once.
var allConstants = sync.OnceValues(func() (pagetest.Constants, error) {
	files, err := pagetest.Sources(root)
	if err != nil {
		return nil, err
	}
	return pagetest.ReadConstants(root, files)
})

// pageValues are what marks on pages name beside constants.
func pageValues(t *testing.T, all pagetest.Constants) pagetest.Values {
	t.Helper()
	waits, err := all.ReadDurations(root, "runner/notify/courier.go", "waits")
	if err != nil {
		t.Fatal(err)
	}
	patterns, err := os.ReadDir(filepath.Join(root, "examples/patterns"))
	if err != nil {
		t.Fatal(err)
	}
	examplePages, err := filepath.Glob(filepath.Join(root, "examples/*/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	values := pagetest.Values{
		"notify.waits":    inLongUnits(waits),
		"sandbox.retries": inShortUnits(sandbox.DefaultRetries()),
		"notify.attempts": numberWord(len(waits) + 1),
		"notify.all":      numberWord(int(sumOf(waits).Hours()/24)) + " days",
		"patterns.count":  numberWord(len(patterns)),
		"examples.count":  numberWord(len(examplePages)),
		"runner.purges":   numberWord(int(time.Second / durationOf(t, all, "runner.purgePause"))),
		"app.stop":        fmt.Sprintf("%.0f seconds", (durationOf(t, all, "app.engineGrace") + durationOf(t, all, "app.shutdownPeriod")).Seconds()),
	}
	findNumbers(t, values)
	values["patterns.countBegin"] = strings.ToUpper(values["patterns.count"][:1]) + values["patterns.count"][1:]
	report, err := readBench(performance + "park.json")
	if err != nil {
		t.Fatal(err)
	}
	parkValues(values, report)
	return values
}

// parkValues are the figures of a report of park, as docs/performance.md writes them.
func parkValues(values pagetest.Values, r *bench.Report) {
	first, last := r.Park[0], r.Park[len(r.Park)-1]
	file, journal := [2]float64{math.Inf(1), 0}, [2]float64{math.Inf(1), 0}
	for _, p := range r.Park {
		file = [2]float64{min(file[0], p.FileBytes), max(file[1], p.FileBytes)}
		journal = [2]float64{min(journal[0], p.JournalBytes), max(journal[1], p.JournalBytes)}
	}
	values["park.clockFirst"] = fmt.Sprintf("%.0f µs", first.Start+first.Receipt)
	values["park.clockLast"] = fmt.Sprintf("%.0f µs", last.Start+last.Receipt)
	values["park.cpu"] = fmt.Sprintf("%.0f and %.0f µs", first.StartCPU+first.ReceiptCPU, math.Round(last.StartCPU+last.ReceiptCPU))
	values["park.file"] = fmt.Sprintf("%.0f to %.0f bytes", file[0], file[1])
	values["park.journal"] = fmt.Sprintf("%.0f to %.0f bytes", journal[0], journal[1])
	values["park.timers"] = fmt.Sprintf("%.0f seconds", r.Timers.Seconds)
	values["park.receiptHalf"] = fmt.Sprintf("%.1f ms", r.Timers.Receipts.Accepted.P50)
	values["park.receiptMost"] = fmt.Sprintf("%.1f", r.Timers.Receipts.Accepted.P99)
}

func durationOf(t *testing.T, all pagetest.Constants, name string) time.Duration {
	t.Helper()
	v, timed, ok := all.Value(name)
	n, exact := constant.Int64Val(constant.ToInt(v))
	if !ok || !timed || !exact {
		t.Fatalf("%s is no duration", name)
	}
	return time.Duration(n)
}

func sumOf(list []time.Duration) (sum time.Duration) {
	for _, d := range list {
		sum += d
	}
	return sum
}

// foundNumbers are numbers that files have, and pages repeat: the place in the file, the form of the number
// there, and what the page makes of it.
var foundNumbers = []struct {
	name, file, place, form string
	say                     func(float64) string
}{
	{"alerts.down", alerts, "alert: NudgeDown\n", `for: (\d+)m`, inUnit("minutes")},
	{"alerts.copyEnded", alerts, "alert: NudgeCopyEnded\n", `for: (\d+)m`, inUnit("minutes")},
	{"alerts.slow", alerts, "alert: NudgeSlow\n", `quantile\((0\.\d+)`, func(n float64) string { return oneIn(1 - n) }},
	{"alerts.errors", alerts, "alert: NudgeErrors\n", `> (0\.\d+)`, oneIn},
	{"alerts.tokenEnds", alerts, "alert: NudgeTokenEnds\n", `< (\d+) \* 86400`, inUnit("days")},
	{"alerts.diskLeft", alerts, "alert: NudgeDiskFillsUp\n", `< (\d+e9)`, func(n float64) string { return fmt.Sprint(n/1e9, " GB") }},
	{"alerts.diskPast", alerts, "alert: NudgeDiskFillsUp\n", `\[(\d+)h\]`, inUnit("hours")},
	{"alerts.notChecked", alerts, "alert: NudgeStoreNotChecked\n", `> (\d+) \* 86400`, inUnit("days")},
	{"alerts.accountHeld", alerts, "alert: NudgeAccountHeld\n", `\[(\d+)m\]`, func(n float64) string { return fmt.Sprint(n, " minutes") }},
	{"alerts.forwarding", alerts, "alert: NudgeForwardingFails\n", `> (0\.\d+)`, oneIn},
	{"alerts.refused", alerts, "alert: NudgeProviderRefuses\n", `> (0\.\d+)`, oneIn},
	{"alerts.unknown", alerts, "alert: NudgeOutcomesUnknown\n", `> (0\.\d+)`, oneIn},
	{"alerts.outbox", alerts, "alert: NudgeOutboxGrows\n", `> (\d+)`, word},
	{"go.version", "go.mod", "\ngo ", `(\d+\.\d+)`, func(n float64) string { return fmt.Sprint(n) }},
	{"digest.quiet", "examples/comment_digest/flows/comment_digest.yaml", "until:", `quiet: (\d+)m`, word},
	{"digest.items", "examples/comment_digest/flows/comment_digest.yaml", "until:", `items: (\d+)`, word},
	{"escalation.first", "examples/escalation/flows/escalation.yaml", "send: opened", `after: (\d+)m`, inUnit("minutes")},
	{"escalation.more", "examples/escalation/flows/escalation.yaml", "send: urgent", `after: (\d+)m`, word},
	{"sale.rate", "examples/flash_sale/flows/flash_sale.yaml", "trigger:", `rate: (\d+)/m`, word},
	{"sale.cap", "examples/flash_sale/nudge.yaml", "offers:", `at_most: (\d+) per 7d`, word},
	{"reminder.times", "examples/reminder_until_read/flows/reminder_until_read.yaml", "repeat:", `times: (\d+)`, word},
	{"survey.best", "examples/survey_by_reply/flows/survey_by_reply.yaml", "until:", `reply.number in 0\.\.(\d+)`, func(n float64) string { return fmt.Sprint(n) }},
	{"report.hour", "examples/weekly_report/flows/weekly_report.yaml", "trigger:", `cron: 0 (\d+)`, word},
	{"report.late", "examples/weekly_report/flows/weekly_report.yaml", "trigger:", `max_delay: (\d+)h`, inUnit("hours")},
	{"alerts.webhooks", alerts, "alert: NudgeWebhooksRefused\n", `> (0\.\d+)`, oneIn},
}

func inUnit(unit string) func(float64) string {
	return func(n float64) string { return numberWord(int(n)) + " " + unit }
}

func word(n float64) string { return numberWord(int(n)) }

// oneIn is the whole of which one is a share: twenty for 0.05.
func oneIn(share float64) string { return word(math.Round(1 / share)) }

// findNumbers adds the numbers that are found in files.
func findNumbers(t *testing.T, values pagetest.Values) {
	t.Helper()
	for _, f := range foundNumbers {
		text, err := os.ReadFile(filepath.Join(root, f.file))
		if err != nil {
			t.Fatal(err)
		}
		_, part, found := strings.Cut(string(text), f.place)
		m := regexp.MustCompile(f.form).FindStringSubmatch(part)
		if !found || m == nil {
			t.Fatalf("%s has no %s behind %q", f.file, f.form, f.place)
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		values[f.name] = f.say(n)
	}
}

// numberWord is a small number as a word.
func numberWord(n int) string {
	words := strings.Fields("none one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty")
	if n < len(words) {
		return words[n]
	}
	return cmp.Or(map[int]string{50: "fifty", 100: "hundred", 1000: "thousand"}[n], fmt.Sprint(n))
}

// inLongUnits writes times as "5 s, 5 and 30 minutes, 2 and 24 hours".
func inLongUnits(list []time.Duration) string {
	var parts, same []string
	flush := func(unit string) {
		if n := len(same); n > 1 {
			same = []string{strings.Join(same[:n-1], ", ") + " and " + same[n-1]}
		}
		parts, same = append(parts, same[0]+" "+unit), nil
	}
	unitOf := func(d time.Duration) (time.Duration, string) {
		switch {
		case d < time.Minute:
			return time.Second, "s"
		case d < time.Hour:
			return time.Minute, "minutes"
		}
		return time.Hour, "hours"
	}
	for i, d := range list {
		size, unit := unitOf(d)
		same = append(same, fmt.Sprint(int64(d/size)))
		if i+1 == len(list) {
			flush(unit)
		} else if next, _ := unitOf(list[i+1]); next != size {
			flush(unit)
		}
	}
	return strings.Join(parts, ", ")
}

// inShortUnits writes times as "5 s, 1 m and five times 4 h".
func inShortUnits(list []time.Duration) string {
	end := len(list)
	for end > 1 && list[end-2] == list[len(list)-1] {
		end--
	}
	var parts []string
	for _, d := range list[:end] {
		text := d.String()
		for _, zero := range []string{"m0s", "h0m"} {
			if strings.HasSuffix(text, zero) {
				text = text[:len(text)-2]
			}
		}
		parts = append(parts, text[:len(text)-1]+" "+text[len(text)-1:])
	}
	last := parts[len(parts)-1]
	return strings.Join(parts[:len(parts)-1], ", ") + " and " + numberWord(len(list)-end+1) + " times " + last
}
