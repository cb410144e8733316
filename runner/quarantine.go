package runner

import (
	"errors"
	"fmt"

	"nudge/engine"
	"nudge/store"
)

// maxSuspects is how many damaged runs may wait to be set apart; one more is dropped, and met
// again.
const maxSuspects = 64

// quarantine sets apart runs whose records cannot be read. What their ends lead to is applied
// next, before anything else.
func (l *Loop) quarantine(ids []engine.RunID, step *Step) error {
	l.suspects = append(l.suspects, ids...)
	before := len(step.Damaged)
	if err := l.setApart(step); err != nil {
		return err
	}
	if len(step.Damaged) == before { // there would be no end to it
		return fmt.Errorf("%w: run %s cannot be set apart", store.ErrDamaged, ids[0])
	}
	return nil
}

// Suspect takes the IDs of runs whose records somebody could not read. Those that are damaged
// are set apart in the next step.
func (l *Loop) Suspect(ids ...engine.RunID) { l.suspects = append(l.suspects, ids...) }

// setApart sets apart the suspects that are damaged.
func (l *Loop) setApart(step *Step) error {
	if len(l.suspects) == 0 {
		return nil
	}
	lost, err := l.store.Quarantine(l.suspects, l.now)
	if err != nil {
		return err
	}
	l.suspects, step.Damaged = nil, append(step.Damaged, lost...)
	l.untold, err = l.store.Untold()
	return err
}

// around does a slice of work on the store. A damaged run that it meets is set apart, and the
// work goes on in the next step.
func (l *Loop) around(step *Step, work func() error) error {
	err := work()
	if run := (*store.DamagedRun)(nil); errors.As(err, &run) {
		step.Again = true
		return l.quarantine([]engine.RunID{run.Run}, step)
	}
	return err
}

// Suspect takes the IDs of runs whose records somebody could not read. Those that are damaged
// are set apart in the next step. It may be called by anybody.
func (r *Runner) Suspect(ids ...engine.RunID) {
	for _, id := range ids {
		d := r.driverOf(id)
		if d == nil {
			continue // the process that has it finds it, too
		}
		select {
		case d.suspects <- id:
			d.queue.nudge()
		default:
		}
	}
}

// suspected returns the runs that were suspected since the last step.
func (d *driver) suspected() (ids []engine.RunID) {
	for len(d.suspects) > 0 {
		ids = append(ids, <-d.suspects)
	}
	return ids
}
