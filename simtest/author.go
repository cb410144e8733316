package simtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing/fstest"
	"time"

	"nudge/flows"
)

// author writes projects: flows of every construct that the language has, with events,
// keys and people that get in each other's way.
type author struct {
	dice     *rand.Rand
	files    fstest.MapFS
	begin    time.Time
	zone     string // of the project
	editions int
	rarer    *rand.Rand // draws the rarer words of the language; nil where the seed knows none
	broken   *rand.Rand // draws what cannot be computed; nil where the seed has none of it
	talks    *rand.Rand // draws what replies have beside a text; nil where the seed knows none
	waits    *rand.Rand // draws longer waits; nil where the seed knows none
	crowds   *rand.Rand // draws whom events must name; nil where the seed knows none
	times    *rand.Rand // draws times and dates in expressions; nil where the seed has none of them
	hours    *rand.Rand // draws open hours; nil where the seed knows none
	dos      *rand.Rand // draws what is done while a wait goes on; nil where the seed knows none
}

// ownDice is a dice for what only every other seed knows, or nil. With the right key the seeds
// of the corpus that are older than it are among those that do not know it, and so live as
// they always did.
func ownDice(seed, key uint64) *rand.Rand {
	if dice := rand.New(rand.NewPCG(seed, key)); dice.IntN(2) == 0 {
		return dice
	}
	return nil
}

// The least keys with which the older seeds of the corpus do not know of it.
const (
	rarerKey  = 68
	brokenKey = 3019
	talksKey  = 4136070
	timesKey  = 29439
)

