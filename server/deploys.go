package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/store"
	"nudge/whatif/plan"
)

// The states of a deploy in the history.
const (
	deployOpen      = "open"      // a proposal about which nobody has decided
	deployStale     = "stale"     // an open one that cannot be approved any more
	deployApproved  = "approved"  // a proposal that was deployed
	deployWithdrawn = "withdrawn" // a proposal that will not be deployed
	deployDirect    = "deployed"  // without a proposal
)

// Deploy is a proposal, or a deploy that nobody proposed, as the API shows it.
type Deploy struct {
	ID        string             `json:"id,omitempty"` // of the proposal; empty for a deploy without one
	State     string             `json:"state"`        // open, stale, approved, withdrawn, or deployed without a proposal
	At        engine.Instant     `json:"at"`           // when it was proposed, or deployed without a proposal
	By        engine.Actor       `json:"by"`           // who did that
	Note      string             `json:"note,omitempty"`
	Changes   []store.FlowChange `json:"changes"`              // of flows; what stays as it is has no line
	Overtaken []string           `json:"overtaken,omitempty"`  // of a stale one: the flows that another deploy has changed since
	Decided   engine.Instant     `json:"decided,omitzero"`     // when it was approved or withdrawn
	DecidedBy *engine.Actor      `json:"decided_by,omitempty"` // who did that
	Seq       uint64             `json:"seq,omitempty"`        // number of the deploy in the journal
	Verdict   string             `json:"verdict,omitempty"`    // what its reviews have found out, on one line; only where one proposal is shown
	Reviews   []Review           `json:"reviews,omitempty"`    // likewise
	Watch     *Watch             `json:"watch,omitempty"`      // how it is backtested again and again; nil: it is not
	Warnings  diag.List          `json:"warnings,omitempty"`   // of the project; only in the answer to the person who proposes it
}

// deployPage is a page of the history.
type deployPage struct {
	Deploys []Deploy `json:"deploys"`
	Next    string   `json:"next,omitempty"`
}

// proposal is a request to deploy a project once somebody has approved it.
type proposal struct {
	Files []flows.File `json:"files"`
	Note  string       `json:"note,omitempty"` // why, for the person who approves it
}

// maxNoteBytes is how long the note of a proposal may be; a longer one is refused with 400.
const maxNoteBytes = 2000

// proposedFiles are the files of a proposal, as they were given.
type proposedFiles struct {
	Files []flows.File `json:"files"`
}

// firstPerson refuses a deploy that nobody else has seen, where that needs a second person.
func (s *Server) firstPerson() error {
	if !s.needsSecond() {
		return nil
	}
	return problemOf(http.StatusForbidden, "second-person",
		"nudge.yaml of the server says deploys: { second_person: true }, so nobody deploys alone: propose it with nudge flows deploy --propose (POST /v1/deploys), and somebody else approves it")
}

func (s *Server) needsSecond() bool { return s.config.SecondPerson != nil && s.config.SecondPerson() }

