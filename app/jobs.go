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
	if err := errors.Join(i.makeJobs(registry, func(err error) { i.fail("the record of a job", err) }), i.jobs.Open()); err != nil {
		return failed(err)
	}
	i.push("the jobs", func() error { i.jobs.Close(); return nil })
	return nil
}

// makeJobs says what jobs there are. Fail is called when the record of one cannot be written.
func (i *Instance) makeJobs(registry *prometheus.Registry, fail func(error)) error {
	changed := func(what string) { i.runner.Live().Count(live.Jobs, what, 1) }
	i.jobs = jobs.New(jobs.Config{Store: i.store, Now: i.config.Clock.Now, Log: i.log, Changed: changed, Fail: fail})
	i.bulk = bulk.New(i.store, i.runner, i.jobs)
	return i.jobs.Register(registry)
}
