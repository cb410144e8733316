package server

import (
	"net/http"

	"nudge/engine"
)

// CurrentToken is the token of the request that asks, and the server that it is for.
type CurrentToken struct {
	Name    string         `json:"name"`             // local where there are no tokens
	Scopes  []Scope        `json:"scopes"`           // that it was given
	May     []Scope        `json:"may"`              // these, and those that they include
	Expires engine.Instant `json:"expires,omitzero"` // absent: it does not expire
	Server  TokenServer    `json:"server"`
}

// TokenServer is the server that a token is for.
type TokenServer struct {
	Project      string `json:"project,omitempty"` // of the folder that it has loaded; absent: it has none
	Installation string `json:"installation"`      // of its store: no two have the same
	Tokens       bool   `json:"tokens"`            // requests need one; else everybody on its machine may do everything
	Dev          bool   `json:"dev"`               // it is nudge dev or nudge demo: it has a clock, and people who are played
	SecondPerson bool   `json:"second_person"`     // nobody deploys alone: somebody proposes, and somebody else approves
}

// tokenRoutes are about the token of a request.
func (s *Server) tokenRoutes() []route {
	return []route{{"GET /v1/token", ScopeRead, s.showToken, operation{
		id: "showToken", topic: "Operations", does: "Show the token of the request",
		more: "Its name, what it may do and until when, and which server it is for.", gives: ok(CurrentToken{}, "the token"),
	}}}
}

// showToken shows the token that a request brings.
func (s *Server) showToken(w http.ResponseWriter, r *http.Request) {
	state, err := s.config.Store.State()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	t := recordOf(w).token
	shown := CurrentToken{Name: t.Name, Scopes: append([]Scope{}, t.Scopes...), May: []Scope{}, Server: TokenServer{
		Installation: state.Installation.String(), Tokens: t != &localToken, Dev: s.config.Dev != nil, SecondPerson: s.needsSecond(),
	}}
	if s.config.Project != nil {
		shown.Server.Project = s.config.Project().Name
	}
	if !t.Expires.IsZero() {
		shown.Expires = engine.InstantOf(t.Expires)
	}
	for _, scope := range Scopes {
		if t.may(scope) {
			shown.May = append(shown.May, scope)
		}
	}
	reply(w, http.StatusOK, shown)
}
