package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nudge/client"
)

var deployViews = []view{
	{pattern: Root + "deploys", file: "deploys", section: "deploys", load: loadDeploys},
	{pattern: Root + "deploys/{id}", file: "deploy", section: "deploys", topics: []string{"jobs"}, load: loadDeploy},
}

var deployActions = []action{
	{pattern: Root + "deploys", scope: "author", section: "deploys", files: true, do: propose},
	{pattern: Root + "deploys/{id}/plan", scope: "author", section: "deploys", do: reviewBy((*client.Client).PlanProposal)},
	{pattern: Root + "deploys/{id}/prove", scope: "author", section: "deploys", do: reviewBy((*client.Client).ProveProposal)},
	{pattern: Root + "deploys/{id}/backtest", scope: "author", section: "deploys", do: backtestProposal},
	{pattern: Root + "deploys/{id}/watch", scope: "author", section: "deploys", do: watchBy(func(v *visit, id string) (*client.Deploy, error) {
		return v.api.WatchDeploy(v.ctx(), id, client.BacktestOf{})
	})},
	{pattern: Root + "deploys/{id}/unwatch", scope: "author", section: "deploys", do: watchBy(func(v *visit, id string) (*client.Deploy, error) {
		return v.api.UnwatchDeploy(v.ctx(), id)
	})},
	{pattern: Root + "deploys/{id}/approve", scope: "author", section: "deploys", asks: askApprove, do: approve},
	{pattern: Root + "deploys/{id}/withdraw", scope: "author", section: "deploys", asks: askWithdraw, do: withdraw},
}

// deploysPage is the history of deploys.
type deploysPage struct {
	*client.DeployPage
	Open []client.Deploy // that wait for somebody, of this page
	Past []client.Deploy // the others
}

func loadDeploys(v *visit) (*content, error) {
	page, err := v.api.Deploys(v.ctx(), v.query("before"), 0)
	if err != nil {
		return nil, err
	}
	p := deploysPage{DeployPage: page}
	for _, d := range page.Deploys {
		if d.State == "open" {
			p.Open = append(p.Open, d)
		} else {
			p.Past = append(p.Past, d)
		}
	}
	return &content{Title: "Deploys", Data: p}, nil
}

// deployPath is that of the page of a proposal.
func deployPath(id string) string { return Root + "deploys/" + id }

// propose proposes the project whose files somebody has selected.
func propose(v *visit) (*done, error) {
	if len(v.files) == 0 {
		return nil, &client.Problem{Status: 400, Detail: "no file of a project was sent: select its folder, or an archive of it"}
	}
	d, err := v.api.ProposeDeploy(v.ctx(), v.files, strings.TrimSpace(v.posted("note")))
	if err != nil {
		return nil, err
	}
	said := "It is proposed. Find out what it does before somebody approves it."
	if n := len(d.Warnings); n > 0 {
		said += " The project has " + v.Many(n, "warning", "warnings") + ": " + d.Warnings[0].Message + "."
	}
	return &done{To: deployPath(d.ID), Said: said}, nil
}

// deployPage is one proposal.
type deployPage struct {
	*client.Deploy
	Plan, Backtest, Prove *reviewed
	Files                 part[[]changedFile]
	More                  bool // there is more of the files than is shown
	Own                   bool // somebody else has to approve it
}

// Wary reports whether somebody should look twice: what is known is not all good, or not all.
func (p deployPage) Wary() bool {
	for _, r := range []*reviewed{p.Plan, p.Backtest, p.Prove} {
		if r == nil || r.State != "done" || r.Old || r.Plan.Ends > 0 || slices.ContainsFunc(r.Prove.Broken, func(b brokenPromise) bool { return b.New }) {
			return true
		}
	}
	return false
}

// reviewed is what somebody has found out about a proposal.
type reviewed struct {
	client.Review
	Job      *client.Job // while it is under way
	Plan     planFound
	Backtest backtestFound
	Prove    proofFound
}

// sinceEarlier is how a backtest differs from the one before, each number with its sign.
type sinceEarlier struct {
	Done                  client.Time // when the one before was
	Before, After, Differ string
}

// Since is how a backtest differs from the one before; nil if there was none.
func (r *reviewed) Since() *sinceEarlier {
	was := r.Earlier
	if was == nil || r.Done.IsZero() {
		return nil
	}
	f := &r.Backtest
	signed := func(now, was int) string { return fmt.Sprintf("%+d", now-was) }
	return &sinceEarlier{was.Done, signed(f.Before.Messages, was.Before.Messages), signed(f.After.Messages, was.After.Messages), signed(f.Differ, was.Differ)}
}

// planFound is the answer of a plan.
type planFound struct {
	Moves, Ends, Stays uint64
	Flows              []client.PlannedFlow
}

// backtestFound is the answer of a backtest.
type backtestFound struct {
	From, Until   client.Time
	Inputs        int
	Differ        int
	Before, After struct{ Messages, People int }
	Changes       messageChanges
	Templates     []struct {
		Flow, Template string
		Before, After  int
		messageChanges
	}
	People []struct {
		Profile       string
		Before, After int
	}
}

// Differs reports whether a message differs.
func (f backtestFound) Differs() bool {
	c := f.Changes
	return c.Reworded+c.Moved+c.Added+c.Dropped > 0
}

// messageChanges are messages by what the proposal does to them.
type messageChanges struct{ Same, Reworded, Moved, Added, Dropped int }

// proofFound is the answer of a proof.
type proofFound struct {
	Broken []brokenPromise
	Kept   []struct{ Flow, What string }
	Bounds []struct{ Flow, What, Before, After string }
}

