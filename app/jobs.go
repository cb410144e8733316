package app

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/runner/live"
)

// startJobs takes up the jobs that the last process left, and lets new ones begin.
func (i *Instance) startJobs(registry *prometheus.Registry) error {
	changed := func(what string) { i.runner.Live().Count(live.Jobs, what, 1) }
	i.jobs = jobs.New(jobs.Config{Store: i.store, Now: i.config.Clock.Now, Log: i.log, Changed: changed, Fail: func(err error) { i.fail("the record of a job", err) }})
	i.bulk = bulk.New(i.store, i.runner, i.jobs)
	if err := errors.Join(i.jobs.Register(registry), i.jobs.Open()); err != nil {
		return failed(err)
	}
	i.push("the jobs", func() error { i.jobs.Close(); return nil })
	return nil
}