// proposeDeploy keeps a project for somebody to approve.
func (s *Server) proposeDeploy(w http.ResponseWriter, r *http.Request) {
	request, p, warnings, err := s.readProposal(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	made, err := s.newProposal(p, request)
	if err == nil {
		made.By = *actorOf(w, r)
		made, err = s.keepProposal(r, made, request)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	shown, err := s.shownProposal(made)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	shown.Warnings = warnings
	reply(w, http.StatusCreated, shown)
}

func (s *Server) readProposal(w http.ResponseWriter, r *http.Request) (*proposal, *flows.Project, diag.List, error) {
	if err := refuseKey(r, "this takes no Idempotency-Key: what is sent twice is proposed once, while it is open"); err != nil {
		return nil, nil, nil, err
	}
	body, err := s.readBody(w, r, maxProjectBody)
	if err != nil {
		return nil, nil, nil, err
	}
	request := new(proposal)
	if err := decode(body, request); err != nil {
		return nil, nil, nil, err
	}
	if len(request.Note) > maxNoteBytes {
		return nil, nil, nil, wrongField("note", fmt.Sprintf("a note has at most %d bytes", maxNoteBytes))
	}
	p, warnings, err := loadProject(request.Files)
	if err == nil { // everybody who may read sees the files of a proposal
		request.Files = p.Deployable()
	}
	return request, p, warnings, err
}

// newProposal compares a project with the flows that are active now.
func (s *Server) newProposal(p *flows.Project, request *proposal) (*store.Proposal, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	sum, size := sha256.New(), 0
	slices.SortFunc(request.Files, func(a, b flows.File) int { return strings.Compare(a.Name, b.Name) })
	fmt.Fprintf(sum, "%q", request.Note)
	for _, f := range request.Files {
		size += len(f.Text)
		fmt.Fprintf(sum, "%q%q", f.Name, f.Text)
	}
	made := &store.Proposal{At: engine.InstantOf(s.now()), Note: request.Note, Digest: hex.EncodeToString(sum.Sum(nil)), Bytes: size, Against: state.Active}
	for _, f := range p.Flows {
		made.Next = append(made.Next, engine.FlowVersion{Flow: f.Name, Version: f.Version})
	}
	if made.Changes, err = s.changesOf(state.Active, p.Flows); err != nil {
		return nil, err
	}
	marks, err := s.config.Store.Marks()
	if err != nil {
		return nil, err
	}
	if len(made.Changes) == 0 && marks == p.Marks() {
		return nil, problemOf(http.StatusConflict, "unchanged", "these flows are the active ones already, so there is nothing to propose")
	}
	return made, nil
}

// changesOf is what a deploy of flows would do to each flow.
func (s *Server) changesOf(active []engine.FlowVersion, next []*flows.Flow) (all []store.FlowChange, err error) {
	for _, v := range active {
		if !slices.ContainsFunc(next, func(f *flows.Flow) bool { return f.Name == v.Flow }) {
			all = append(all, store.FlowChange{Flow: v.Flow, Before: v.Version})
		}
	}
	for _, f := range next {
		i := slices.IndexFunc(active, func(v engine.FlowVersion) bool { return v.Flow == f.Name })
		switch {
		case i < 0:
			all = append(all, store.FlowChange{Flow: f.Name, After: f.Version})
		case active[i].Version != f.Version:
			now, err := s.flows.version(active[i])
			if err != nil {
				return nil, err
			}
			all = append(all, store.FlowChange{Flow: f.Name, Before: active[i].Version, After: f.Version, Files: plan.Files(now, f)})
		}
	}
	slices.SortFunc(all, func(a, b store.FlowChange) int { return strings.Compare(a.Flow, b.Flow) })
	return all, nil
}

// keepProposal keeps a proposal, with an entry in the audit trail unless it was there already.
func (s *Server) keepProposal(r *http.Request, made *store.Proposal, request *proposal) (*store.Proposal, error) {
	if s.config.Full != nil && s.config.Full() { // it may be as large as a project
		return nil, runnerProblem(errFull)
	}
	s.deciding.Lock() // so that nobody sees one that leaves no entry
	defer s.deciding.Unlock()
	kept, err := s.config.Store.AddProposal(made, encoded(proposedFiles{request.Files}))
	if errors.Is(err, store.ErrManyProposals) {
		err = problemOf(http.StatusConflict, "many-proposals", err.Error())
	}
	if err != nil || kept != made {
		return kept, err
	}
	if err := s.note(r.Context(), &made.By, "propose deploy", decided{idOf(made), flowsOf(made)}); err != nil {
		return nil, errors.Join(err, s.config.Store.ForgetProposal(made.Number))
	}
	return made, nil
}

// decided is a proposal in the audit trail.
type decided struct {
	Proposal string   `json:"proposal"`
	Flows    []string `json:"flows"` // that it changes
}

func idOf(p *store.Proposal) string { return strconv.FormatUint(p.Number, 10) }

func flowsOf(p *store.Proposal) (names []string) {
	for _, c := range p.Changes {
		names = append(names, c.Flow)
	}
	return names
}

// proposalOf returns the proposal that a path names.
func (s *Server) proposalOf(r *http.Request) (*store.Proposal, error) {
	id := r.PathValue("id")
	number := engine.ProposalNumber(id)
	missing := problemOf(http.StatusNotFound, "not-found", "there is no proposal "+shortened(id)+"; nudge deploys lists them")
	if number == 0 || strconv.FormatUint(number, 10) != id {
		return nil, missing
	}
	p, err := s.config.Store.Proposal(number)
	if err == nil && p == nil {
		return nil, missing
	}
	return p, err
}

// shownProposal is a proposal beside the flows that are active now.
func (s *Server) shownProposal(p *store.Proposal) (Deploy, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return Deploy{}, err
	}
	d := shownProposal(p, state.Active)
	d.Watch, err = s.shownWatch(p, state.Active)
	return d, err
}

func shownProposal(p *store.Proposal, active []engine.FlowVersion) Deploy {
	d := Deploy{ID: idOf(p), At: p.At, By: p.By, Note: p.Note, Changes: append([]store.FlowChange{}, p.Changes...), Seq: p.Seq}
	switch p.State {
	case store.ProposalApproved:
		d.State = deployApproved
	case store.ProposalWithdrawn:
		d.State = deployWithdrawn
	default:
		d.State = deployOpen
		if d.Overtaken = engine.Overtaken(active, p.Against, p.Next); len(d.Overtaken) > 0 {
			d.State = deployStale
		}
	}
	if p.Decided != 0 {
		d.Decided, d.DecidedBy = p.Decided, &p.Decider
	}
	return d
}

// shownDeploy is a deploy that has no proposal.
func shownDeploy(x *store.Deploy) Deploy {
	d := Deploy{State: deployDirect, At: x.At, By: x.By, Changes: []store.FlowChange{}, Seq: x.Seq}
	if x.Proposal != 0 { // which is dropped
		d.State = deployApproved
	}
	changes := map[string]*store.FlowChange{}
	for raw, version := range map[*json.RawMessage]func(*store.FlowChange) *string{
		&x.Before: func(c *store.FlowChange) *string { return &c.Before }, &x.After: func(c *store.FlowChange) *string { return &c.After },
	} {
		versions := map[string]string{}
		if len(*raw) > 0 && json.Unmarshal(*raw, &versions) != nil {
			continue
		}
		for flow, v := range versions {
			if changes[flow] == nil {
				changes[flow] = &store.FlowChange{Flow: flow}
			}
			*version(changes[flow]) = v
		}
	}
	for _, c := range changes {
		d.Changes = append(d.Changes, *c)
	}
	slices.SortFunc(d.Changes, func(a, b store.FlowChange) int { return strings.Compare(a.Flow, b.Flow) })
	return d
}

var deployParameters = []string{"before", "limit"}

// listDeploys lists proposals, and deploys without one.
func (s *Server) listDeploys(w http.ResponseWriter, r *http.Request) {
	cursor, limit, err := deployQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	state, err := s.config.Store.State()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	items, next, err := s.config.Store.DeployHistory(cursor, limit)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := deployPage{Deploys: []Deploy{}}
	for _, i := range items {
		if i.Proposal != nil {
			page.Deploys = append(page.Deploys, shownProposal(i.Proposal, state.Active))
		} else {
			page.Deploys = append(page.Deploys, shownDeploy(i.Deploy))
		}
	}
	if next != (store.DeployCursor{}) {
		page.Next = fmt.Sprintf("%d-%d", next.Proposal, next.Deploy)
	}
	reply(w, http.StatusOK, page)
}

func deployQuery(values url.Values) (c store.DeployCursor, limit int, err error) {
	if err := onlyParameters(values, deployParameters); err != nil {
		return c, 0, err
	}
	if limit, err = limitOf(values); err != nil {
		return c, 0, err
	}
	if text := values.Get("before"); text != "" {
		p, d, _ := strings.Cut(text, "-")
		var wrong [2]error
		c.Proposal, wrong[0] = strconv.ParseUint(p, 10, 64)
		c.Deploy, wrong[1] = strconv.ParseUint(d, 10, 64)
		if errors.Join(wrong[:]...) != nil {
			return c, 0, wrongParameter("before", "must be the place of a page, as next gives it")
		}
	}
	return c, limit, nil
}

// showDeploy shows a proposal.
func (s *Server) showDeploy(w http.ResponseWriter, r *http.Request) {
	p, err := s.proposalOf(r)
	var shown Deploy
	if err == nil {
		shown, err = s.shownProposal(p)
	}
	if err == nil {
		err = s.addReviews(p, &shown)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, shown)
}

// answerProposal answers with a proposal as it is now, or with an error.
func (s *Server) answerProposal(w http.ResponseWriter, r *http.Request, p *store.Proposal, err error) {
	var shown Deploy
	if err == nil {
		shown, err = s.shownProposal(p)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, shown)
}

// The files that can be asked for, of a proposal.
const (
	filesProposed = "proposed"
	filesActive   = "active" // of the flows that were active when it was proposed
)

// getProposedFiles gives the files of a proposal.
func (s *Server) getProposedFiles(w http.ResponseWriter, r *http.Request) {
	err := onlyParameters(r.URL.Query(), []string{"of"})
	var p *store.Proposal
	if err == nil {
		p, err = s.proposalOf(r)
	}
	var files *proposedFiles
	if err == nil {
		switch of := r.URL.Query().Get("of"); of {
		case "", filesProposed:
			files, err = s.filesOf(p)
		case filesActive:
			files, err = s.activeFiles(p)
		default:
			err = wrongParameter("of", "must be "+filesProposed+" or "+filesActive)
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, files)
}

// activeFiles are those of the flows that were active when somebody proposed others. Of nudge.yaml a version keeps only a part, so
// that is not among them.
func (s *Server) activeFiles(p *store.Proposal) (*proposedFiles, error) {
	texts := map[string]string{}
	for _, v := range p.Against {
		f, err := s.flows.version(v)
		if err != nil {
			return nil, err
		}
		if f == nil {
			return nil, problemOf(http.StatusNotFound, "unknown", "version "+v.Version+" of flow "+v.Flow+" has been dropped (retention in nudge.yaml)")
		}
		for _, file := range f.Bundle {
			texts[file.Name] = file.Text
		}
	}
	delete(texts, flows.ProjectFile)
	files := &proposedFiles{[]flows.File{}}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		files.Files = append(files.Files, flows.File{Name: name, Text: texts[name]})
	}
	return files, nil
}

// errDecided is the problem of files that are not there any more.
var errDecided = problemOf(http.StatusConflict, "decided", "the files of a proposal are kept while it is open, and this one is not; those of an approved one are in the versions of its flows")

// filesOf are the files of a proposal that is open.
func (s *Server) filesOf(p *store.Proposal) (*proposedFiles, error) {
	raw, err := s.config.Store.ProposalFiles(p.Number)
	if err != nil {
		return nil, err
	}
	if raw == nil {
		return nil, errDecided
	}
	files := new(proposedFiles)
	return files, json.Unmarshal(raw, files)
}

// approval is a request to deploy what was proposed; its body may be left out.
type approval struct {
	Expect *uint64 `json:"expect,omitempty"` // how many runs it moves or ends, as a plan has said; a tenth more are a reason to ask again
}

// approveDeploy deploys what was proposed.
func (s *Server) approveDeploy(w http.ResponseWriter, r *http.Request) {
	var request approval
	if err := s.read(w, r, &request); err != nil {
		s.fail(w, r, err)
		return
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	by := actorOf(w, r)
	p, err := s.toDecide(r, by.Name, store.ProposalApproved)
	if err == nil && p.State == store.ProposalOpen {
		if err = s.mayApprove(p, by.Name); err == nil {
			p, err = s.deployProposal(r, p, &request, by)
		}
	}
	s.answerProposal(w, r, p, err)
}

// expected refuses a deploy that would move or end over a tenth more runs than somebody has been told.
func (s *Server) expected(expect *uint64, p *store.Proposal, next []*flows.Flow) error {
	if expect == nil {
		return nil
	}
	moved, ended, err := plan.Count(s.config.Store, next)
	if now := moved + ended; err == nil && now > *expect+*expect/10 {
		return problemOf(http.StatusConflict, "grown", fmt.Sprintf("it would move or end %d runs now, and %d were expected: look again, for example with nudge deploys review %s", now, *expect, idOf(p)),
			fieldProblem{"expect", fmt.Sprintf("there are %d now", now)})
	}
	return err
}

// toDecide returns the proposal that a path names, if it is open, or if the same person has decided the same before.
func (s *Server) toDecide(r *http.Request, name string, state store.ProposalState) (*store.Proposal, error) {
	if err := refuseKey(r, "this takes no Idempotency-Key: a proposal is decided once, and the person who has decided so gets the same answer again"); err != nil {
		return nil, err
	}
	p, err := s.proposalOf(r)
	if err != nil {
		return nil, err
	}
	if p.State == store.ProposalOpen || p.State == state && p.Decider.Name == name {
		return p, nil
	}
	word := map[store.ProposalState]string{store.ProposalApproved: deployApproved, store.ProposalWithdrawn: deployWithdrawn}[p.State]
	return nil, problemOf(http.StatusConflict, "decided", fmt.Sprintf("%s has %s the proposal %s at %s", p.Decider.Name, word, idOf(p), p.Decided))
}

// mayApprove refuses the person who has proposed it, where a deploy needs a second person.
func (s *Server) mayApprove(p *store.Proposal, name string) error {
	if !s.needsSecond() || p.By.Name != name {
		return nil
	}
	return problemOf(http.StatusForbidden, "second-person",
		name+" has proposed it, and nobody approves an own proposal (deploys: { second_person: true } in nudge.yaml): somebody with a token of another name can")
}

// deployProposal makes the flows of a proposal the active ones, unless another deploy has overtaken it.
func (s *Server) deployProposal(r *http.Request, p *store.Proposal, request *approval, by *engine.Actor) (*store.Proposal, error) {
	files, err := s.filesOf(p)
	if err != nil {
		return nil, err
	}
	project, _, err := loadProject(files.Files)
	if err != nil { // another release of Nudge has taken it
		return nil, problemOf(http.StatusConflict, "stale", "this release of Nudge does not take the project any more: propose it again, to see its mistakes")
	}
	if err := s.expected(request.Expect, p, project.Flows); err != nil {
		return nil, err
	}
	input := &engine.Deploy{Proposal: idOf(p), Against: p.Against, Marks: project.Marks()}
	for _, f := range project.Flows {
		input.Flows = append(input.Flows, f.Bundle)
	}
	answers, err := s.config.Runner.Submit(r.Context(), &engine.Input{By: by, Payload: input})
	if err != nil {
		return nil, runnerProblem(err)
	}
	if err := refusalOf(answers); err != nil {
		return nil, err
	}
	if s.config.Deployed != nil {
		s.config.Deployed()
	}
	return s.config.Store.Proposal(p.Number)
}

// withdrawDeploy takes a proposal back.
func (s *Server) withdrawDeploy(w http.ResponseWriter, r *http.Request) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	by := actorOf(w, r)
	p, err := s.toDecide(r, by.Name, store.ProposalWithdrawn)
	if err == nil && p.State == store.ProposalOpen {
		if err = s.note(r.Context(), by, "withdraw deploy", decided{idOf(p), flowsOf(p)}); err == nil {
			p, err = s.config.Store.WithdrawProposal(p.Number, *by, engine.InstantOf(s.now()))
		}
	}
	s.answerProposal(w, r, p, err)
}
