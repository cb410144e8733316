package console

import (
	"context"
	"net/http"
	"strings"

	"nudge/client"
)

// contextOf is the context of a request, in the type of a function.
type contextOf = context.Context

// proposalOf is the proposal that an action is about, while somebody can decide it.
func (v *visit) proposalOf() (*client.Deploy, error) {
	d, err := v.api.ProposedDeploy(v.ctx(), v.r.PathValue("id"))
	if err == nil && !d.Decided.IsZero() {
		err = &client.Problem{Status: http.StatusConflict, Detail: "the proposal is " + d.State + " already, by " + d.DecidedBy.Name}
	}
	return d, err
}

// toldOf is how many runs a proposal moves or ends, as its plan has said; ok: there is one, and it is not old.
func (v *visit) toldOf(d *client.Deploy) (plan planFound, ok bool) {
	for i := range d.Reviews {
		if r := &d.Reviews[i]; r.Kind == "plan" && r.State == "done" && !r.Old {
			found, err := v.reviewedOf(r)
			return found.Plan, err == nil
		}
	}
	return plan, false
}

func askApprove(v *visit) (*question, error) {
	d, err := v.proposalOf()
	if err != nil {
		return nil, err
	}
	if v.Me.Server.SecondPerson && d.By.Name == v.Me.Name {
		return nil, &client.Problem{Status: http.StatusForbidden, Detail: "nobody approves an own proposal: somebody with a token of another name can"}
	}
	if d.State == "stale" {
		return nil, &client.Problem{Status: http.StatusConflict, Detail: "another deploy has changed " + strings.Join(d.Overtaken, ", ") + " since it was proposed: propose it again"}
	}
	q := &question{
		Title:   "Deploy " + d.ID + "?",
		Touches: "New runs start with the proposed version of " + v.flowsOf(d) + ".",
		Stays:   "Runs that live go on with the version that they have, unless a migration of the flow names them.",
		Undo:    "A deploy cannot be taken back. What was active before can be proposed again.",
		Button:  "Deploy " + v.Many(len(d.Changes), "flow", "flows"), Type: v.serverName(), Back: deployPath(d.ID),
	}
	plan, ok := v.toldOf(d)
	if !ok {
		q.Touches += " Nobody has found out how many people it moves or ends: ask for the plan first."
		return q, nil
	}
	q.Number = int(plan.Moves + plan.Ends)
	q.Touches += " " + v.Many(plan.Moves, "run moves", "runs move") + " to it, and " + v.Many(plan.Ends, "ends", "end") + ", as the plan has said."
	if q.Number > 0 {
		q.Button = "Deploy, for " + v.Many(q.Number, "run", "runs")
	}
	return q, nil
}

// flowsOf names the flows that a proposal changes.
func (v *visit) flowsOf(d *client.Deploy) string {
	var names []string
	for _, c := range d.Changes {
		names = append(names, c.Flow)
	}
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " and " + v.Num(len(names)-most) + " more"
	}
	return strings.Join(names, ", ")
}

func approve(v *visit) (*done, error) {
	d, err := v.proposalOf()
	if err != nil {
		return nil, err
	}
	told := client.Approval{}
	if plan, ok := v.toldOf(d); ok {
		n := plan.Moves + plan.Ends
		told.Expect = &n
	}
	if _, err := v.api.ApproveDeploy(v.ctx(), d.ID, told); err != nil {
		return nil, err
	}
	return &done{To: deployPath(d.ID), Said: "It is deployed."}, nil
}

func askWithdraw(v *visit) (*question, error) {
	d, err := v.proposalOf()
	if err != nil {
		return nil, err
	}
	return &question{
		Title: "Withdraw the proposal " + d.ID + "?", Touches: "Nobody is touched: the proposal of " + d.By.Name + " is not deployed.",
		Stays: "The flows that are active stay as they are.", Undo: "It cannot be taken back, but the same can be proposed again.",
		Button: "Withdraw 1 proposal", Stops: true, Back: deployPath(d.ID),
	}, nil
}

func withdraw(v *visit) (*done, error) {
	d, err := v.api.WithdrawDeploy(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return &done{To: deployPath(d.ID), Said: "It is withdrawn."}, nil
}
