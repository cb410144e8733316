package server

import (
	"context"
	"errors"
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
	in := &engine.Input{By: actorOf(w, r), Payload: control}
	if s.config.Cluster == nil {
		s.command(w, r, in)
		return
	}
	s.order(w, r, in)
}

// orderFor is how long all nodes may take to say that they obey a command; then the answer says who has not.
const orderFor = 5 * time.Second

// outstanding says that a command is durable, and which partitions do not obey it yet. Each does before it claims another message.
type outstanding struct {
	Partitions []int `json:"partitions"`
}

// order gives a command that all partitions take.
func (s *Server) order(w http.ResponseWriter, r *http.Request, in *engine.Input) {
	if err := adoptKey(r, []*engine.Input{in}); err != nil {
		s.fail(w, r, err)
		return
	}
	ticket, err := s.config.Runner.Begin(in)
	if err != nil {
		s.fail(w, r, runnerProblem(err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), orderFor)
	defer cancel()
	answers, err := ticket.Wait(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		reply(w, http.StatusAccepted, outstanding{s.config.Runner.Behind()})
		return
	case err != nil:
		err = runnerProblem(err)
	default:
		err = refusalOf(answers)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if answers[0].Repeated {
		w.Header().Set(replayedHeader, "true")
	}
	reply(w, http.StatusOK, &answers[0])
}

func byteSize(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
