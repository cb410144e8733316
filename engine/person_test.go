package engine_test

import (
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"nudge/engine"
)

// TestOneCategoryAtATime shows that opting out of one category, or in to it, leaves the others as they
// are.
func TestOneCategoryAtATime(t *testing.T) {
	w := newWorld(t, txtar.Parse([]byte("-- flows/f.yaml --\nflow: f\ntrigger: { event: told }\nsteps: [ { wait: 1h } ]\n")))
	for _, step := range []struct {
		out, in string
		want    []string
	}{
		{"orders", "", []string{"orders"}},
		{"cart", "", []string{"cart", "orders"}},
		{"cart", "", []string{"cart", "orders"}},
		{"", "news", []string{"cart", "orders"}},
		{"", "orders", []string{"cart"}},
		{engine.OptOutAll, "", []string{engine.OptOutAll, "cart"}},
		{"", "cart", []string{engine.OptOutAll}},
		{"cart", "", []string{engine.OptOutAll, "cart"}},
		{"", engine.OptOutAll, nil},
	} {
		w.now = w.now.Add(time.Minute)
		w.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: "ann", OptOut: step.out, OptIn: step.in}})
		p, err := w.store.Person("ann")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		if p != nil {
			got = p.OptOuts
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("after out of %q and in to %q, ann is out of %q, want %q", step.out, step.in, got, step.want)
		}
	}
	compare(t, "replayed", dump(t, replay(t, w.store, func() int { return 1 })), dump(t, w.kv))
	w.check()
}
