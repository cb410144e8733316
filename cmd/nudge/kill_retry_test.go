//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nudge/client"
	"nudge/engine"
	"nudge/runner/bulk"
)

const (
	retriedRuns = 1000 // several pages of the job

	retriedFlow = `flow: follow
trigger: { event: order, key: event.id }
steps:
  - send: first
  - { id: share, set: { part: = %s } }
  - send: last
`
)

// TestKillRetry kills a serving process with SIGKILL in the middle of a job that retries runs: when the first of them sends its
// message. The next process ends the job: each run is retried once, what was counted adds up, and no message has a second
// attempt, as the first may have gone out.
func TestKillRetry(t *testing.T) {
	k := newKilled(t, t.TempDir(), builtProgram(t), 7, killSpeed)
	settings := filepath.Join(k.dir, "nudge.yaml")
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	k.write("nudge.yaml", strings.Replace(string(text), "on_unknown: resend\n", "", 1))
	k.write("flows/follow.yaml", fmt.Sprintf(retriedFlow, "10 % (len(data.id) - len(data.id))"))
	if err := os.Remove(filepath.Join(k.dir, "templates/reminder.yaml")); err != nil {
		t.Fatal(err)
	}
	k.begin()
	a := clientOf(t, "http://"+k.address)
	var events []client.Event
	for i := range retriedRuns {
		events = append(events, client.Event{Type: "order", Profile: fmt.Sprint("p-", i), Data: fmt.Appendf(nil, `{"id":"O-%d"}`, i)})
	}
	if _, err := a.SendEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	k.untilNobodyLives()
	if err := k.sandbox.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.kill()
	k.write("flows/follow.yaml", fmt.Sprintf(retriedFlow, "1"))
	k.begin()

	k.trap.arm("post arrives", 1)
	job, err := a.RetryRuns(t.Context(), client.RunFilter{Flow: "follow", Outcome: engine.OutcomeFailed}, retriedRuns, "the flow is fixed")
	if err != nil {
		t.Fatal(err)
	}
	k.process.Wait()
	if n := k.retried(); n == 0 || n == retriedRuns {
		t.Fatalf("%d runs were retried when the process was killed, so this proves nothing", n)
	}

	k.begin()
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	if job, err = followJob(ctx, a, job.ID, io.Discard); err != nil {
		t.Fatalf("the job: %v; the process said:\n%s", err, k.said())
	}
	var result bulk.Result
	if err := json.Unmarshal(job.Result, &result); err != nil || job.State != "done" || result.Counted != retriedRuns || result.Done != retriedRuns || len(result.Skipped) > 0 || result.Failed > 0 {
		t.Errorf("the job is %s with %+v, %v", job.State, result, err)
	}
	k.untilNobodyLives()
	if err := k.process.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	k.process.Wait()
	k.judgeRetried()
}

// retried reads how many runs were tried again.
func (k *killed) retried() (n int) {
	k.t.Helper()
	s := k.store()
	defer s.Close()
	for _, r := range allRuns(k.t, s) {
		n += min(1, timesRetried(r))
	}
	return n
}

func timesRetried(r *engine.Run) (n int) {
	for _, e := range r.Timeline {
		if e.Kind == engine.KindRetried {
			n++
		}
	}
	return n
}

// judgeRetried compares the runs of the store with what the provider saw.
func (k *killed) judgeRetried() {
	k.t.Helper()
	runs, seen := k.runs(), k.seen()
	if len(runs) != retriedRuns {
		k.t.Errorf("%d runs are there", len(runs))
	}
	for _, r := range runs {
		if n := timesRetried(r); n != 1 || r.Outcome != "completed" || len(r.Messages) != 2 {
			k.t.Errorf("run %s was retried %d times, and is %s with %d messages", r.ID, n, r.Outcome, len(r.Messages))
		}
	}
	for ref, s := range seen {
		if len(s.attempts) != 1 {
			k.t.Errorf("message %d of run %s went out %d times", ref.Message, ref.Run, len(s.attempts))
		}
	}
}

// untilNobodyLives waits until no run is live, of any version.
func (k *killed) untilNobodyLives() {
	k.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(4 * patience); ; {
		var page struct{ Runs []struct{ ID string } }
		if json.Unmarshal(k.get("/v1/runs?status=live&limit=1"), &page) == nil && page.Runs != nil && len(page.Runs) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			k.t.Fatalf("runs still live after %s, such as %s\n%s", 4*patience, k.sample(), k.said())
		}
	}
}
