package cluster

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/store/nodes"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// viewOf makes a view of a text such as "a a b - *d", the owner of each partition: - is nobody, *d a dead node, and -a nobody after
// a gave it back. Living nodes are those named, and more.
func viewOf(owners string, more ...nodes.ID) *nodes.View {
	v := &nodes.View{Now: noon}
	known := map[nodes.ID]nodes.Node{}
	for _, id := range more {
		known[id] = nodes.Node{ID: id, Expires: noon.Add(time.Second)}
	}
	for i, owner := range strings.Fields(owners) {
		p := nodes.Partition{Number: i, Epoch: 1}
		if last, free := strings.CutPrefix(owner, "-"); free {
			p.Last = nodes.ID(last)
		} else {
			name, dead := strings.CutPrefix(owner, "*")
			n := nodes.Node{ID: nodes.ID(name), Expires: noon.Add(time.Second)}
			if dead {
				n.Expires = noon
			}
			p.Owner, known[n.ID] = n.ID, n
		}
		v.Partitions = append(v.Partitions, p)
	}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		v.Nodes = append(v.Nodes, known[id])
	}
	return v
}

// TestDeal holds who takes the partitions that no living node has: the first that is named for each, then the next one.
func TestDeal(t *testing.T) {
	for name, test := range map[string]struct {
		view    *nodes.View
		leaving nodes.ID
		want    string // for each free partition, in order
	}{
		"one node gets all":                         {view: viewOf("- - -", "a"), want: "a a a"},
		"two nodes share":                           {view: viewOf("- - - -", "a", "b"), want: "ab ba ab ba"},
		"who has less comes first":                  {view: viewOf("a a - - -", "b"), want: "ba ba ab"},
		"partitions of the dead go to all":          {view: viewOf("a *d *d b"), want: "ab ba"},
		"who gave one back comes last":              {view: viewOf("a a -b", "b"), want: "ab"},
		"who gave it back takes it if nobody else":  {view: viewOf("-a", "a"), want: "a"},
		"a node that stops takes nothing":           {view: viewOf("a a a -", "b", "c"), leaving: "b", want: "ca"},
		"a dead node that others know takes none":   {view: viewOf("*d - a"), want: "a a"},
		"nobody lives":                              {view: viewOf("*d -"), want: " "},
		"nothing is free":                           {view: viewOf("a b"), want: ""},
		"a node with nothing takes from the dead":   {view: viewOf("a *d a b b", "c"), want: "cab"},
		"what others gave back is spread evenly":    {view: viewOf("-c -c -c a b", "c"), leaving: "c", want: "ab ba ab"},
		"what was never owned goes to the smallest": {view: viewOf("a a a b b c -"), want: "cba"},
	} {
		t.Run(name, func(t *testing.T) {
			s := spreadOf(test.view, map[nodes.ID]bool{test.leaving: true})
			dealt := s.deal()
			var got []string
			for _, p := range s.free {
				text := ""
				for _, id := range dealt[p.Number] {
					text += string(id)
				}
				got = append(got, text)
			}
			if text := strings.Join(got, " "); text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
}

// TestGiver holds who gives a partition back so that another node can have it.
func TestGiver(t *testing.T) {
	for name, test := range map[string]struct {
		view    *nodes.View
		leaving nodes.ID
		want    nodes.ID
	}{
		"even":                             {view: viewOf("a a b b")},
		"one more is even":                 {view: viewOf("a a b")},
		"two more":                         {view: viewOf("a a a b"), want: "a"},
		"a new node":                       {view: viewOf("a a b b", "c"), want: "a"},
		"not while one has no owner":       {view: viewOf("a a a -", "b")},
		"not while one has a dead owner":   {view: viewOf("a a a *d", "b")},
		"not to a node that stops":         {view: viewOf("a a a a", "b"), leaving: "b"},
		"a node that stops gives no order": {view: viewOf("a a a b"), leaving: "a"},
		"alone":                            {view: viewOf("a a a")},
		"nobody":                           {view: viewOf("")},
	} {
		t.Run(name, func(t *testing.T) {
			if got := spreadOf(test.view, map[nodes.ID]bool{test.leaving: true}).giver(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestLease holds when a lease ends: before that of the registry, and counted from the instant before its renewal was sent.
func TestLease(t *testing.T) {
	const term = 10 * time.Second
	for name, test := range map[string]struct {
		lease Lease
		now   time.Duration
		left  time.Duration
	}{
		"none":               {Lease{}, 0, 0},
		"just granted":       {NewLease(time.Minute, term), time.Minute, 9 * time.Second},
		"the last instant":   {NewLease(time.Minute, term), time.Minute + 9*time.Second - 1, 1},
		"its end":            {NewLease(time.Minute, term), time.Minute + 9*time.Second, 0},
		"an answer too late": {NewLease(time.Minute, term), time.Minute + 11*time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.lease.Left(test.now); got != test.left {
				t.Errorf("it lasts %v longer, want %v", got, test.left)
			}
			if got := test.lease.Valid(test.now); got != (test.left > 0) {
				t.Errorf("valid: %v", got)
			}
		})
	}
}
