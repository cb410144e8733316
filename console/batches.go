package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nudge/client"
)

var batchViews = []view{
	{pattern: Root + "batches", file: "batches", section: "runs", topics: []string{"jobs"}, load: loadBatches},
	{pattern: Root + "batches/{id}", file: "batch", section: "runs", topics: []string{"jobs"}, load: loadBatch},
}

var batchActions = []action{
	{pattern: Root + "batches/new", scope: "operate", section: "runs", asks: askMany, keyless: true, do: changeMany},
	{pattern: Root + "batches/{id}/stop", scope: "operate", section: "runs", asks: askStopBatch, keyless: true, do: stopBatch},
}

// manyRuns is from how many runs on the flow's name, or else the verb, must be typed to change them.
const manyRuns = 1000

func loadBatches(v *visit) (*content, error) {
	page, err := v.api.Jobs(v.ctx(), client.JobQuery{Kind: v.query("kind"), State: v.query("state"), Before: v.query("before")})
	if err != nil {
		return nil, err
	}
	return &content{Title: "Batches", Crumbs: []crumb{{"Runs", Root + "runs"}}, Data: batchesPage{page, v.links("state", choice{"", "All"}, choice{"running", "Running"}, choice{"done", "Done"}, choice{"failed", "Failed"})}, Live: []string{"batch-list"}}, nil
}

// batchesPage is the list of batches.
type batchesPage struct {
	*client.JobPage
	States []choiceLink
}

// batchPage is one batch.
type batchPage struct {
	*client.Job
	Bar    Bar
	Counts bool   // the bar says something
	Reason string // why it was asked for
	Runs   string // the page of the runs that it is about
	Named  string // of what it is about, where that is no filter of runs
	At     client.Time
	Where  string // the page of its result
}

// Skips are the reasons why something was skipped, the most frequent first.
func (b batchPage) Skips() []string { return skipsOf(b.Progress.Skipped) }

func skipsOf(skipped map[string]int) []string {
	return slices.SortedFunc(maps.Keys(skipped), func(a, b string) int {
		return cmp.Or(cmp.Compare(skipped[b], skipped[a]), strings.Compare(a, b))
	})
}

