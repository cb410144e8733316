package server

import (
	"context"
	"net/http"

	"nudge/engine"
)

// Cluster is the nodes that have the store together, as one of them sees them.
type Cluster interface {
	// First reports whether this node has the first partition, which keeps jobs and proposals.
	First() bool
	// Forward has the node with the first partition answer a request. If it returns an error, nothing was written: an error of
	// [runner.Runner.Submit].
	Forward(w http.ResponseWriter, r *http.Request) error
	// AskOthers has each other node that has partitions answer a request, with another body. It returns an error if one of them does
	// not answer with 200.
	AskOthers(r *http.Request, body []byte) error
	// Ready returns why no more requests should come to this node; nil if they should.
	Ready() error
	// Show returns all nodes and partitions.
	Show(ctx context.Context) (*ClusterShown, error)
}

// ClusterShown is the nodes that have the store together, and who has which partition.
type ClusterShown struct {
	Node       string           `json:"node,omitempty"` // name of the node that answers; empty: the store is files of one server
	At         engine.Instant   `json:"at,omitzero"`    // by the clock of the database
	Nodes      []NodeShown      `json:"nodes"`          // those that live, and dead ones that had a partition last
	Partitions []PartitionShown `json:"partitions"`     // by number
}

// NodeShown is a node.
type NodeShown struct {
	Name       string         `json:"name"`
	ID         string         `json:"id"`         // of its start
	Address    string         `json:"address"`    // where other nodes reach it
	State      string         `json:"state"`      // serves, expired (its lease has ended) or dead (it left, or others have taken its partitions)
	Since      engine.Instant `json:"since"`      // when it joined
	Expires    engine.Instant `json:"expires"`    // when its lease ends, or ended
	Level      int            `json:"level"`      // of the records that it can write
	Partitions int            `json:"partitions"` // how many it has
}

// PartitionShown is who has a partition.
type PartitionShown struct {
	Partition int    `json:"partition"`
	Node      string `json:"node,omitempty"` // name of the node that has it; empty: none
	ID        string `json:"id,omitempty"`   // of the start of that node
	Epoch     uint64 `json:"epoch"`          // how often it was opened
}

// clusterRoutes show the nodes.
func (s *Server) clusterRoutes() []route {
	return []route{
		{"GET /v1/cluster", ScopeRead, s.getCluster, operation{
			id: "showCluster", topic: "Operations", does: "Show the nodes, and who has which partition",
			more:  "A server whose store is a file has all partitions by itself, and no nodes.",
			gives: ok(ClusterShown{}, "nodes and partitions"), fails: []int{503},
		}},
	}
}

func (s *Server) getCluster(w http.ResponseWriter, r *http.Request) {
	if s.config.Cluster == nil {
		state, err := s.config.Store.State()
		if err != nil {
			s.fail(w, r, err)
			return
		}
		shown := ClusterShown{Nodes: []NodeShown{}}
		for n := range max(state.Partition.Of, 1) {
			shown.Partitions = append(shown.Partitions, PartitionShown{Partition: n})
		}
		reply(w, http.StatusOK, &shown)
		return
	}
	shown, err := s.config.Cluster.Show(r.Context())
	if err != nil {
		s.config.Log.Warn("the nodes cannot be read", "error", err)
		s.fail(w, r, problemOf(http.StatusServiceUnavailable, "database", "the database does not answer"))
		return
	}
	reply(w, http.StatusOK, shown)
}

// forwardedMark is what the context of a request has that another node passed on.
type forwardedMark struct{}

// Forwarded serves requests that another node has passed on because this one has, or had, the first partition. It passes none
// on again.
func (s *Server) Forwarded() http.Handler {
	api := s.api()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), forwardedMark{}, true)))
	})
}

// byFirst lets the node with the first partition answer.
func (s *Server) byFirst(own http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.config.Cluster.First():
			own(w, r)
		case r.Context().Value(forwardedMark{}) != nil:
			s.fail(w, r, problemOf(http.StatusServiceUnavailable, "moving", "another node has what this concerns by now; try again in a moment"))
		default:
			if err := s.config.Cluster.Forward(w, r); err != nil {
				s.fail(w, r, runnerProblem(err))
			}
		}
	}
}
