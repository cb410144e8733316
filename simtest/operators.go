package simtest

import (
	"context"
	"maps"
	"slices"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner/migrate"
	"nudge/store"
)

// operate lets operators do something now and then.
func (w *world) operate() {
	if w.calm {
		return
	}
	w.later(w.between(0, 4*time.Hour), w.operate)
	if !w.chance(operators, 1) {
		return
	}
	on, off := true, false
	switch w.dice.IntN(13) {
	case 0, 1:
		w.deploy()
	case 2:
		w.control(engine.Control{Outbound: engine.OutboundHold})
		w.later(w.between(0, 3*time.Hour), func() { w.control(engine.Control{Outbound: engine.OutboundLive}) })
	case 3:
		w.control(engine.Control{Outbound: engine.OutboundOnly, Only: []string{"bob", "ann"}})
		w.later(w.between(0, 3*time.Hour), func() { w.control(engine.Control{Outbound: engine.OutboundLive}) })
	case 4:
		w.control(engine.Control{Kill: &on})
		w.later(w.between(0, time.Hour), func() { w.control(engine.Control{Kill: &off}) })
	case 5, 6:
		w.submit([]*engine.Input{{Payload: &engine.ProfileChange{Profile: w.person(), Forget: true}}}, 0)
	case 7, 8, 9, 10:
		w.steer()
	default:
		if ids := slices.SortedFunc(maps.Keys(w.names), engine.RunID.Compare); len(ids) > 0 {
			w.submit([]*engine.Input{{Payload: &engine.Cancel{Run: pick(w.dice, ids...), Reason: "as asked"}}}, 0)
		}
	}
}

// steer starts a campaign, or holds up one that is under way.
func (w *world) steer() {
	numbers := slices.Sorted(maps.Values(w.campaigns))
	if len(numbers) == 0 || w.dice.IntN(4) == 0 {
		names := []string{"report", "report", "one"}
		if w.example != nil {
			names = w.example.flows
		}
		start := engine.CampaignStart
		if len(numbers)%2 == 1 {
			start = engine.CampaignStartAlone
		}
		w.submit([]*engine.Input{{ID: w.id(), Payload: &engine.CampaignControl{Do: start, Flow: pick(w.dice, names...)}}}, 0)
		return
	}
	of := numbers[max(0, len(numbers)-1-w.dice.IntN(6))] // the latest are the livelier ones
	if w.dice.IntN(3) == 0 {
		w.submit([]*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignCancel, Campaign: of, EndRuns: w.dice.IntN(2) == 0}}}, 0)
		return
	}
	w.submit([]*engine.Input{{Payload: &engine.CampaignControl{Do: engine.CampaignPause, Campaign: of}}}, 0)
	w.later(w.between(0, 12*time.Hour), func() { w.resume(of) })
}

// resume lets a campaign go on.
func (w *world) resume(number uint64) {
	w.insist(&engine.Input{Payload: &engine.CampaignControl{Do: engine.CampaignResume, Campaign: number}}, func() bool { return true })
}

// deployed is the store, with the versions that are known read only once.
type deployed struct {
	*store.Store
	m *machine
}

func (d deployed) Version(v engine.FlowVersion) (*flows.Flow, error) { return d.m.versions[v], nil }

// control changes what may go out, sooner or later. Nobody insists on what they no longer
// want.
func (w *world) control(c engine.Control) {
	w.wishes++
	mine := w.wishes
	w.insist(&engine.Input{Payload: &c}, func() bool { return w.wishes == mine })
}

// insist sends a command until it is answered, for as long as it is wanted.
func (w *world) insist(in *engine.Input, wanted func() bool) {
	c := *in
	w.send(&delivery{inputs: []*engine.Input{&c}, told: func(answers []engine.Answer) {
		switch {
		case answers == nil:
			w.later(10*time.Second, func() {
				if wanted() {
					w.insist(in, wanted)
				}
			})
		case in.Kind() == engine.InputDeploy:
			w.approved(in.Payload.(*engine.Deploy), &answers[0])
			w.each(w.takeOver)
		}
	}})
}

// takeOver offers runs of older versions to those that take them over, as a server does
// after a deploy and after a start.
func (w *world) takeOver() {
	if w.loop == nil {
		return
	}
	if err := migrate.Each(context.Background(), deployed{w.store, w.machine}, func(r *engine.Run, from, to *flows.Flow) error {
		if engine.Migrates(r, from, to) {
			in := &engine.Input{Payload: &engine.Move{Run: r.ID, Version: to.Version}}
			w.later(w.between(0, time.Minute), func() { w.submit([]*engine.Input{in}, 6) })
		}
		return nil
	}); err != nil {
		w.err = broken("I8", "the runs of older versions cannot be read: %v", err)
	}
}

// deploy makes an edition of the project the active one.
func (w *world) deploy() {
	before := w.model.Live()
	project := w.edition()
	deploy := &engine.Deploy{Marks: project.Marks()}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	if before > 0 && w.authors.editions > 1 {
		w.reached["flow edited while a run waits"]++
	}
	give := func() { w.insist(&engine.Input{Payload: deploy}, func() bool { return true }) }
	if hours := w.propose(deploy); hours > 0 {
		w.later(hours, give)
		return
	}
	give()
}

// edition is the project as it is now: an example stays as it is.
func (w *world) edition() *flows.Project {
	if w.example != nil {
		return w.example.project
	}
	return w.authors.edition()
}

// keepBackups copies the disk from time to time, and rarely puts a copy back.
func (w *world) keepBackups() {
	if w.calm {
		return
	}
	w.later(w.between(time.Hour, 8*time.Hour), w.keepBackups)
	if !w.chance(restores, 1) {
		return
	}
	if len(w.backups) == 0 || w.dice.IntN(3) > 0 {
		w.backUp()
		return
	}
	w.reached["restored from a backup"]++
	if w.loop != nil {
		w.kill()
	}
	w.putBack(w.dice.IntN(len(w.backups)), w.dice.IntN(2) == 0)
	w.dead()
	if w.example != nil { // the backup may be older than its flows
		w.deploy()
	}
}
