package server

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"nudge/engine"
	"nudge/lang/diag"
)

// healthy reports that the process serves requests.
func (s *Server) healthy(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "healthy\n") }

// maxStanding is how long a step of the engine may take; until it ends, `/-/ready` answers 503.
const maxStanding = time.Second

// Ready returns nil if the store answers, the disk has room and the engine moves, and otherwise why requests should
// go elsewhere.
func (s *Server) Ready() error {
	if c := s.config.Cluster; c != nil {
		if err := c.Ready(); err != nil {
			return problemOf(http.StatusServiceUnavailable, "not-ready", err.Error())
		}
	}
	if _, err := s.config.Store.State(); err != nil {
		return problemOf(http.StatusServiceUnavailable, "not-ready", "the store does not answer")
	}
	if s.config.Full != nil && s.config.Full() {
		return runnerProblem(errFull)
	}
	if d := s.config.Runner.Standing(); d > maxStanding {
		return problemOf(http.StatusServiceUnavailable, "not-ready",
			fmt.Sprintf("the engine has been busy with one step for %s", d.Round(time.Second)))
	}
	return nil
}

// ready reports whether the server is ready.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(); err != nil {
		s.fail(w, r, err)
		return
	}
	io.WriteString(w, "ready\n")
}

// reloaded is what a reload led to.
type reloaded struct {
	Warnings diag.List `json:"warnings"`
}

// reload deploys the project as it is on disk now. One that does not load changes
// nothing.
func (s *Server) reload(w http.ResponseWriter, r *http.Request) {
	if s.config.Reload == nil {
		s.fail(w, r, problemOf(http.StatusNotImplemented, "reload", "this server has no project on disk"))
		return
	}
	if err := refuseKey(r, "a reload takes no Idempotency-Key, as it has no body: it deploys the files on the server's disk; POST /v1/flows takes one"); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.firstPerson(); err != nil {
		s.fail(w, r, err)
		return
	}
	list, err := s.config.Reload(r.Context(), actorOf(w, r))
	switch {
	case err != nil:
		s.fail(w, r, err)
	case list.HasErrors():
		s.fail(w, r, projectProblem(list))
	default:
		reply(w, http.StatusOK, reloaded{append(diag.List{}, list...)})
	}
}

// outbound is what may leave for the provider, as callers write it.
type outbound struct {
	Mode   string   `json:"mode,omitempty"`   // live, hold or only
	Only   []string `json:"only,omitempty"`   // of the mode only: the people to whom messages go out
	Killed *bool    `json:"killed,omitempty"` // the kill switch: nothing goes out, whatever the mode
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
	body, err := s.readBody(w, r, maxOutboundBody)
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
	s.command(w, r, &engine.Input{Payload: control})
}

func byteSize(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
