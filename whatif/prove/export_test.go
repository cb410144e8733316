package prove

import (
	"time"

	"nudge/flows"
)

// StoryOfMost is a shortest story of a run that sends so many messages.
func StoryOfMost(p *flows.Project, f *flows.Flow, most int) Story {
	j := &job{project: p, budget: Full, lives: map[string]int64{}, closes: map[string]int64{}}
	return j.explore(f, nil).storyOfMany(most, func(e *edge) int { return int(e.posted) })
}

// LongestPass is the longest until windows have been open for some time, and are open.
func LongestPass(windows flows.Windows, open time.Duration) time.Duration {
	return time.Duration(longestPass(windows, open)) * time.Millisecond
}

// LongestHold is the longest that windows are closed.
func LongestHold(windows flows.Windows) time.Duration {
	return time.Duration(longestHold(windows)) * time.Millisecond
}
