package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nudge/engine"
	"nudge/store"
	"nudge/store/memory"
)

// TestJobRetention keeps the newest jobs that are over, and all others.
func TestJobRetention(t *testing.T) {
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		state := store.JobDone
		if i == 1 {
			state = store.JobRunning
		}
		if err := s.AddJob(&store.Job{ID: fmt.Sprint("j", i), Kind: "plan", State: state}, 3); err != nil {
			t.Fatal(err)
		}
	}
	all, _, err := s.Jobs(store.JobQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	ids := ""
	for _, j := range all {
		ids += j.ID + " "
	}
	if ids != "j9 j8 j7 j6 j1 " { // the newest, and three that were over before it
		t.Errorf("there are %s", ids)
	}
	if _, err := s.Job("j2"); !errors.Is(err, store.ErrNoJob) {
		t.Errorf("a dropped job: %v", err)
	}
	if _, err := s.ChangeJob("j2", func(*store.Job) {}); !errors.Is(err, store.ErrNoJob) {
		t.Errorf("a change of a dropped job: %v", err)
	}
}

// TestKeyOfAnotherPartition forgets somebody whose runs are in another partition than a job that looks for runs by their key.
func TestKeyOfAnotherPartition(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	kvs := []store.KV{new(memory.KV), new(memory.KV)}
	all, err := store.OpenAll(kvs)
	must(err)
	theirs := map[int]string{}
	for _, who := range []string{"ann", "bob", "cid", "dee", "eve"} {
		theirs[engine.PartitionOf(who, 2)] = who
	}
	for part, want := range []string{`{"filter":{"key":"o1"}}`, `{"filter":{"key":"(forgotten)"}}`} {
		id := theirs[part]
		must(all[0].AddJob(&store.Job{ID: id, Kind: "cancel runs", State: store.JobDone, Params: []byte(`{"filter":{"key":"o1"}}`)}, 10))
		state, err := all[0].State()
		must(err)
		must(all[0].Commit(&engine.Batch{State: state, Forgotten: []string{id}}))
		for more := true; more; {
			more, err = all[0].Erase()
			must(err)
		}
		j, err := all[0].Job(id)
		must(err)
		if string(j.Params) != want {
			t.Errorf("after %s of partition %d was forgotten, the job has %s, want %s", id, part, j.Params, want)
		}
	}
}

// TestForgottenInJobs forgets somebody who stands in a job that is over, and in one that still works and names them at
// its end. Names of the project stay, even if a person has the same.
func TestForgottenInJobs(t *testing.T) {
	kv := new(memory.KV)
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	must := func(_ *store.Job, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	params := []byte(`{"filter":{"flow":"zoe","profile":"zoe"},"reason":"as zoe said, not zoella","n":12345678901234567890}`)
	over := &store.Job{ID: "1", Kind: "cancel runs", State: store.JobFailed, Params: params, Result: []byte(`{"examples":["zoe",{"zoe":1}],"samples":[{"profile":"zoe","text":"Hi Zoe B."},{"profile":"kim"}]}`), Problem: "zoe is not there"}
	working := &store.Job{ID: "2", Kind: "plan", State: store.JobRunning, Params: params}
	for _, j := range []*store.Job{over, working} {
		must(j, s.AddJob(j, 10))
	}
	state, err := s.State()
	must(nil, err)
	must(nil, s.Commit(&engine.Batch{State: state, Forgotten: []string{"zoe"}}))
	for more := true; more; {
		more, err = s.Erase()
		must(nil, err)
	}
	must(s.ChangeJob("2", func(j *store.Job) {
		j.State, j.Result = store.JobDone, []byte(`{"first":"zoe"}`)
	}))
	for id, want := range map[string]string{"1": `{"examples":["(forgotten)",{"(forgotten)":1}],"samples":[{"profile":"kim"}]}`, "2": `{"first":"(forgotten)"}`} {
		j, err := s.Job(id)
		must(j, err)
		if string(j.Result) != want {
			t.Errorf("the result is %s, want %s", j.Result, want)
		}
		if got := string(j.Params); got != `{"filter":{"flow":"zoe","profile":"(forgotten)"},"n":12345678901234567890,"reason":"as (forgotten) said, not zoella"}` {
			t.Errorf("the parameters are %s", got)
		}
		if strings.Contains(j.Problem, "zoe") {
			t.Errorf("the problem is %q", j.Problem)
		}
	}
	for key, record := range kv.Dump(store.Jobs) {
		if strings.Count(string(record), "zoe") != 2 { // the flow, and zoella
			t.Errorf("the record %s is %q", key, record)
		}
	}
}
