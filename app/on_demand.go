package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/engine"
)

var (
	liveRuns = prometheus.NewDesc("nudge_runs_live",
		"Runs that live now, by flow.", []string{"flow"}, nil)
	quarantinedRuns = prometheus.NewDesc("nudge_runs_quarantined_total",
		"Runs that a fault of the engine or a damaged record has ended, by flow, since the store was made.", []string{"flow"}, nil)
	tokenEnd = prometheus.NewDesc("nudge_token_end_seconds",
		"When a token of the API ends, in seconds since 1970, by its name: the first of several with that name. A token without an end is not here.",
		[]string{"token"}, nil)
	certificateEnd = prometheus.NewDesc("nudge_certificate_end_seconds",
		"When the certificate of the listeners ends, in seconds since 1970; 0 without one.", nil, nil)
)

// onDemand has the metrics that are read when somebody asks for them. The store keeps the numbers of
// runs by version, so nothing is counted by reading runs.
type onDemand struct{ i *Instance }

// Describe lists the metrics.
func (onDemand) Describe(all chan<- *prometheus.Desc) {
	all <- liveRuns
	all <- quarantinedRuns
	all <- tokenEnd
	all <- certificateEnd
}

// Collect reads them. Numbers that cannot be read are left out, so that the others still are there.
func (c onDemand) Collect(all chan<- prometheus.Metric) {
	live, quarantined, err := c.runs()
	if err != nil {
		c.i.log.Error("the metrics of live runs cannot be read", "error", err)
	}
	for flow, n := range live {
		all <- prometheus.MustNewConstMetric(liveRuns, prometheus.GaugeValue, float64(n), flow)
		all <- prometheus.MustNewConstMetric(quarantinedRuns, prometheus.CounterValue, float64(quarantined[flow]), flow)
	}
	all <- prometheus.MustNewConstMetric(certificateEnd, prometheus.GaugeValue, c.certificate())
	for name, end := range c.tokens() {
		all <- prometheus.MustNewConstMetric(tokenEnd, prometheus.GaugeValue, float64(end.Unix()), name)
	}
}

// certificate returns when the certificate ends, in seconds since 1970.
func (c onDemand) certificate() float64 {
	if c.i.pair == nil {
		return 0
	}
	pair, _ := c.i.pair.current(nil) // it never fails
	return float64(pair.Leaf.NotAfter.Unix())
}

// runs returns how many runs live, and how many were quarantined, by flow: of each flow that is active
// or ever had a run.
func (c onDemand) runs() (live, quarantined map[string]uint64, err error) {
	state, err := c.i.store.State()
	if err != nil {
		return nil, nil, err
	}
	counts, err := c.i.store.Counts()
	if err != nil {
		return nil, nil, err
	}
	live, quarantined = map[string]uint64{}, map[string]uint64{}
	for _, v := range state.Active {
		live[v.Flow] = 0
	}
	for _, v := range counts {
		live[v.Flow] += v.Live
		quarantined[v.Flow] += v.Outcomes[engine.OutcomeQuarantined]
	}
	return live, quarantined, nil
}

// tokens returns when the tokens end, by name.
func (c onDemand) tokens() map[string]time.Time {
	ends := map[string]time.Time{}
	for _, t := range c.i.currentTokens() {
		if first, ok := ends[t.Name]; !t.Expires.IsZero() && (!ok || t.Expires.Before(first)) {
			ends[t.Name] = t.Expires
		}
	}
	return ends
}
