package prove

// bounds are the extremes over all ways from a state to an end.
type bounds struct{ most, fewest int }

// measure computes, for the start of the run, the most and the fewest messages over all
// ways to an end. Weigh says what an edge counts.
func (x *explorer) measure(weigh func(e *edge) (most, fewest int)) bounds {
	best := make([]bounds, len(x.nodes))
	for _, i := range x.order() {
		n := &x.nodes[i]
		first := true
		for j := range n.edges {
			e := &n.edges[j]
			if e.to == i {
				continue // nothing changes, so nothing is gained by it
			}
			most, fewest := weigh(e)
			most, fewest = most+best[e.to].most, fewest+best[e.to].fewest
			if first || most > best[i].most {
				best[i].most = most
			}
			if first || fewest < best[i].fewest {
				best[i].fewest = fewest
			}
			first = false
		}
	}
	return best[0]
}

// order is every node after all those it leads to.
func (x *explorer) order() []int {
	var order []int
	seen := make([]bool, len(x.nodes))
	type place struct{ node, edge int }
	stack := []place{{0, 0}}
	seen[0] = true
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		edges := x.nodes[top.node].edges
		if top.edge == len(edges) {
			order = append(order, top.node)
			stack = stack[:len(stack)-1]
			continue
		}
		to := edges[top.edge].to
		top.edge++
		if !seen[to] {
			seen[to] = true
			stack = append(stack, place{to, 0})
		}
	}
	return order
}
