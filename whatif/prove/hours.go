package prove

import (
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
// time of a week in which none is open. 0 without windows; a week where none ever opens.
func longestHold(windows flows.Windows) int64 {
	if windows == nil {
		return 0
	}
	isOpen, _ := weekOf(windows)
	longest, closed := 0, 0
	for n := range 2 * minutesOfWeek { // twice, because the week goes on
		if closed++; isOpen[n%minutesOfWeek] {
			closed = 0
		}
		longest = max(longest, closed)
	}
	return millis(time.Duration(min(longest, minutesOfWeek)) * time.Minute)
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
// whole week has the same open time.
func longestPass(windows flows.Windows, open time.Duration) int64 {
	isOpen, minutes := weekOf(windows)
	if windows == nil || minutes == 0 {
		return millis(open)
	}
	perWeek := time.Duration(minutes) * time.Minute
	weeks, left := open/perWeek, open%perWeek
	whole, rest := int(left/time.Minute), left%time.Minute
	opens := make([]int, 0, 4*minutes) // the open minutes, one after the other
	for n := range 4 * minutesOfWeek {
		if isOpen[n%minutesOfWeek] {
			opens = append(opens, n)
		}
	}
	longest, next := 0, 0
	for from := range minutesOfWeek { // the worst is to begin with a minute
		for opens[next] < from {
			next++
		}
		longest = max(longest, opens[next+whole]-from)
	}
	return millis(weeks*7*24*time.Hour + time.Duration(longest)*time.Minute + rest)
}

// longestWindow is the longest of windows.
func longestWindow(windows flows.Windows) (longest time.Duration) {
	for _, w := range windows {
		longest = max(longest, time.Duration(w.To-w.From)*time.Minute)
	}
	return longest
}
