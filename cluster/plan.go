package cluster

import (
	"cmp"
	"slices"

	"nudge/store/nodes"
)

// spread is how partitions are spread over the living nodes, as a view has it.
type spread struct {
	takers []nodes.ID        // living nodes that take partitions, by ID
	counts map[nodes.ID]int  // of the partitions that a living node has
	free   []nodes.Partition // those that no living node has
	alive  map[nodes.ID]bool // also those that stop
}

// spreadOf reads a view. Nodes that are known to stop take nothing.
func spreadOf(v *nodes.View, stopping map[nodes.ID]bool) *spread {
	s := &spread{counts: map[nodes.ID]int{}, alive: map[nodes.ID]bool{}}
	for _, n := range v.Nodes {
		if n.Dead || !v.Now.Before(n.Expires) {
			continue
		}
		s.alive[n.ID] = true
		if !stopping[n.ID] {
			s.takers = append(s.takers, n.ID)
		}
	}
	slices.Sort(s.takers)
	for _, p := range v.Partitions {
		if s.alive[p.Owner] {
			s.counts[p.Owner]++
		} else {
			s.free = append(s.free, p)
		}
	}
	return s
}

// deal says for each partition without a living owner who should take it: the first of the nodes, and if that does not, the
// next one. The node with the fewest partitions comes first, and one that gave the partition back comes last. All nodes that
// see the same find the same, so two rarely want one partition.
func (s *spread) deal() map[int][]nodes.ID {
	counts := map[nodes.ID]int{}
	for _, id := range s.takers {
		counts[id] = s.counts[id]
	}
	dealt := map[int][]nodes.ID{}
	for _, p := range s.free {
		order := slices.Clone(s.takers)
		slices.SortFunc(order, func(a, b nodes.ID) int {
			return cmp.Or(
				cmp.Compare(gave(&p, a), gave(&p, b)),
				cmp.Compare(counts[a], counts[b]),
				cmp.Compare(a, b))
		})
		if len(order) > 0 {
			counts[order[0]]++
		}
		dealt[p.Number] = order
	}
	return dealt
}

// gave is 1 for a node that gave a partition back.
func gave(p *nodes.Partition, id nodes.ID) int {
	if p.Owner == "" && p.Last == id {
		return 1
	}
	return 0
}

// giver returns the node that should give one partition back, so that another one can have it; "" for none. While a partition
// has no owner, nobody gives.
func (s *spread) giver() nodes.ID {
	if len(s.free) > 0 || len(s.takers) == 0 {
		return ""
	}
	by := func(a, b nodes.ID) int {
		return cmp.Or(cmp.Compare(s.counts[a], s.counts[b]), cmp.Compare(b, a))
	}
	most, least := slices.MaxFunc(s.takers, by), slices.MinFunc(s.takers, by)
	if s.counts[most] < s.counts[least]+2 {
		return ""
	}
	return most
}
