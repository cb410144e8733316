package prove

import (
	"slices"
	"time"

	"nudge/flows"
)

// minutesOfWeek is how many minutes a week has.
const minutesOfWeek = 7 * 24 * 60

// week says of each minute of a week whether some hours are open.
type week [minutesOfWeek]bool

// weekOf returns the week of windows, and how many of its minutes are open.
func weekOf(windows flows.Windows) (isOpen week, open int) {
	for _, w := range windows {
		for day := range 7 {
			for minute := w.From; w.Days.Has(time.Weekday(day)) && minute < w.To; minute++ {
				if at := day*24*60 + minute; !isOpen[at] {
					isOpen[at] = true
					open++
				}
			}
		}
	}
	return isOpen, open
}

// longestHold is how long a message may have to wait for one of its windows: the longest
// time in which none is open. 0 without windows; a week where none ever opens.
func longestHold(windows flows.Windows) int64 {
	if _, minutes := weekOf(windows); windows != nil && minutes == 0 {
		return millis(minutesOfWeek * time.Minute)
	}
	return longestPass(windows, 0)
}

// skip is some minutes of a day that clocks may leave out, when they go forward.
type skip struct{ from, length int }

// skips are what the clocks of this world leave out: mostly an hour of the night. The minutes
// are counted from midnight.
var skips = []skip{
	{-120, 60}, {-60, 60}, {0, 60}, {60, 60}, {120, 60}, {180, 60},
	{-120, 120}, {-60, 120}, {0, 120}, {60, 120}, {120, 120}, {120, 30},
}

const (
	longestSkip    = 2 * time.Hour
	weeksOfOneSkip = 20 // clocks go forward once in more weeks than these
)

// isCut reports whether clocks that go forward may leave out open minutes.
func (w *week) isCut() bool {
	for n, isOpen := range w {
		if minute := n % (24 * 60); isOpen && (minute < 4*60 || minute >= 22*60) {
			return true
		}
	}
	return false
}

// of returns the minutes of so many weeks.
func (w *week) of(weeks int) []bool {
	minutes := make([]bool, 0, weeks*minutesOfWeek)
	for range weeks {
		minutes = append(minutes, w[:]...)
	}
	return minutes
}

// longestPass is the longest that the timer of a line with hours takes from any minute of a
// week.
func (x *explorer) longestPass(line *flows.Line) int64 {
	longest, ok := x.takes[line]
	if !ok {
		longest = longestPass(line.Open.Windows, line.After.Clock)
		x.takes[line] = longest
	}
	return longest
}

// longestPass is the longest until windows have been open for some time, and are open. Each
// whole week has the same open time, but one in which clocks go forward.
func longestPass(windows flows.Windows, open time.Duration) int64 {
	isOpen, minutes := weekOf(windows)
	if windows == nil || minutes == 0 {
		return millis(open)
	}
	perWeek, cut := time.Duration(minutes)*time.Minute, isOpen.isCut()
	if cut && open >= perWeek {
		open += (1 + open/perWeek/weeksOfOneSkip) * longestSkip
	}
	weeks, left := open/perWeek, open%perWeek
	whole, rest := int(left/time.Minute), left%time.Minute
	plain := isOpen.of(5)
	longest := longestUntil(plain, whole)
	for day := 0; cut && day < 7; day++ {
		for _, s := range skips {
			at := minutesOfWeek + day*24*60 + s.from
			longest = max(longest, longestUntil(slices.Delete(slices.Clone(plain), at, at+s.length), whole))
		}
	}
	return millis(weeks*7*24*time.Hour + time.Duration(longest)*time.Minute + rest)
}

// longestUntil is the longest from a minute of the first two weeks on until so many minutes have
// been open and another one is. The worst is to begin with a minute.
func longestUntil(isOpen []bool, many int) int {
	opens := make([]int, 0, len(isOpen)) // the open minutes, one after the other
	for n, open := range isOpen {
		if open {
			opens = append(opens, n)
		}
	}
	longest, next := 0, 0
	for from := range 2 * minutesOfWeek {
		for opens[next] < from {
			next++
		}
		longest = max(longest, opens[next+many]-from)
	}
	return longest
}

// longestWindow is the longest of windows.
func longestWindow(windows flows.Windows) (longest time.Duration) {
	for _, w := range windows {
		longest = max(longest, time.Duration(w.To-w.From)*time.Minute)
	}
	return longest
}
