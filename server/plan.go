package server

import (
	"net/http"

	"nudge/engine"
	"nudge/whatif/plan"
)

// planFlows says what a deploy of a project would do, and changes nothing.
func (s *Server) planFlows(w http.ResponseWriter, r *http.Request) {
	p, _, err := s.projectOf(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	made, err := plan.Make(r.Context(), s.config.Store, p.Flows, engine.InstantOf(s.now()))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, made)
}
