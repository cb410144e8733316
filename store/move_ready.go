package store

import (
	"fmt"

	"nudge/engine"
)

// What ends work under way.
const (
	startAndStop = "start nudge serve on it, and stop it again"
	startAndWait = "start nudge serve on it, wait a minute, and stop it again"
)

// MoveReady returns what a store still has to do before it can be moved, each with how to get there; nothing if it can be moved now.
func MoveReady(from []*Store) (missing []string, err error) {
	if missing, err = openCampaigns(Join(from)); err != nil {
		return nil, err
	}
	states := make([]engine.State, len(from))
	for n, part := range from {
		if states[n], err = part.State(); err != nil {
			return nil, err
		}
		more, err := part.underWay()
		if err != nil {
			return nil, err
		}
		missing = append(missing, more...)
	}
	more, err := between(from[0], states)
	return append(missing, more...), err
}

// openCampaigns names the campaigns that have rows to take.
func openCampaigns(s *Store) (missing []string, err error) {
	state, err := s.State()
	if err != nil {
		return nil, err
	}
	for _, number := range state.Open {
		f, err := s.Campaign(number)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprint(number)
		if f != nil {
			name = f.ID
		}
		missing = append(missing, fmt.Sprintf("campaign %s is %s: start nudge serve, and let it take all its people, or nudge campaigns cancel %s", name, statusOf(f), name))
	}
	return missing, nil
}

func statusOf(f *engine.Campaign) string {
	if f == nil {
		return "open"
	}
	return f.Status.String()
}

// some reports whether a bucket has records.
func some(r Reader, b Bucket) (found bool) {
	r.Ascend(b, nil, func(_, _ []byte) bool {
		found = true
		return false
	})
	return found
}

// underWay names what a partition has begun and not ended.
func (s *Store) underWay() (missing []string, err error) {
	say := func(found bool, what, how string) {
		if found {
			missing = append(missing, what+": "+how)
		}
	}
	err = s.kv.View(func(r Reader) error {
		claimed := false
		r.Ascend(Outbox, nil, func(_, value []byte) bool {
			claimed = len(value) > 0 && engine.MessageStatus(value[0]) == engine.Claimed
			return !claimed
		})
		say(claimed, "messages were being sent when it stopped", startAndStop)
		say(some(r, Derived), "inputs that follow from others are not applied", startAndStop)
		say(some(r, Erasures), "somebody is being forgotten", startAndWait)
		say(r.Get(Meta, keyReforget) != nil, "people who were forgotten since the backup have to be forgotten again", startAndWait)
		untold, err := untoldOf(r)
		if err != nil {
			return err
		}
		say(len(untold) > 0, "damaged runs were set apart, and what waits for them does not know", startAndStop)
		var failed error
		r.Ascend(Jobs, nil, func(key, record []byte) bool {
			j, err := decodeJob(record)
			if failed = damaged(Jobs, key, err); failed == nil && !j.State.Over() {
				say(true, "job "+j.ID+" is "+j.State.String(), "start nudge serve and let it end, or nudge jobs stop "+j.ID)
			}
			return failed == nil
		})
		return failed
	})
	return missing, err
}

// between names what partitions have not told each other.
func between(first *Store, states []engine.State) (missing []string, err error) {
	if len(states) == 1 {
		return nil, nil
	}
	owes, commands := false, uint64(0)
	for from := range states {
		for to := range states {
			owes = owes || from != to && states[from].OwedTo(to) != states[to].SeenOf(from)
		}
		commands = max(commands, states[from].SeenOf(len(states)))
	}
	kept, err := first.Commands(commands)
	late := len(kept) > 0
	for n := range states {
		late = late || states[n].SeenOf(len(states)) != commands
	}
	if owes {
		missing = append(missing, "partitions owe each other inputs: "+startAndStop)
	}
	if late {
		missing = append(missing, "some partitions have not applied a command that is for all: "+startAndStop)
	}
	return missing, err
}
