package server

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/store"
)

// maxProjectBody is how many bytes a project may have that is deployed or planned by the API; a
// larger one is refused with 413.
const maxProjectBody = 32 << 20

// Version is one version of a flow and its numbers, as the API shows it.
type Version struct {
	Flow     string            `json:"flow"`
	Version  string            `json:"version"`
	Active   bool              `json:"active"`
	Started  uint64            `json:"started"`
	Live     uint64            `json:"live"`
	Parked   map[string]uint64 `json:"parked,omitempty"` // live runs by the id of their step
	Outcomes map[string]uint64 `json:"outcomes,omitempty"`
}

// flowList are the versions of all flows.
type flowList struct {
	Flows []Version `json:"flows"`
}

func (s *Server) listFlows(w http.ResponseWriter, r *http.Request) {
	state, err := s.config.Store.State()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	counts, err := s.config.Store.Counts()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	versions := []Version{}
	for _, c := range counts {
		active := slices.Contains(state.Active, engine.FlowVersion{Flow: c.Flow, Version: c.Version})
		parked, err := s.parked(c)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		versions = append(versions, Version{c.Flow, c.Version, active, c.Started, c.Live, parked, c.Outcomes})
	}
	for _, v := range state.Active {
		if !slices.ContainsFunc(versions, func(x Version) bool { return x.Flow == v.Flow && x.Version == v.Version }) {
			versions = append(versions, Version{Flow: v.Flow, Version: v.Version, Active: true})
		}
	}
	reply(w, http.StatusOK, flowList{versions})
}

// parked is where the live runs of a version are, by the ids of its steps.
func (s *Server) parked(c *store.VersionCounts) (map[string]uint64, error) {
	f, err := s.flows.version(engine.FlowVersion{Flow: c.Flow, Version: c.Version})
	if err != nil {
		return nil, err
	}
	parked := map[string]uint64{}
	for step, runs := range c.Parked {
		parked[stepName(f, step)] += runs
	}
	return parked, nil
}

// Deployed is what a deploy made the active flows, as the API shows it.
type Deployed struct {
	Flows    []deployedFlow `json:"flows"`
	Warnings diag.List      `json:"warnings"`
}

// deployedFlow is a flow that is active now.
type deployedFlow struct {
	Flow    string `json:"flow"`
	Version string `json:"version"`
	New     bool   `json:"new"` // this version was not the active one before
}

// deployFlows makes the flows of a project the active ones, all of them at once. A
// project that does not load changes nothing. What its nudge.yaml says to the server
// itself, such as account and listen, is not looked at: that is read at the start.
func (s *Server) deployFlows(w http.ResponseWriter, r *http.Request) {
	if err := s.firstPerson(); err != nil {
		s.fail(w, r, err)
		return
	}
	p, warnings, err := s.projectOf(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	deployed, err := s.deploy(w, r, p)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, Deployed{deployed, append(diag.List{}, warnings...)})
}

// projectRequest has the files of a project.
type projectRequest struct {
	Files []flows.File `json:"files"`
}

// projectOf reads the files of a project from a request's body, and loads them.
func (s *Server) projectOf(w http.ResponseWriter, r *http.Request) (*flows.Project, diag.List, error) {
	body, err := s.readBody(w, r, maxProjectBody)
	if err != nil {
		return nil, nil, err
	}
	var request projectRequest
	if err := decode(body, &request); err != nil {
		return nil, nil, err
	}
	return loadProject(request.Files)
}

// loadProject loads a project from its files. One with mistakes is a problem.
func loadProject(given []flows.File) (*flows.Project, diag.List, error) {
	files, err := projectFiles(given)
	if err != nil {
		return nil, nil, err
	}
	p, list := flows.Load(files)
	if list.HasErrors() {
		return nil, nil, projectProblem(list)
	}
	return p, list, nil
}

func (s *Server) deploy(w http.ResponseWriter, r *http.Request, p *flows.Project) ([]deployedFlow, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	deployed, input := []deployedFlow{}, &engine.Deploy{Marks: p.Marks()}
	for _, f := range p.Flows {
		was := slices.Contains(state.Active, engine.FlowVersion{Flow: f.Name, Version: f.Version})
		deployed = append(deployed, deployedFlow{f.Name, f.Version, !was})
		input.Flows = append(input.Flows, f.Bundle)
	}
	answer, err := s.submit(w, r, &engine.Input{Payload: input})
	if err != nil {
		return nil, err
	}
	if s.config.Deployed != nil && !answer.Repeated {
		s.config.Deployed()
	}
	return deployed, nil
}

// projectFiles is files as they were given, each once and with a name that a project's
// file can have.
func projectFiles(given []flows.File) (fs.FS, error) {
	files := folder{}
	for i, f := range given {
		field := fmt.Sprintf("files[%d].name", i)
		if !fs.ValidPath(f.Name) || f.Name == "." || path.Ext(f.Name) == "" {
			return nil, wrongField(field, fmt.Sprintf("%q is not the path of a file below the project's folder, for example flows/welcome.yaml", f.Name))
		}
		if _, twice := files[f.Name]; twice {
			return nil, wrongField(field, f.Name+" is given twice")
		}
		content, err := flows.ContentOf(f)
		if err != nil {
			return nil, wrongField(fmt.Sprintf("files[%d].text", i), err.Error())
		}
		files[f.Name] = content
	}
	if len(files) == 0 {
		return nil, wrongField("files", "a project has files: nudge.yaml, flows/… and templates/…")
	}
	return files, nil
}

// projectProblem is a project that does not load, with every mistake at its place.
func projectProblem(list diag.List) *problem {
	p := problemOf(http.StatusUnprocessableEntity, "project", "the project does not load; the flows that were active stay so")
	for _, d := range list {
		p.Errors = append(p.Errors, fieldProblem{Field: d.Span.String(), Detail: d.Message})
	}
	p.Diagnostics = list
	return p
}

// callRequest starts a run.
type callRequest struct {
	ID      string          `json:"id,omitempty"`                    // makes the request safe to send again, as Idempotency-Key does
	Profile string          `json:"profile"`                         // the person
	Key     string          `json:"key,omitempty"`                   // of the run
	Data    json.RawMessage `json:"data,omitempty" openapi:"object"` // an object with the flow's data
}

// callFlow starts a run of a flow for a person.
func (s *Server) callFlow(w http.ResponseWriter, r *http.Request) {
	body, err := s.readBody(w, r, maxCallBody)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var request callRequest
	if err := decode(body, &request); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := checkProfileID(request.Profile); err != nil {
		s.fail(w, r, renamed("profile", err))
		return
	}
	if len(request.Key) > engine.MaxKeyBytes {
		s.fail(w, r, wrongField("key", fmt.Sprintf("a key has at most %d bytes", engine.MaxKeyBytes)))
		return
	}
	s.command(w, r, &engine.Input{ID: request.ID, Payload: &engine.Call{
		Flow: r.PathValue("flow"), Profile: request.Profile, Key: request.Key, By: "call", Data: compact(request.Data), Trace: traceOf(r),
	}})
}
