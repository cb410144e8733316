package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
)

// adopt makes a project's flows the active ones and its outbound mode the current one.
// Each is an input, applied only if it differs from the store. On a reload the mode is
// applied only if the file has changed it. So a mode that an operator has set by the API
// stays. By is who asked for it.
func (i *Instance) adopt(ctx context.Context, p *Project, by *engine.Actor) error {
	state, err := i.store.State()
	if err != nil {
		return failed(err)
	}
	marks, err := i.store.Marks()
	if err != nil {
		return failed(err)
	}
	if !slices.Equal(versions(p.Flows), state.Active) || p.Marks() != marks {
		if err := i.warnOfTakingBack(by); err != nil {
			return failed(err)
		}
		deploy := &engine.Deploy{Flows: p.Bundles(), Marks: p.Marks()}
		if err := i.submit(ctx, &engine.Input{By: by, Payload: deploy}); err != nil {
			return fmt.Errorf("deploy the flows: %w", err)
		}
		i.noteDeploy()
		i.log.Info("flows deployed", "flows", len(p.Flows))
	}
	wanted := p.Settings.Outbound
	again := p != i.project && sameOutbound(wanted, i.project.Settings.Outbound)
	if wanted != nil && !again && !holds(&state, wanted) {
		if err := i.submit(ctx, &engine.Input{By: by, Payload: wanted}); err != nil {
			return fmt.Errorf("set what may go out: %w", err)
		}
		i.log.Info("outbound mode set", "outbound", wanted.Outbound.String())
	}
	i.project = p
	i.served.Store(p)
	return nil
}

// warnOfTakingBack says so if the flows on the disk take the place of what somebody has deployed by the API.
func (i *Instance) warnOfTakingBack(by *engine.Actor) error {
	items, _, err := i.store.DeployHistory(store.DeployCursor{}, lastDeploys)
	for _, item := range items {
		var of engine.Actor
		switch {
		case item.Deploy != nil:
			of = item.Deploy.By
		case item.Proposal.State == store.ProposalApproved:
			of = item.Proposal.Decider
		default:
			continue
		}
		if by != nil && of.Name != by.Name && of.Name != "start" && of.Address != "" {
			i.log.Warn("the flows on the disk take the place of those that were deployed by the API; put those on the disk, or deploy them again", "deployed_by", of.Name)
		}
		return err
	}
	return err
}

// lastDeploys is how many proposals and deploys are looked at for the last deploy.
const lastDeploys = 50

// Kill stops every post that is not yet under way, until an operator releases the posts by
// the API. By is who asked for it.
func (i *Instance) Kill(ctx context.Context, by *engine.Actor) error {
	kill := true
	return i.submit(ctx, &engine.Input{By: by, Payload: &engine.Control{Kill: &kill}})
}

// submit applies an input that the instance itself makes. While what it concerns moves from node to node, it tries again: done
// twice it changes nothing more.
func (i *Instance) submit(ctx context.Context, in *engine.Input) error {
	var answers []engine.Answer
	err := whileMoving(ctx, func() (err error) {
		one := *in
		answers, err = i.runner.Submit(ctx, &one)
		return err
	})
	if err != nil {
		return failed(err)
	}
	if refused := answers[0].Refused; refused != nil {
		return wrongInput(fmt.Errorf("%s", refused.Detail))
	}
	return nil
}

// whileMoving tries something again while what it concerns moves from one node to another, as it often does when nodes start together.
func whileMoving(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, maxLease) // no node may have it for so long
	defer cancel()
	for {
		err := try()
		if !errors.Is(err, runner.ErrElsewhere) && !errors.Is(err, runner.ErrUnsure) {
			return err
		}
		select {
		case <-time.After(awaitEvery):
		case <-ctx.Done():
			return err
		}
	}
}

// versions returns the versions of the flows, which are sorted by name like State.Active.
func versions(all []*flows.Flow) []engine.FlowVersion {
	var list []engine.FlowVersion
	for _, f := range all {
		list = append(list, engine.FlowVersion{Flow: f.Name, Version: f.Version})
	}
	return list
}

// holds reports whether the wanted mode is already active.
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
