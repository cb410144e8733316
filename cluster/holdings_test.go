package cluster

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nudge/store/nodes"
)

const second = time.Second

// held returns a node a that joined at 0 and sees partitions; see viewOf. Those that are its own serve.
func held(owners string, more ...nodes.ID) *Holdings {
	h := NewHoldings(10 * second)
	h.Joined("a", 0)
	see(h, 0, owners, append(more, "a")...)
	for i, p := range h.view.Partitions {
		if p.Owner == "a" {
			h.parts[i].epoch, h.parts[i].stage = 1, open
		}
	}
	return h
}

func see(h *Holdings, at time.Duration, owners string, more ...nodes.ID) (lost []int) {
	return h.Renewed(*viewOf(owners, more...), at, at)
}

// expect holds what is planned at an instant, as text such as "take [1] close [] release []".
func expect(t *testing.T, h *Holdings, at time.Duration, want string) {
	t.Helper()
	p := h.Plan(at)
	var release []int
	for _, x := range p.Release {
		release = append(release, x.Number)
	}
	if got := fmt.Sprintf("take %v close %v release %v", p.Take, p.Close, release); got != want {
		t.Errorf("at %v: got %s, want %s", at, got, want)
	}
}

const nothing = "take [] close [] release []"

// gets makes partitions those of the node, under an epoch.
func gets(h *Holdings, at time.Duration, epoch uint64, numbers ...int) {
	var got []nodes.Partition
	for _, n := range numbers {
		got = append(got, nodes.Partition{Number: n, Owner: "a", Epoch: epoch})
	}
	h.Taken(numbers, got, at)
}

