package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"nudge/engine"
	"nudge/server"
	"nudge/store/nodes"
)

// giveBackFirst makes a stop give the partitions back before anything else ends: requests that come meanwhile go to other nodes.
func (s *shared) giveBackFirst() {
	for n := len(s.i.stack) - 1; n >= 0; n-- {
		if p := s.i.stack[n]; p.name == "the partitions" {
			s.i.stack = append(s.i.stack, p)
			return
		}
	}
}

// First reports whether this node has the first partition.
func (s *shared) First() bool { return s.keeper.Holds(0) && s.i.runner.Serves(0) }

// Forward has the node with the first partition answer a request.
func (s *shared) Forward(w http.ResponseWriter, r *http.Request) error {
	return s.client.Proxy(w, r, 0)
}

// AskOthers has each other node that has partitions answer a request, with another body.
func (s *shared) AskOthers(r *http.Request, body []byte) error {
	asked := map[nodes.ID]bool{}
	for n := range s.slots {
		owner, ok := s.keeper.Owner(n)
		switch {
		case s.keeper.Holds(n) || ok && asked[owner.ID]:
			continue
		case !ok:
			return fmt.Errorf("no node has partition %d", n)
		}
		asked[owner.ID] = true
		one := r.Clone(r.Context())
		one.Body, one.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		answer := &statusOnly{status: http.StatusOK, header: http.Header{}}
		if err := s.client.Proxy(answer, one, n); err != nil {
			return err
		}
		if answer.status != http.StatusOK {
			return fmt.Errorf("the node %s answers with status %d", owner.Name, answer.status)
		}
	}
	return nil
}

// statusOnly is an answer of which only the status counts.
type statusOnly struct {
	status int
	header http.Header
}

func (a *statusOnly) Header() http.Header { return a.header }

func (a *statusOnly) Write(b []byte) (int, error) { return len(b), nil }

func (a *statusOnly) WriteHeader(status int) { a.status = status }

// Ready returns why no more requests should come to this node; nil if they should.
func (s *shared) Ready() error {
	switch {
	case s.stopping.Load():
		return errors.New("the node is about to stop")
	case !s.keeper.Valid():
		return errors.New("the node has no lease: the database has not answered in time")
	}
	return nil
}

// answerForwarded answers a request that another node has passed on.
func (s *shared) answerForwarded(w http.ResponseWriter, r *http.Request) {
	srv := s.i.forwardee.Load()
	if srv == nil {
		http.Error(w, "the node is about to start", http.StatusServiceUnavailable)
		return
	}
	(*srv).ServeHTTP(w, r)
}

// Show returns all nodes and partitions.
func (s *shared) Show(ctx context.Context) (*server.ClusterShown, error) {
	v, err := s.db.Registry().View(ctx)
	if err != nil {
		return nil, err
	}
	shown := &server.ClusterShown{Node: s.name, At: engine.InstantOf(v.Now), Nodes: []server.NodeShown{}}
	has, names := map[nodes.ID]int{}, map[nodes.ID]string{}
	for _, n := range v.Nodes {
		names[n.ID] = n.Name
	}
	for _, p := range v.Partitions {
		if p.Owner != "" {
			has[p.Owner]++
		}
		shown.Partitions = append(shown.Partitions, server.PartitionShown{Partition: p.Number, Node: names[p.Owner], ID: string(p.Owner), Epoch: p.Epoch})
	}
	for _, n := range v.Nodes {
		state := "serves"
		switch {
		case n.Dead:
			state = "dead"
		case !v.Now.Before(n.Expires):
			state = "expired"
		}
		shown.Nodes = append(shown.Nodes, server.NodeShown{Name: n.Name, ID: string(n.ID), Address: n.Address, State: state, Since: engine.InstantOf(n.Began), Expires: engine.InstantOf(n.Expires), Level: n.Level, Partitions: has[n.ID]})
	}
	return shown, nil
}
