package server

import (
	"fmt"
	"io"
	"net/http"
	"slices"

	"nudge/engine"
	"nudge/flows/diag"
)

// healthy reports that the process serves requests.
func (s *Server) healthy(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "healthy\n") }

// ready reports that the store answers.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if _, err := s.config.Store.State(); err != nil {
		s.fail(w, r, problemOf(http.StatusServiceUnavailable, "not-ready", "the store does not answer"))
		return
	}
	io.WriteString(w, "ready\n")
}

// reload deploys the project as it is on disk now. One that does not load changes
// nothing.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if s.config.Reload == nil {
		s.fail(w, r, problemOf(http.StatusNotImplemented, "reload", "this server has no project on disk"))
		return
	}
	list, err := s.config.Reload(r.Context())
	switch {
	case err != nil:
		s.fail(w, r, err)
	case list.HasErrors():
		p := problemOf(http.StatusUnprocessableEntity, "project", "the project does not load; the flows that were active stay so")
		for _, d := range list {
			p.Errors = append(p.Errors, fieldProblem{Field: d.Span.String(), Detail: d.Message})
		}
		s.fail(w, r, p)
	default:
		reply(w, http.StatusOK, map[string]any{"warnings": append(diag.List{}, list...)})
	}
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
	type version struct {
		Flow     string            `json:"flow"`
		Version  string            `json:"version"`
		Active   bool              `json:"active"`
		Started  uint64            `json:"started"`
		Live     uint64            `json:"live"`
		Outcomes map[string]uint64 `json:"outcomes,omitempty"`
	}
	versions := []version{}
	for _, c := range counts {
		active := slices.Contains(state.Active, engine.FlowVersion{Flow: c.Flow, Version: c.Version})
		versions = append(versions, version{c.Flow, c.Version, active, c.Started, c.Live, c.Outcomes})
	}
	for _, v := range state.Active {
		if !slices.ContainsFunc(versions, func(x version) bool { return x.Flow == v.Flow && x.Version == v.Version }) {
			versions = append(versions, version{Flow: v.Flow, Version: v.Version, Active: true})
		}
	}
	reply(w, http.StatusOK, map[string]any{"flows": versions})
}

// outbound is what may leave for the provider, as callers write it.
type outbound struct {
	Mode   string   `json:"mode,omitempty"`
	Only   []string `json:"only,omitempty"`
	Killed *bool    `json:"killed,omitempty"`
}

func (s *Server) getOutbound(w http.ResponseWriter, r *http.Request) {
	state, err := s.config.Store.State()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, outbound{state.Outbound.String(), state.Only, &state.Killed})
}

func (s *Server) putOutbound(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r, 1<<20)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var request outbound
	if err := decode(body, &request); err != nil {
		s.fail(w, r, err)
		return
	}
	control := &engine.Control{Only: request.Only, Kill: request.Killed}
	if request.Mode != "" {
		if control.Outbound, err = engine.ParseOutbound(request.Mode); err != nil {
			s.fail(w, r, problemOf(http.StatusBadRequest, "mode", err.Error(), fieldProblem{"mode", err.Error()}))
			return
		}
	}
	s.command(w, r, &engine.Input{Kind: engine.InputControl, Control: control})
}

func byteSize(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
