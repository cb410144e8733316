package nodes

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Memory is a Registry in memory, for simulation and tests.
type Memory struct {
	now        func() time.Time
	mu         sync.Mutex
	nodes      map[ID]*Node
	partitions []Partition
}

var _ Registry = (*Memory)(nil)

// NewMemory returns an empty registry with a clock.
func NewMemory(now func() time.Time) *Memory { return &Memory{now: now, nodes: map[ID]*Node{}} }

// Make makes n partitions, which nobody owns, unless there are some already.
func (m *Memory) Make(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.partitions) > 0 {
		return
	}
	for i := range n {
		m.partitions = append(m.partitions, Partition{Number: i})
	}
}

// Join adds a node. It forgets the nodes that are over, and that no partition names.
func (m *Memory) Join(_ context.Context, n Node, term time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.nodes[n.ID] != nil {
		return fmt.Errorf("there is a node %s already", n.ID)
	}
	maps.DeleteFunc(m.nodes, func(id ID, _ *Node) bool { return !m.alive(id) && !m.named(id) })
	n.Began = m.now()
	n.Expires, n.Dead = n.Began.Add(term), false
	m.nodes[n.ID] = &n
	return nil
}

// named reports whether a partition names a node.
func (m *Memory) named(id ID) bool {
	return slices.ContainsFunc(m.partitions, func(p Partition) bool { return p.Owner == id || p.Last == id })
}

// alive reports whether a node has a lease.
func (m *Memory) alive(id ID) bool {
	n := m.nodes[id]
	return n != nil && !n.Dead && m.now().Before(n.Expires)
}

// Renew makes a node's lease end later.
func (m *Memory) Renew(_ context.Context, id ID, term time.Duration) (View, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.alive(id) {
		return View{}, ErrExpired
	}
	m.nodes[id].Expires = m.now().Add(term)
	return m.view(), nil
}

// Take makes a node the owner of partitions.
func (m *Memory) Take(_ context.Context, id ID, partitions []int) (taken []Partition, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.alive(id) {
		return nil, ErrExpired
	}
	for _, number := range slices.Compact(slices.Sorted(slices.Values(partitions))) {
		if number < 0 || number >= len(m.partitions) {
			continue
		}
		p := &m.partitions[number]
		if p.Owner != id {
			if m.alive(p.Owner) {
				continue
			}
			if old := m.nodes[p.Owner]; old != nil {
				old.Dead = true
			}
			p.Last = cmp.Or(p.Owner, p.Last)
		}
		p.Owner = id
		p.Epoch++
		taken = append(taken, *p)
	}
	return taken, nil
}

// Release gives a partition back.
func (m *Memory) Release(_ context.Context, id ID, partition int, epoch uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if partition < 0 || partition >= len(m.partitions) {
		return ErrNotOwner
	}
	p := &m.partitions[partition]
	if p.Owner != id || p.Epoch != epoch {
		return ErrNotOwner
	}
	p.Owner, p.Last = "", id
	return nil
}

// Leave gives back all that a node owns.
func (m *Memory) Leave(_ context.Context, id ID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.nodes[id]; n != nil {
		n.Dead = true
	}
	for i := range m.partitions {
		if p := &m.partitions[i]; p.Owner == id {
			p.Owner, p.Last = "", id
		}
	}
	return nil
}

// Keep returns what sets the registry back to how it is now, as a failover does to a database that loses its last commits.
func (m *Memory) Keep() (setBack func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	partitions, all := slices.Clone(m.partitions), map[ID]Node{}
	for id, n := range m.nodes {
		all[id] = *n
	}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.partitions, m.nodes = slices.Clone(partitions), map[ID]*Node{}
		for id, n := range all {
			m.nodes[id] = &n
		}
	}
}

// View returns what the registry has.
func (m *Memory) View(context.Context) (View, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.view(), nil
}

func (m *Memory) view() View {
	v := View{Now: m.now(), Partitions: slices.Clone(m.partitions)}
	for _, n := range m.nodes {
		if !n.Dead || m.named(n.ID) {
			v.Nodes = append(v.Nodes, *n)
		}
	}
	slices.SortFunc(v.Nodes, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	return v
}
