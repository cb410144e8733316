package runner_test

import (
	"testing"
	"testing/synctest"
	"time"

	"nudge/runner"
)

// TestStanding: a step that a slow disk holds up is seen from outside while it lasts.
func TestStanding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, core := newStore(t)
		slow := &slowStore{s, make(chan struct{}), make(chan error)}
		r, stop := run(t, slow, core, runner.Config{Channel: channel(accepts)})
		synctest.Wait()
		if d := r.Standing(); d != 0 {
			t.Errorf("between steps: %s", d)
		}
		answered := make(chan error, 1)
		go func() { _, err := r.Submit(t.Context(), deploy(t)); answered <- err }()
		<-slow.entered
		time.Sleep(90 * time.Second)
		if d := r.Standing(); d != 90*time.Second {
			t.Errorf("the step has taken %s, want 1m30s", d)
		}
		slow.release <- nil
		if err := <-answered; err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if d := r.Standing(); d != 0 {
			t.Errorf("after the step: %s", d)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