// edition writes the project, or changes a part of it.
func (a *author) edition() *flows.Project {
	files := maps.Clone(a.files)
	if files == nil {
		files = fstest.MapFS{}
		file := func(name, text string) { files[name] = &fstest.MapFile{Data: []byte(text)} }
		a.zone = pick(a.dice, "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC")
		file("templates/hello.yaml", "body: \"Hello {{ profile.id }} of {{ run.key }}\"\n")
		file("templates/fragile.yaml", "body: \"Dear {{ profile.name }}\"\n")
		file("templates/rich.yaml", richTemplate)
		file("templates/parted.yaml", partedTemplate)
		file("templates/kept.yaml", keptTemplate)
		file("terms.txt", "Terms and conditions\n")
	}
	if files["nudge.yaml"] == nil || a.hours != nil || a.dice.IntN(3) == 0 { // hours that flows wait for change often
		files["nudge.yaml"] = &fstest.MapFile{Data: []byte(a.project())}
	}
	for _, name := range []string{"one", "two", "inner", "report", "stop"} {
		if files["flows/"+name+".yaml"] == nil || a.dice.IntN(3) == 0 {
			files["flows/"+name+".yaml"] = &fstest.MapFile{Data: []byte(a.flow(name))}
		}
	}
	if a.rarer != nil && (files["flows/desk.yaml"] == nil || a.rarer.IntN(3) == 0) {
		text := fmt.Sprintf(deskFlow, pick(a.rarer, "restart", "queue", "skip", "parallel"), pick(a.rarer, "5h", "30m", "1d"))
		files["flows/desk.yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	if a.crowds != nil && (files["flows/crowd.yaml"] == nil || a.crowds.IntN(3) == 0) {
		files["flows/crowd.yaml"] = &fstest.MapFile{Data: []byte(a.crowd())}
	}
	project, list := flows.Load(files)
	if list.HasErrors() {
		panic(fmt.Sprintf("sim: the author wrote what does not load: %v", list))
	}
	a.files, a.editions = files, a.editions+1
	return project
}

// project writes the file of the project; an edition may have other hours and caps.
func (a *author) project() string {
	orders := pick(a.dice, "", "", "window: 07:00-22:00", "window: [00:00-01:30, 02:30-12:00, 13:00-24:00]", "at_most: 5 per 5h")
	news := pick(a.dice, "at_most: 2 per 5h", "at_most: 1 per 1d", "at_most: 3 per 1d6h, window: [mon-fri 09:00-17:30, \"sat,sun 01:30-12:00\"]",
		"window: [09:00-12:00, 14:00-18:00]", "window: 02:00-02:45", "")
	file := fmt.Sprintf(projectFile, a.zone, a.spread(orders), a.spread(news))
	if a.times != nil {
		file = strings.Replace(file, "due: optional time", "due: optional time, day: optional date", 1)
		file = strings.Replace(file, "gone: { id: string, total: number }", "gone: { id: string, total: "+pick(a.times, "number", "optional number")+" }", 1)
		file = strings.Replace(file, "rounds: optional number", "rounds: optional number, seen: optional time, since: optional date", 1)
	}
	if a.crowds != nil {
		file = strings.Replace(file, "  looped:", "  alarm: { id: string, level: optional number }\n  looped:", 1)
	}
	if a.rarer != nil {
		file += pick(a.rarer, "", "from: Customer Services\n") + pick(a.rarer, "", "locale: en-GB\n", "locale: de\n") +
			pick(a.rarer, "", "on_unknown: resend\n", "on_unknown: fail\n") + pick(a.rarer, "", "merge_fields: allow\n") + "project: sim\n"
	}
	return file
}

func (a *author) flow(name string) string {
	switch name {
	case "inner":
		return fmt.Sprintf(innerFlow, pick(a.dice, "restart", "queue", "skip", "parallel"), pick(a.dice, "opt_out", "opt_in"),
			pick(a.dice, "5h", "30m", "1d"), pick(a.dice, "continue", "resend", "fail"),
			pick(a.dice, "", "migrate: { from: any, to: same }\n", "migrate: { from: heard, to: told }\n"))
	case "report":
		return a.rareReport(a.report())
	case "stop":
		return fmt.Sprintf(stopFlow, pick(a.dice, "true", "false"))
	}
	p := &page{dice: a.dice, rarer: a.rarer, broken: a.broken, talks: a.talks, keyed: a.dice.IntN(4) > 0}
	p.waits = a.waits
	p.times, p.hours = a.times, a.hours
	p.crowds, p.dos = a.crowds, a.dos
	p.head(name)
	p.write("%s", pick(a.dice, "", "", "account: second\n"))
	p.write("%s", pick(a.dice, "", "category: orders\n", "category: news\n", "category: service\n"))
	p.write("steps:\n  - id: first\n    set: { n: = data.total%s }\n", p.firstTimes())
	p.steps("  ", 3, nil)
	p.migrations()
	return p.String()
}

// ownTimes is a schedule whose people have times of day of their own; some have none.
const ownTimes = `every: '(profile.name == "N" ? "08:30" : profile.plan == "pro" ? "01:45" : profile.plan)'`

// report writes the flow that is for many.
func (a *author) report() string {
	day := a.begin.Add(time.Duration(a.dice.IntN(30)) * time.Hour)
	return fmt.Sprintf(reportFlow, pick(a.dice, `cron: "30 */4 * * *"`, `cron: "20 * * * *"`, `cron: "30 1,13 * * *"`, `cron: "15 2 * * *"`, `every: 02:30`, `every: mon-fri 09:00`, `every: last sat-sun of month 01:30`, `every: first day of month 00:00`, `cron: "0 9,21 * * 1-5"`,
		"at: "+day.Format("2006-01-02 15:04"), "at: "+day.Format("2006-01-02 ")+pick(a.dice, "02:30", "01:45")),
		pick(a.dice, "Europe/London", "America/New_York", "Australia/Lord_Howe", "local"), pick(a.dice, "10m", "2h", "1d"), pick(a.dice, "", ", rate: 10/m", ", rate: 20/h"),
		pick(a.dice, `cron: "0 9 * * *"`, `cron: "0 9,21 * * *"`, `cron: "30 2 * * *"`, `cron: "15 1,2,18 * * *"`, ownTimes, ownTimes), pick(a.dice, "3h", "20m"),
		pick(a.dice, "skip", "queue", "restart", "parallel"), pick(a.dice, "", ", at_most: 2 per 5h"), pick(a.dice, "orders", "news", "service"), pick(a.dice, "4h", "20m"))
}
