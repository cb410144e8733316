package server

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/engine"
	"nudge/runner"
)

// errFull says that nothing is taken because the disk is nearly full.
var errFull = errors.New("the disk of the store is nearly full; nothing is taken until there is room again")

// intake is a runner that takes nothing more while the disk is nearly full, so that what was
// taken can still be carried out: messages that are due, receipts of the rows that run, and the
// commands of operators.
type intake struct {
	Runner
	full    func() bool
	refused prometheus.Counter
}

// Submit fails with errFull while the disk is nearly full.
func (i intake) Submit(ctx context.Context, inputs ...*engine.Input) ([]engine.Answer, error) {
	if i.refuses(inputs) {
		return nil, errFull
	}
	return i.Runner.Submit(ctx, inputs...)
}

// Begin fails with errFull while the disk is nearly full.
func (i intake) Begin(inputs ...*engine.Input) (*runner.Ticket, error) {
	if i.refuses(inputs) {
		return nil, errFull
	}
	return i.Runner.Begin(inputs...)
}

func (i intake) refuses(inputs []*engine.Input) bool {
	for _, in := range inputs {
		if !stops(in) && i.full() {
			i.refused.Inc()
			return true
		}
	}
	return false
}

// stops reports whether an input ends what fills the disk, or says what somebody did, such as a backup.
func stops(in *engine.Input) bool {
	switch p := in.Payload.(type) {
	case *engine.Control, *engine.Cancel, *engine.CampaignControl, *engine.Note:
		return true
	case *engine.ProfileChange:
		return p.Forget || p.OptOut != ""
	}
	return false
}
