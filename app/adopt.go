package app

import (
	"context"
	"fmt"
	"slices"

	"nudge/engine"
	"nudge/flows"
)

// adopt makes a project's flows the active ones and its outbound mode the one that
// holds, each as an input and only where it differs from what the store has. On a
// reload the mode is taken only when the file has changed it, so that what an
// operator has set by the API meanwhile stays.
func (i *Instance) adopt(ctx context.Context, p *Project) error {
	state, err := i.store.State()
	if err != nil {
		return failed(err)
	}
	if !slices.Equal(versions(p.Flows), state.Active) {
		deploy := &engine.Deploy{Flows: p.Bundles()}
		if err := i.submit(ctx, &engine.Input{Payload: deploy}); err != nil {
			return fmt.Errorf("deploy the flows: %w", err)
		}
		i.noteDeploy()
		i.log.Info("flows deployed", "flows", len(p.Flows))
	}
	wanted := p.Settings.Outbound
	again := p != i.project && sameOutbound(wanted, i.project.Settings.Outbound)
	if wanted != nil && !again && !holds(&state, wanted) {
		if err := i.submit(ctx, &engine.Input{Payload: wanted}); err != nil {
			return fmt.Errorf("set what may go out: %w", err)
		}
		i.log.Info("outbound mode set", "outbound", wanted.Outbound.String())
	}
	i.project = p
	return nil
}

// Kill stops every post that is not yet under way, until an operator lets them go
// again by the API.
func (i *Instance) Kill(ctx context.Context) error {
	kill := true
	return i.submit(ctx, &engine.Input{Payload: &engine.Control{Kill: &kill}})
}

// submit applies one input of our own.
func (i *Instance) submit(ctx context.Context, in *engine.Input) error {
	answers, err := i.runner.Submit(ctx, in)
	if err != nil {
		return failed(err)
	}
	if refused := answers[0].Refused; refused != nil {
		return wrongInput(fmt.Errorf("%s", refused.Detail))
	}
	return nil
}

// versions are those of the flows, which are sorted by name as State.Active is.
func versions(all []*flows.Flow) []engine.FlowVersion {
	var list []engine.FlowVersion
	for _, f := range all {
		list = append(list, engine.FlowVersion{Flow: f.Name, Version: f.Version})
	}
	return list
}

// holds reports whether the mode is already the one wanted.
func holds(s *engine.State, c *engine.Control) bool {
	return s.Outbound == c.Outbound && slices.Equal(s.Only, sortedOnce(c.Only))
}

func sameOutbound(a, b *engine.Control) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Outbound == b.Outbound && slices.Equal(sortedOnce(a.Only), sortedOnce(b.Only))
}

func sortedOnce(texts []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(texts)))
}
