package jobs

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/store"
)

// metrics count what jobs do. There are few kinds, all of them of ours.
type metrics struct {
	running *prometheus.GaugeVec
	ended   *prometheus.CounterVec
}

func newMetrics() metrics {
	return metrics{
		running: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "nudge_jobs_running", Help: "Jobs at work now, by kind."}, []string{"kind"}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nudge_jobs_ended_total",
			Help: "Jobs that ended, by kind and state: done, failed, stopped, or interrupted where the server stopped and the kind does not go on."}, []string{"kind", "state"}),
	}
}

// define makes the series of a kind, so that an alert sees their first rise.
func (m *metrics) define(kind string) {
	m.running.WithLabelValues(kind)
	for _, state := range []store.JobState{store.JobDone, store.JobFailed, store.JobStopped, store.JobInterrupted} {
		m.ended.WithLabelValues(kind, state.String())
	}
}

// Register adds the metrics of the jobs to a registry.
func (m *Manager) Register(registry prometheus.Registerer) error {
	return errors.Join(registry.Register(m.metrics.running), registry.Register(m.metrics.ended))
}

// change changes the record of a job, and counts it if that ends the job.
func (m *Manager) change(id string, change func(*store.Job)) (*store.Job, error) {
	over := false
	j, err := m.config.Store.ChangeJob(id, func(j *store.Job) {
		over = j.State.Over()
		change(j)
	})
	if err == nil && !over && j.State.Over() {
		m.metrics.ended.WithLabelValues(j.Kind, j.State.String()).Inc()
	}
	return j, err
}
