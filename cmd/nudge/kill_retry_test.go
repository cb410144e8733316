//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nudge/client"
	"nudge/engine"
)

const (
	retriedRuns = 1500

	retriedFlow = `flow: follow
trigger: { event: order, key: event.id }
steps:
  - send: first
  - { id: share, set: { part: = %s } }
  - send: last
`
)

// TestKillRetry kills a serving process with SIGKILL in the middle of a job that retries runs. The next process ends the job: each
// run is retried once, what was counted adds up, and no message has a second attempt, as the first may have gone out.
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
	for from := 0; from < retriedRuns; from += 500 {
		var events []client.Event
		for i := from; i < from+500; i++ {
			events = append(events, client.Event{Type: "order", Profile: fmt.Sprint("p-", i), Data: fmt.Appendf(nil, `{"id":"O-%d"}`, i)})
		}
		if _, err := a.SendEvents(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	k.until("all runs have failed", k.nobodyLives)
	if err := k.sandbox.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.kill()
	k.write("flows/follow.yaml", fmt.Sprintf(retriedFlow, "1"))
	k.begin()

	failed := client.RunFilter{Flow: "follow", Outcome: engine.OutcomeFailed}
	job, err := a.RetryRuns(t.Context(), failed, retriedRuns, "the flow is fixed")
	if err != nil {
		t.Fatal(err)
	}
	look := func() bool {
		next, err := a.Job(t.Context(), job.ID)
		if err == nil {
			job = next
		}
		return err == nil
	}
	k.until("the job has begun", func() bool { return look() && job.Progress.Done > 0 })
	k.kill()
	if job.Over() {
		t.Fatal("the job was over before the process was killed, so this proves nothing")
	}
	before := job.Progress.Done
	k.begin()
	k.until("the job is over", func() bool { return look() && job.Over() })
	k.until("no run is live", k.nobodyLives)
	if job.State != "done" || job.Progress.Done != retriedRuns || job.Progress.Total != retriedRuns || len(job.Progress.Skipped) > 0 || job.Progress.Failed > 0 {
		t.Errorf("killed at %d, the job is %s with %+v", before, job.State, job.Progress)
	}
	if err := k.process.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	k.process.Wait()
	k.judgeRetried()
}

// judgeRetried compares the runs of the store with what the provider saw.
func (k *killed) judgeRetried() {
	k.t.Helper()
	runs, seen := k.runs(), k.seen()
	if len(runs) != retriedRuns {
		k.t.Errorf("%d runs are there", len(runs))
	}
	for _, r := range runs {
		retried := 0
		for _, e := range r.Timeline {
			if e.Kind == engine.KindRetried {
				retried++
			}
		}
		if retried != 1 || r.Outcome != "completed" || len(r.Messages) != 2 {
			k.t.Errorf("run %s was retried %d times, and is %s with %d messages", r.ID, retried, r.Outcome, len(r.Messages))
		}
	}
	for ref, s := range seen {
		if len(s.attempts) != 1 {
			k.t.Errorf("message %d of run %s went out %d times", ref.Message, ref.Run, len(s.attempts))
		}
	}
}

// nobodyLives reports whether no run is live, of any version.
func (k *killed) nobodyLives() bool {
	var page struct{ Runs []struct{ ID string } }
	return json.Unmarshal(k.get("/v1/runs?status=live&limit=1"), &page) == nil && page.Runs != nil && len(page.Runs) == 0
}

// until asks again and again until something is so.
func (k *killed) until(what string, is func() bool) {
	k.t.Helper()
	for deadline := time.Now().Add(4 * patience); !is(); {
		if time.Now().After(deadline) {
			k.t.Fatalf("%s: not within %s; a run: %s; it said:\n%s", what, 4*patience, k.sample(), k.said())
		}
	}
}
