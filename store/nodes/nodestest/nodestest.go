// Package nodestest is the test suite that every registry of nodes passes.
package nodestest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"nudge/store/nodes"
)

// Partitions is how many partitions a registry has in the suite.
const Partitions = 4

// Leases never end by themselves within the suite. A term of 0 ends one at once.
const (
	term  = time.Hour
	ended = time.Duration(0)
)

// Run tests a registry. Each call of open returns one without nodes, and with partitions that were never opened.
func Run(t *testing.T, open func(t *testing.T) nodes.Registry) {
	for name, test := range map[string]func(*suite){
		"a node that joined has a lease":              joins,
		"a lease that ended cannot be renewed":        expires,
		"a node takes what nobody owns":               takes,
		"a node takes its own again, in a new epoch":  takesAgain,
		"a living owner keeps its partitions":         keeps,
		"a taker marks the old owner dead":            inherits,
		"a node without a lease takes nothing":        takesNothing,
		"only the owner gives a partition back":       releases,
		"who leaves gives everything back":            leaves,
		"nodes that are over and own nothing go":      forgets,
		"of many who take a partition, one gets it":   races,
		"what no registry has cannot be taken":        unknown,
		"of two who join with one ID, the first does": twice,
	} {
		t.Run(name, func(t *testing.T) { test(&suite{t, t.Context(), open(t)}) })
	}
}

type suite struct {
	*testing.T
	ctx context.Context
	r   nodes.Registry
}

func (s *suite) join(ids ...nodes.ID) {
	s.Helper()
	for _, id := range ids {
		s.must(s.r.Join(s.ctx, nodes.Node{ID: id, Name: "name of " + string(id), Address: string(id) + ":1", Level: 3}, term))
	}
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) take(id nodes.ID, numbers ...int) []nodes.Partition {
	s.Helper()
	taken, err := s.r.Take(s.ctx, id, numbers)
	s.must(err)
	return taken
}

func (s *suite) end(id nodes.ID) {
	s.Helper()
	_, err := s.r.Renew(s.ctx, id, ended)
	s.must(err)
}

func (s *suite) view() nodes.View {
	s.Helper()
	v, err := s.r.View(s.ctx)
	s.must(err)
	return v
}

func (s *suite) refused(what string, got, want error) {
	s.Helper()
	if !errors.Is(got, want) {
		s.Errorf("%s: got %v, want: %v", what, got, want)
	}
}

func (s *suite) expect(what string, got []nodes.Partition, want ...nodes.Partition) {
	s.Helper()
	if !slices.Equal(got, want) {
		s.Errorf("%s: got\n%+v\nwant\n%+v", what, got, want)
	}
}

func (s *suite) nodes(want ...nodes.ID) {
	s.Helper()
	var got []nodes.ID
	for _, n := range s.view().Nodes {
		got = append(got, n.ID)
	}
	if !slices.Equal(got, want) {
		s.Errorf("nodes: got %q, want %q", got, want)
	}
}

func joins(s *suite) {
	s.expect("before", s.view().Partitions, nodes.Partition{Number: 0}, nodes.Partition{Number: 1}, nodes.Partition{Number: 2}, nodes.Partition{Number: 3})
	s.join("b", "a")
	v, err := s.r.Renew(s.ctx, "a", 2*term)
	s.must(err)
	if len(v.Nodes) != 2 || v.Nodes[0].ID != "a" {
		s.Fatalf("nodes: got %+v, want a and b", v.Nodes)
	}
	a := v.Nodes[0]
	if left := a.Expires.Sub(v.Now); left < 2*term-time.Minute || left > 2*term {
		s.Errorf("lease: got one that ends in %v, want one of %v", left, 2*term)
	}
	if a.Began.After(v.Now) || v.Now.Sub(a.Began) > time.Minute {
		s.Errorf("began: got %v, want the instant of Join, before %v", a.Began, v.Now)
	}
	a.Began, a.Expires = time.Time{}, time.Time{}
	if want := (nodes.Node{ID: "a", Name: "name of a", Address: "a:1", Level: 3}); a != want {
		s.Errorf("node: got %+v, want %+v", a, want)
	}
}

func expires(s *suite) {
	s.join("a")
	s.end("a")
	_, err := s.r.Renew(s.ctx, "a", term)
	s.refused("after the end", err, nodes.ErrExpired)
	_, err = s.r.Renew(s.ctx, "never joined", term)
	s.refused("a node that is not there", err, nodes.ErrExpired)
}

func takes(s *suite) {
	s.join("a")
	s.expect("taken", s.take("a", 2, 0, 2), nodes.Partition{Number: 0, Owner: "a", Epoch: 1}, nodes.Partition{Number: 2, Owner: "a", Epoch: 1})
	s.expect("view", s.view().Partitions, nodes.Partition{Number: 0, Owner: "a", Epoch: 1}, nodes.Partition{Number: 1},
		nodes.Partition{Number: 2, Owner: "a", Epoch: 1}, nodes.Partition{Number: 3})
	s.expect("nothing", s.take("a"))
}

func takesAgain(s *suite) {
	s.join("a", "b")
	s.take("b", 1)
	s.end("b")
	s.take("a", 1)
	s.expect("again", s.take("a", 1), nodes.Partition{Number: 1, Owner: "a", Epoch: 3, Last: "b"})
	s.refused("the old epoch", s.r.Release(s.ctx, "a", 1, 2), nodes.ErrNotOwner)
}