// brokenPromise is a promise that a proposal can break; New: the active flow keeps it, or does not promise it.
type brokenPromise struct {
	Flow, What, Found, Test, Place string
	New                            bool
}

func loadDeploy(v *visit) (*content, error) {
	d, err := v.api.ProposedDeploy(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := deployPage{Deploy: d, Own: v.Me.Server.SecondPerson && d.By.Name == v.Me.Name}
	loaded := &content{Title: "Deploy " + d.ID, Crumbs: []crumb{{"Deploys", Root + "deploys"}}, Live: []string{"deploy-verdict", "deploy-plan", "deploy-backtest", "deploy-prove"}}
	for i := range d.Reviews {
		r, err := v.reviewedOf(&d.Reviews[i])
		if err != nil {
			return nil, err
		}
		loaded.Fills = loaded.Fills || r.Job != nil
		switch r.Kind {
		case "plan":
			p.Plan = r
		case "backtest":
			p.Backtest = r
		case "prove":
			p.Prove = r
		}
	}
	if v.r.Header.Get(partsHeader) == "" {
		files, more, err := v.changedFiles(d)
		p.Files, p.More = partOf(files, err), more
	}
	loaded.Data = p
	return loaded, nil
}

// reviewedOf reads what a review has found, or how far it is.
func (v *visit) reviewedOf(of *client.Review) (*reviewed, error) {
	r := &reviewed{Review: *of}
	if of.State == "waiting" || of.State == "running" {
		job, err := v.api.Job(v.ctx(), of.Job)
		r.Job = job
		return r, err
	}
	if len(of.Result) == 0 {
		return r, nil
	}
	into := map[string]any{"plan": &r.Plan, "backtest": &r.Backtest, "prove": &r.Prove}[of.Kind]
	if into == nil { // a kind that a later server has
		return r, nil
	}
	return r, json.Unmarshal(of.Result, into)
}

// reviewBy starts what finds something out about a proposal.
func reviewBy(begin func(*client.Client, contextOf, string) (*client.Job, error)) func(*visit) (*done, error) {
	return func(v *visit) (*done, error) {
		id := v.r.PathValue("id")
		_, err := begin(v.api, v.ctx(), id)
		return &done{To: deployPath(id)}, err
	}
}

func backtestProposal(v *visit) (*done, error) {
	id := v.r.PathValue("id")
	_, err := v.api.BacktestProposal(v.ctx(), id, client.BacktestOf{})
	return &done{To: deployPath(id)}, err
}

// watchBy changes whether a proposal is backtested each hour.
func watchBy(change func(*visit, string) (*client.Deploy, error)) func(*visit) (*done, error) {
	return func(v *visit) (*done, error) {
		id := v.r.PathValue("id")
		_, err := change(v, id)
		return &done{To: deployPath(id)}, err
	}
}

// changedFile is a file that a proposal changes.
type changedFile struct {
	Name  string
	Lines []diffLine
}

// changedFiles compares the files of a proposal with those of the flows that were active.
func (v *visit) changedFiles(d *client.Deploy) (all []changedFile, more bool, err error) {
	names := map[string]bool{}
	for _, c := range d.Changes {
		for _, name := range c.Files {
			names[name] = true
		}
	}
	before, after, err := v.filesAround(d)
	if err != nil {
		return nil, false, err
	}
	for _, c := range d.Changes {
		if c.Before == "" || c.After == "" { // of a flow that comes or goes, its own file
			names["flows/"+c.Flow+".yaml"] = true
		}
	}
	shown := 0
	for name := range names {
		if name != projectFile { // of which only a part is kept with a version
			all = append(all, changedFile{Name: name})
		}
	}
	slices.SortFunc(all, func(a, b changedFile) int { return strings.Compare(a.Name, b.Name) })
	for i := range all {
		f := &all[i]
		if !strings.HasPrefix(f.Name, "flows/") && !strings.HasPrefix(f.Name, "templates/") {
			f.Lines = []diffLine{{" ", "", "It is no text."}}
			continue
		}
		f.Lines = diffOf(before[f.Name], after[f.Name])
		if left := maxDiffShown - shown; len(f.Lines) > left {
			f.Lines, more = f.Lines[:max(left, 0)], true
		}
		shown += len(f.Lines)
	}
	return all, more, nil
}

// filesAround are the texts of files before a proposal and with it. Those of one that is decided are in the versions of its flows.
func (v *visit) filesAround(d *client.Deploy) (before, after map[string]string, err error) {
	before, after = map[string]string{}, map[string]string{}
	if d.Decided.IsZero() {
		old, err := v.api.FilesBefore(v.ctx(), d.ID)
		if err != nil {
			return nil, nil, err
		}
		proposed, err := v.api.ProposedFiles(v.ctx(), d.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range old {
			before[f.Name] = f.Text
		}
		for _, f := range proposed {
			after[f.Name] = f.Text
		}
		return before, after, nil
	}
	if d.State == "withdrawn" {
		return nil, nil, errors.New("it was withdrawn, and its files are not kept")
	}
	for _, c := range d.Changes {
		for version, into := range map[string]map[string]string{c.Before: before, c.After: after} {
			if version == "" {
				continue
			}
			f, err := v.api.Flow(v.ctx(), c.Flow, version)
			if err != nil {
				return nil, nil, err
			}
			for _, file := range f.Files {
				into[file.Name] = file.Text
			}
		}
	}
	return before, after, nil
}
