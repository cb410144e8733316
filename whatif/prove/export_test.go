package prove

import "nudge/flows"

// StoryOfMost is a shortest story of a run that sends so many messages.
func StoryOfMost(p *flows.Project, f *flows.Flow, most int) Story {
	j := &job{project: p, budget: Full, lives: map[string]int64{}}
	return j.explore(f, nil).storyOfMany(most, func(e *edge) int { return int(e.posted) })
}
