package app

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"nudge/channels/appmessaging"
	"nudge/examples"
	"nudge/runner"
)

// stuckClock is a clock that stops in the middle of a step, as a disk can.
type stuckClock struct {
	runner.Clock
	stuck chan struct{} // Now waits for it once it is set
	asked chan struct{} // receives when Now waits
	begun chan struct{} // closed when Now is to wait from then on
}

func (c *stuckClock) Now() time.Time {
	select {
	case <-c.begun:
		select {
		case c.asked <- struct{}{}:
		default:
		}
		<-c.stuck
	default:
	}
	return c.Clock.Now()
}

// TestStopOfAStandingEngine: a stop returns within its bound although the engine never ends its
// step, says so, and does not close the store under it.
func TestStopOfAStandingEngine(t *testing.T) {
	api, err := Listen(anyPort)
	if err != nil {
		t.Fatal(err)
	}
	project := Read(examples.Hello(), LocalSettings(os.LookupEnv))
	project.Settings.Accounts = []Account{{Config: appmessaging.Config{BaseURL: "http://127.0.0.1:1", PathPrefix: "/cpaas", Token: "t"}}}
	clock := &stuckClock{Clock: runner.RealClock(), stuck: make(chan struct{}), asked: make(chan struct{}, 1), begun: make(chan struct{})}
	i, err := Start(t.Context(), Config{
		Project: project, DataDir: t.TempDir(), Listener: api, Log: slog.New(slog.DiscardHandler), Clock: clock, engineStop: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	close(clock.begun)
	<-clock.asked // the engine looks at its clock at least once a second
	err = i.Stop()
	if err == nil || !strings.Contains(err.Error(), "stop the engine: it is still busy with one step") {
		t.Errorf("the stop says %v", err)
	}
	if _, err := i.store.State(); err != nil {
		t.Errorf("the store was closed under the engine: %v", err)
	}
	close(clock.stuck)
	<-i.ended
	if err := i.store.Close(); err != nil {
		t.Error(err)
	}
}
