package simtest

import "strings"

// hoursKey is the key with which seeds know of waits for hours.
const hoursKey = 1

// hourly reports, one time in n, whether a word of open hours is to be written.
func (p *page) hourly(n int) bool { return p.hours != nil && p.hours.IntN(n) == 0 }

// openHours are hours and categories that flows wait for. An edition changes the hours of a
// category, and clocks that change the others.
var openHours = []string{"orders", "news", "news", "service", "mon-fri 09:00-17:30", "02:00-02:45", "sat-mon 01:30-12:00", "00:00-24:00"}

// openTimer is a timer that hours decide.
func (p *page) openTimer() string {
	switch p.hours.IntN(5) {
	case 0:
		return "open: [00:00-01:30, 02:30-12:00, \"mon,wed 13:00-24:00\"]"
	case 1, 2:
		return "open: \"" + pick(p.hours, openHours...) + "\""
	}
	return "after: " + p.openTime()
}

// openTime is some time within hours.
func (p *page) openTime() string {
	return pick(p.hours, "3h", "90m", "8h30m", "45m", "40s") + " of " + pick(p.hours, openHours...)
}

// hourlyEnd is a timer that ends a wait, in place of the one that is there.
func (p *page) hourlyEnd(end string) string {
	if p.hourly(4) {
		return p.openTimer()
	}
	return end
}

// hourlyPause is a wait for nothing else, in place of the one that is there.
func (p *page) hourlyPause(pause string) string {
	switch {
	case !p.hourly(4):
		return pause
	case p.hours.IntN(2) == 0:
		return p.openTime()
	}
	return "{ " + p.openTimer() + " }"
}

// hourlyLine is one more timer among lines, with a condition or without one. It reports whether it
// wrote one that surely comes.
func (p *page) hourlyLine(indent string, of *step, then func()) (sure bool) {
	if !p.hourly(5) {
		return false
	}
	timer := p.openTimer()
	p.write("%s- %s\n", indent, timer)
	sure = p.hours.IntN(3) == 0
	if !sure {
		p.write("%s  if: %s\n", indent, pick(p.hours, "data.total > 18", `profile.plan == "pro"`, "run.key != \"O2\""))
	}
	p.as(indent, timer, of)
	then()
	return sure
}

// hourlyExit is an exit of hours.
func (p *page) hourlyExit() {
	if p.hourly(4) {
		p.write("  - %s\n", pick(p.hours, "{ after: 20h of orders, as: worked }", "{ open: \"02:00-02:45\", if: data.total < 5 }", "{ after: 30h of mon-fri 09:00-17:30, if: data.total > 30, as: worked }"))
	}
}

// hourlyConditions ask what is open.
var hourlyConditions = []string{
	`open("news")`, `not open("orders")`, `open("mon-fri 09:00-17:30") or data.total > 30`, `open(["00:00-01:30", "12:00-24:00"])`, `open("service") and data.total > 18`,
	`remaining("news") > 0`, `remaining("orders") > 1 or data.total > 30`, `remaining("service") == 1000`,
}

func (p *page) hourlyCondition() string { return "'" + pick(p.hours, hourlyConditions...) + "'" }

// spread gives a category caps of the calendar at times, and says over how long messages go
// out that were held.
func (a *author) spread(category string) string {
	if a.hours == nil || a.hours.IntN(2) == 0 {
		return category
	}
	if before, _, capped := strings.Cut(category, "at_most: "); capped && a.hours.IntN(3) > 0 {
		_, after, _ := strings.Cut(category[len(before):], ", ")
		category = before + "at_most: " + pick(a.hours, "1 per calendar day", "2 per calendar day", "1 per calendar day in Australia/Lord_Howe", "3 per calendar week", "4 per calendar month in Europe/London",
			"[2 per calendar day, 1 per 5h]", "[1 per calendar day, 3 per calendar week, 4 per 3d]")
		if after != "" {
			category += ", " + after
		}
	}
	spread := "spread: " + pick(a.hours, "0s", "0s", "20s", "15m", "1h")
	if category == "" {
		return spread
	}
	return category + ", " + spread
}
