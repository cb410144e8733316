package app

import (
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/runner/live"
)

// startJobs takes up the jobs that the last process left, and lets new ones begin.
func (i *Instance) startJobs() error {
	changed := func(what string) { i.runner.Live().Count(live.Jobs, what, 1) }
	i.jobs = jobs.New(jobs.Config{Store: i.store, Now: i.config.Clock.Now, Log: i.log, Changed: changed, Fail: func(err error) { i.fail("the record of a job", err) }})
	i.bulk = bulk.New(i.store, i.runner, i.jobs)
	if err := i.jobs.Open(); err != nil {
		return failed(err)
	}
	i.push("the jobs", func() error { i.jobs.Close(); return nil })
	return nil
}