func keeps(s *suite) {
	s.join("a", "b")
	s.take("a", 0)
	s.expect("taken", s.take("b", 0, 1), nodes.Partition{Number: 1, Owner: "b", Epoch: 1})
	_, err := s.r.Renew(s.ctx, "a", term)
	s.must(err)
}

func inherits(s *suite) {
	s.join("a", "b")
	s.take("a", 0, 1)
	s.end("a")
	s.expect("taken", s.take("b", 0), nodes.Partition{Number: 0, Owner: "b", Epoch: 2, Last: "a"})
	v := s.view()
	if i := slices.IndexFunc(v.Nodes, func(n nodes.Node) bool { return n.ID == "a" }); i < 0 || !v.Nodes[i].Dead {
		s.Errorf("the old owner: got %+v, want it dead", v.Nodes)
	}
	s.expect("the other one", v.Partitions[1:2], nodes.Partition{Number: 1, Owner: "a", Epoch: 1})
	_, err := s.r.Renew(s.ctx, "a", term)
	s.refused("the old owner", err, nodes.ErrExpired)
	s.expect("then", s.take("b", 1), nodes.Partition{Number: 1, Owner: "b", Epoch: 2, Last: "a"})
}

func takesNothing(s *suite) {
	s.join("a")
	s.take("a", 0)
	s.end("a")
	_, err := s.r.Take(s.ctx, "a", []int{0, 1})
	s.refused("after the end", err, nodes.ErrExpired)
	_, err = s.r.Take(s.ctx, "never joined", []int{0})
	s.refused("a node that is not there", err, nodes.ErrExpired)
}

func releases(s *suite) {
	s.join("a", "b")
	s.take("a", 0)
	s.refused("by another", s.r.Release(s.ctx, "b", 0, 1), nodes.ErrNotOwner)
	s.refused("in another epoch", s.r.Release(s.ctx, "a", 0, 2), nodes.ErrNotOwner)
	s.refused("of one that is nobody's", s.r.Release(s.ctx, "a", 1, 0), nodes.ErrNotOwner)
	s.must(s.r.Release(s.ctx, "a", 0, 1))
	s.refused("twice", s.r.Release(s.ctx, "a", 0, 1), nodes.ErrNotOwner)
	s.expect("taken", s.take("b", 0), nodes.Partition{Number: 0, Owner: "b", Epoch: 2, Last: "a"})
	if _, err := s.r.Renew(s.ctx, "a", term); err != nil {
		s.Errorf("who gave a partition back lives: got %v", err)
	}
}

func leaves(s *suite) {
	s.join("a", "b")
	s.take("a", 0, 2)
	s.must(s.r.Leave(s.ctx, "a"))
	s.must(s.r.Leave(s.ctx, "a"))
	s.must(s.r.Leave(s.ctx, "never joined"))
	_, err := s.r.Renew(s.ctx, "a", term)
	s.refused("after it left", err, nodes.ErrExpired)
	s.expect("view", s.view().Partitions[:1], nodes.Partition{Number: 0, Epoch: 1, Last: "a"})
	s.nodes("a", "b") // a is asked for what it knows of its partitions
	s.expect("taken", s.take("b", 0, 2), nodes.Partition{Number: 0, Owner: "b", Epoch: 2, Last: "a"}, nodes.Partition{Number: 2, Owner: "b", Epoch: 2, Last: "a"})
}

func forgets(s *suite) {
	s.join("a", "b", "c")
	s.take("a", 0)
	s.must(s.r.Leave(s.ctx, "a"))
	s.must(s.r.Leave(s.ctx, "b"))
	s.end("c")
	s.nodes("a", "c")
	s.join("d")
	s.nodes("a", "d")
}

func races(s *suite) {
	const many = 8
	var wait sync.WaitGroup
	taken, errs := make([][]nodes.Partition, many), make([]error, many)
	s.join("old")
	s.take("old", 0, 1, 2, 3)
	s.end("old")
	for i := range many {
		id := nodes.ID(fmt.Sprint("n", i))
		s.join(id)
		wait.Go(func() { taken[i], errs[i] = s.r.Take(s.ctx, id, []int{0, 1, 2, 3}) })
	}
	wait.Wait()
	s.must(errors.Join(errs...))
	all := slices.SortedFunc(slices.Values(slices.Concat(taken...)), func(a, b nodes.Partition) int { return a.Number - b.Number })
	s.expect("view", s.view().Partitions, all...)
	for i, p := range all {
		if p.Number != i || p.Epoch != 2 || p.Last != "old" {
			s.Errorf("got %+v, want partition %d in epoch 2, after old", p, i)
		}
	}
}

func unknown(s *suite) {
	s.join("a")
	s.expect("taken", s.take("a", -1, Partitions))
	s.refused("release", s.r.Release(s.ctx, "a", Partitions, 1), nodes.ErrNotOwner)
}

func twice(s *suite) {
	s.join("a")
	if s.r.Join(s.ctx, nodes.Node{ID: "a", Name: "second"}, term) == nil {
		s.Error("the second: got no error")
	}
	if n := s.view().Nodes[0].Name; n != "name of a" {
		s.Errorf("the node is %q, not the first", n)
	}
}
