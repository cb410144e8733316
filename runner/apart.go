package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nudge/engine"
)

// apart is inputs that were begun in several partitions.
type apart struct {
	answers []engine.Answer
	pieces  []piece
}

// piece is the inputs of one partition, or one command that all take.
type piece struct {
	w  *waiting
	at []int // places of its inputs among all
}

// beginApart puts inputs into the queues of their partitions. If one of several has no room, its inputs are refused as
// their answers say, and the others are taken.
func (r *Runner) beginApart(inputs []*engine.Input) (*Ticket, error) {
	a := &apart{answers: make([]engine.Answer, len(inputs))}
	parts, n := map[int][]int{}, len(r.places)
	for i, in := range inputs {
		route := engine.RouteOf(in, n)
		switch {
		case route.Own:
			return nil, fmt.Errorf("runner: only a loop itself makes an input of the kind %s", in.Kind())
		case route.Each:
			w := &waiting{Group: Group{Inputs: []*engine.Input{in}}, done: make(chan error, 1), arrived: time.Now()}
			if err := r.command(w); err != nil {
				return nil, err
			}
			a.pieces = append(a.pieces, piece{w, []int{i}})
		case route.Run != engine.RunID{}:
			home, err := r.partitionOf(route.Run)
			if err != nil {
				return nil, err
			}
			parts[home] = append(parts[home], i)
		default:
			parts[route.Partition] = append(parts[route.Partition], i)
		}
	}
	for number := range r.places {
		at := parts[number]
		if len(at) == 0 {
			continue
		}
		w := &waiting{done: make(chan error, 1), arrived: time.Now(), follows: true}
		for _, i := range at {
			w.Inputs = append(w.Inputs, inputs[i])
		}
		switch err := r.homeOf(number).push(w); {
		case errors.Is(err, ErrBusy) && len(at) < len(inputs):
			for _, i := range at {
				a.answers[i] = engine.Answer{Refused: &engine.Refusal{Why: engine.RefusedBusy, Detail: err.Error()}}
			}
		case err != nil:
			return nil, err
		default:
			a.pieces = append(a.pieces, piece{w, at})
		}
	}
	return &Ticket{apart: a}, nil
}

// command adds a common command to the log of those. The process that has the first partition keeps it.
func (r *Runner) command(w *waiting) error {
	first := r.places[0]
	if d := first.driver.Load(); first.remote != nil && (d == nil || !d.has() || d.closing()) {
		return first.remote.push(w)
	}
	if err := r.commands.add(w); err != nil {
		return err
	}
	r.nudge()
	return nil
}

func (a *apart) wait(ctx context.Context) ([]engine.Answer, error) {
	for _, p := range a.pieces {
		got, err := p.w.wait(ctx)
		if err != nil {
			return nil, err
		}
		for i, at := range p.at {
			a.answers[at] = got[i]
		}
		if len(p.at) < len(a.answers) {
			a.refuseAll(p.at)
		}
	}
	return a.answers, nil
}

// refuseAll makes the inputs of a partition say that none was taken if one of them is refused.
func (a *apart) refuseAll(places []int) {
	first := slices.IndexFunc(places, func(at int) bool { return a.answers[at].Refused != nil })
	if first < 0 {
		return
	}
	why := a.answers[places[first]].Refused
	for _, at := range places {
		if a.answers[at].Refused == nil {
			a.answers[at].Refused = &engine.Refusal{Why: why.Why,
				Detail: fmt.Sprintf("it was not taken because input %d of the request was refused, and both are kept in one place", places[first])}
		}
	}
}