// TestHoldings plays what happens to one node, step by step.
func TestHoldings(t *testing.T) {
	for name, play := range map[string]func(*testing.T){
		"what nobody has is taken at once": func(t *testing.T) {
			h := held("- - b b")
			expect(t, h, 0, "take [0 1] close [] release []")
			gets(h, 0, 2, 0, 1)
			expect(t, h, 0, nothing)
			if !h.Holds(0, second) || h.Holds(2, second) {
				t.Error("it does not hold what it took, or holds what it did not take")
			}
			if h.Holds(0, 9*second) {
				t.Error("it holds a partition without a lease")
			}
		},
		"before a view nothing is taken": func(t *testing.T) {
			h := NewHoldings(10 * second)
			h.Joined("a", 0)
			expect(t, h, 0, nothing)
		},
		"without a lease nothing is planned": func(t *testing.T) { expect(t, held("- -"), 9*second, nothing) },
		"what others should take is left to them for a while": func(t *testing.T) {
			h := held("a a -", "b")
			expect(t, h, 0, nothing)
			see(h, 4*second, "a a -", "b")
			expect(t, h, 4*second, nothing)
			expect(t, h, 5*second, "take [2] close [] release []")
		},
		"the wait begins again for another owner": func(t *testing.T) {
			h := held("a a -", "b")
			v := viewOf("a a -", "b")
			v.Partitions[2].Epoch = 2 // somebody had it meanwhile
			h.Renewed(*v, 4*second, 4*second)
			expect(t, h, 5*second, nothing)
			expect(t, h, 9*second, "take [2] close [] release []")
		},
		"another node has it": func(t *testing.T) {
			h := held("a a")
			if lost := see(h, second, "a b"); !slices.Equal(lost, []int{1}) {
				t.Errorf("lost: %v", lost)
			}
			if h.Holds(1, second) || !h.Holds(0, second) {
				t.Error("it holds the one that is lost, or lost the other one too")
			}
			h.Dropped(1)
			if lost := see(h, second, "a b"); lost != nil {
				t.Errorf("lost again: %v", lost)
			}
		},
		"it is open under an epoch that is over": func(t *testing.T) {
			h := held("a")
			v := viewOf("a")
			v.Partitions[0].Epoch = 2
			if lost := h.Renewed(*v, second, second); !slices.Equal(lost, []int{0}) {
				t.Errorf("lost: %v", lost)
			}
			expect(t, h, second, nothing) // until it is dropped
			h.Dropped(0)
			expect(t, h, second, "take [0] close [] release []")
		},
		"one moves after the nodes were the same for a while": func(t *testing.T) {
			h := held("a a a a")
			see(h, second, "a a a a", "b")
			expect(t, h, second, nothing)
			see(h, 6*second, "a a a a", "b")
			expect(t, h, 6*second-1, nothing)
			expect(t, h, 6*second, "take [] close [3] release []")
			h.Closing(3)
			expect(t, h, 6*second, nothing)
			if !h.Holds(3, 6*second) {
				t.Error("it does not hold what it is still closing")
			}
			h.Closed(3)
			expect(t, h, 6*second, "take [] close [] release [3]")
			h.Released(3, 6*second)
			expect(t, h, 6*second, nothing)
			see(h, 7*second, "a a a b")
			expect(t, h, 7*second, "take [] close [2] release []")
		},
		"what was given back comes home if nobody takes it": func(t *testing.T) {
			h := held("a a a", "b")
			see(h, 6*second, "a a a", "b")
			h.Closing(2)
			h.Closed(2)
			h.Released(2, 6*second)
			see(h, 11*second, "a a -a", "b")
			expect(t, h, 11*second-1, nothing)
			expect(t, h, 11*second, "take [2] close [] release []")
		},
		"nothing moves to a node that stops": func(t *testing.T) {
			h := held("a a a a", "b")
			h.Leaving("b")
			see(h, 6*second, "a a a a", "b")
			expect(t, h, 6*second, nothing)
		},
		"a loop that failed is taken up again": func(t *testing.T) {
			h := held("a a")
			h.Failed(1, second)
			expect(t, h, second, nothing)
			h.Dropped(1)
			expect(t, h, second, "take [1] close [] release []")
			gets(h, second, 2, 1)
			h.Opened(1, second)
			h.Failed(1, 2*second)
			h.Dropped(1)
			expect(t, h, 2*second, "take [] close [] release [1]") // twice in a row
			h.Released(1, 2*second)
			expect(t, h, 4*second-1, nothing)
			expect(t, h, 4*second, "take [1] close [] release []") // nobody else is there
		},
		"a loop that served a while has not failed in a row": func(t *testing.T) {
			h := held("a")
			h.Failed(0, second)
			h.Dropped(0)
			gets(h, second, 2, 0)
			h.Opened(0, second)
			see(h, 11*second, "a")
			h.view.Partitions[0].Epoch = 2
			h.Failed(0, 11*second)
			h.Dropped(0)
			expect(t, h, 11*second, "take [0] close [] release []")
		},
		"what cannot be opened goes back": func(t *testing.T) {
			h := held("a -")
			gets(h, second, 2, 1)
			h.NotOpened(1, second)
			expect(t, h, second, "take [] close [] release [1]")
			h.Released(1, second)
			expect(t, h, 2*second-1, nothing)
			expect(t, h, 2*second, "take [1] close [] release []")
		},
		"an answer to the taking did not come": func(t *testing.T) {
			h := held("- b")
			h.Taken([]int{0}, nil, 0)
			expect(t, h, second-1, nothing)
			expect(t, h, second, "take [0] close [] release []")
			see(h, second, "a b") // it was done
			expect(t, h, second, "take [0] close [] release []")
		},
		"the lease is lost while one is opened and one is closed": func(t *testing.T) {
			h := held("a a -")
			gets(h, 0, 2, 2)
			h.Closing(1)
			if lost := h.Forfeit(); !slices.Equal(lost, []int{0, 1, 2}) {
				t.Errorf("lost: %v", lost)
			}
			h.Joined("c", 10*second)
			see(h, 10*second, "a a a", "c")
			for n := range 3 {
				if h.Holds(n, 10*second) {
					t.Errorf("a node that joined anew holds partition %d", n)
				}
			}
			if h.Opened(2, 10*second) {
				t.Error("it serves though it was lost")
			}
			h.Closed(1)
			if h.Empty() {
				t.Error("nothing is left, though two are still dropped")
			}
			h.Dropped(0)
			h.Dropped(2)
			if !h.Empty() {
				t.Error("something is left")
			}
		},
		"a node that stops gives everything back": func(t *testing.T) {
			h := held("a a -")
			gets(h, 0, 2, 2)
			h.Stop()
			expect(t, h, 0, "take [] close [0 1] release []")
			h.Closing(0)
			h.Closing(1)
			h.NotOpened(2, 0)
			h.Closed(0)
			h.NotClosed(1)
			expect(t, h, 0, "take [] close [] release [0 2]")
			h.Released(0, 0)
			h.Released(2, 0)
			h.Dropped(1)
			expect(t, h, 0, "take [] close [] release [1]")
			if h.Empty() {
				t.Error("the registry has one of it still")
			}
			h.Released(1, 0)
			if expect(t, h, 0, nothing); !h.Empty() {
				t.Error("something is left")
			}
		},
	} {
		t.Run(name, play)
	}
}

// TestRenewAt holds when a lease is renewed.
func TestRenewAt(t *testing.T) {
	h := held("a b")
	if got, want := h.RenewAt(), second+100*time.Millisecond; got != want {
		t.Errorf("before the end of the lease of b at %v: got %v, want %v", second, got, want)
	}
	h = held("a a", "b")
	if got, want := h.RenewAt(), 10*second/3; got != want {
		t.Errorf("while b has nothing: got %v, want %v", got, want)
	}
}