func loadBatch(v *visit) (*content, error) {
	job, err := v.api.Job(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	b := batchPage{Job: job}
	var params struct {
		Filter               *client.RunFilter
		Reason, Flow, Deploy string
		At                   client.Time
	}
	if json.Unmarshal(job.Params, &params) == nil { // what cannot be read is shown as it is
		b.Reason, b.At = params.Reason, params.At
		if params.Filter != nil {
			b.Runs = runsPath(*params.Filter)
		}
		if params.Flow != "" {
			b.Named, b.Where = params.Flow, flowPath(params.Flow)
		}
		if params.Deploy != "" {
			b.Named, b.Where = params.Deploy, Root+"deploys/"+url.PathEscape(params.Deploy)
		}
	}
	b.Bar, b.Counts = v.barOfJob(job)
	return &content{Title: upper(job.Kind), Crumbs: []crumb{{"Runs", Root + "runs"}, {"Batches", Root + "batches"}}, Data: b, Live: []string{"batch-state", "batch-bar", "batch-result"}}, nil
}

// barOfJob accounts for everything that a job is about: done, skipped by reason, failed, and to come or left undone.
func (v *visit) barOfJob(j *client.Job) (Bar, bool) {
	p := &j.Progress
	parcels := []parcel{{name: "done", count: uint64(p.Done), class: "good"}}
	known := p.Done + p.Failed
	for _, why := range skipsOf(p.Skipped) {
		parcels = append(parcels, parcel{name: "skipped: " + why, count: uint64(p.Skipped[why]), class: "left"})
		known += p.Skipped[why]
	}
	parcels = append(parcels, parcel{name: "failed", count: uint64(p.Failed), class: "bad"})
	rest := "to come"
	if j.Over() {
		rest = "left as they were"
	}
	parcels = append(parcels, parcel{name: rest, count: uint64(max(p.Total-known, 0)), class: "plan"})
	bar := v.barOf("all accounted for", parcels)
	return bar, max(p.Total, known) > 0
}

// Stops reports whether the batch can be stopped.
func (b batchPage) Stops() bool { return !b.Over() && !b.Stopping }

// askMany counts what a change of many runs would do.
func askMany(v *visit) (*question, error) {
	do := v.asked("do")
	if do != "retry" && do != "cancel" {
		return nil, &client.Problem{Status: http.StatusBadRequest, Detail: "do must be retry or cancel"}
	}
	filter := v.askedFilter()
	count, err := v.countMany(do, filter)
	if err != nil {
		return nil, err
	}
	runs := v.Many(count.Runs, "run", "runs")
	q := &question{
		Number: count.Runs, Reason: reasonFor(count.Runs), Back: runsPath(filter), Fields: append(filterFields(filter), field{"do", do}),
		Touches: runs + " as of " + count.At.UTC().Format("2 Jan 15:04:05") + " UTC, of one person each" + v.skippedOf(count) + examplesOf(count),
	}
	if do == "retry" {
		q.Title, q.Button = "Try these runs again?", "Try "+runs+" again"
		q.Stays = "Each goes on at the step that failed, in the version that is active now. What went out stays as it is, and what may have gone out is not sent again."
		q.Undo = "New attempts cannot be taken back. The batch can be stopped; what it has done stays done."
	} else {
		q.Title, q.Button, q.Stops = "Cancel these runs?", "Cancel "+runs, true
		q.Stays = "These people get nothing more from these runs. What went out stays as it is."
		q.Undo = "Cancelled runs cannot go on. The batch can be stopped; what it has done stays done."
	}
	if count.Runs > manyRuns {
		q.Type = cmp.Or(filter.Flow, do)
	}
	if count.Runs == 0 {
		q.Button = ""
		q.Wrong = "There is nothing to do: no run of these can be " + map[string]string{"retry": "tried again", "cancel": "cancelled"}[do] + "."
	}
	return q, nil
}

func (v *visit) countMany(do string, f client.RunFilter) (*client.BulkCount, error) {
	if do == "retry" {
		return v.api.CountRetry(v.ctx(), f)
	}
	return v.api.CountCancel(v.ctx(), f)
}

// skippedOf says what of a filter cannot be changed.
func (v *visit) skippedOf(count *client.BulkCount) string {
	var all []string
	for _, why := range skipsOf(count.Skipped) {
		all = append(all, v.Num(count.Skipped[why])+" "+why)
	}
	if len(all) == 0 {
		return "."
	}
	return ". Left alone: " + strings.Join(all, ", ") + "."
}

// examplesOf names some of the people.
func examplesOf(count *client.BulkCount) string {
	var all []string
	for _, r := range count.Examples {
		all = append(all, r.Profile)
	}
	if len(all) == 0 {
		return ""
	}
	return " For example: " + strings.Join(all, ", ") + "."
}

// changeMany begins a batch.
func changeMany(v *visit) (*done, error) {
	var expect int
	if _, err := fmt.Sscan(v.posted(expectField), &expect); err != nil {
		return nil, &client.Problem{Status: http.StatusBadRequest, Detail: "expect is no number"}
	}
	if expect == 0 {
		return nil, &client.Problem{Status: http.StatusConflict, Detail: "there is nothing to do"}
	}
	begin := v.api.CancelRuns
	if v.posted("do") == "retry" {
		begin = v.api.RetryRuns
	}
	job, err := begin(v.ctx(), v.askedFilter(), expect, v.posted(reasonField))
	if err != nil {
		return nil, err
	}
	return &done{To: batchPath(job.ID), Said: "The batch is at work."}, nil
}

func batchPath(id string) string { return Root + "batches/" + url.PathEscape(id) }

// filterReason is the name of the filter's reason in a question: reason is why the visitor acts.
const filterReason = "failed_because"

// askedFilter reads the filter of runs of a question, or of the form that it became.
func (v *visit) askedFilter() client.RunFilter {
	return runFilter(func(name string) string {
		if name == reasonField {
			name = filterReason
		}
		return v.asked(name)
	})
}

// filterFields are the fields of a question about the runs of a filter.
func filterFields(f client.RunFilter) (all []field) {
	u, err := url.Parse(runsPath(f))
	if err != nil {
		return nil // it is a path of ours
	}
	values := u.Query()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		as := name
		if name == reasonField {
			as = filterReason
		}
		all = append(all, field{as, values.Get(name)})
	}
	return all
}

func askStopBatch(v *visit) (*question, error) {
	job, err := v.api.Job(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	left := max(job.Progress.Total-job.Progress.Done, 0)
	return &question{
		Title: "Stop this batch?", Touches: "It stops before the next of " + v.Num(left) + " that are to come.", Stays: "What it has done stays done: " + v.Num(job.Progress.Done) + ".",
		Undo: "A stopped batch does not go on. Another one can be begun for what is left.", Button: "Stop the batch", Stops: true, Back: batchPath(job.ID),
	}, nil
}

func stopBatch(v *visit) (*done, error) {
	job, err := v.api.StopJob(v.ctx(), v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return &done{To: batchPath(job.ID), Said: "The batch stops."}, nil
}
