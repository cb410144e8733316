package main

import "time"

// nextMonday returns ten o'clock on the Monday after t.
func nextMonday(t time.Time) time.Time {
	t = t.UTC()
	days := (int(time.Monday-t.Weekday())+6)%7 + 1
	return time.Date(t.Year(), t.Month(), t.Day()+days, 10, 0, 0, 0, time.UTC)
}
