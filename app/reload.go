package app

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/engine"
	"nudge/lang/diag"
)

// Reload reads the project again and makes its flows the active ones. A project with
// errors changes nothing; Reload returns its mistakes. By is who asked for it.
func (i *Instance) Reload(ctx context.Context, by *engine.Actor) (diag.List, error) {
	i.reloading.Lock()
	defer i.reloading.Unlock()
	list, err := i.reload(ctx, by)
	result := reloadLoaded
	if err != nil || list.HasErrors() {
		result = reloadFailed
	}
	i.reloads.count(result)
	i.health.read(list, err)
	return list, err
}

func (i *Instance) reload(ctx context.Context, by *engine.Actor) (diag.List, error) {
	p, err := i.config.Reload()
	if err != nil {
		return nil, err
	}
	if p.List.HasErrors() {
		return p.List, nil
	}
	tokens, list := i.tokensOf(p)
	if list.HasErrors() {
		return list, nil
	}
	if err := i.adopt(ctx, p, by); err != nil {
		return p.List, err
	}
	if err := i.noteTokens(ctx, tokens, p.Settings.Origins, by); err != nil {
		return p.List, err
	}
	i.useTokens(tokens, p.Settings.Origins)
	i.secondPerson.Store(p.Settings.SecondPerson)
	i.reloadPreferences(p.Settings.Preferences)
	if keys := needStart(&i.config.Project.Settings, &p.Settings); len(keys) > 0 {
		i.log.Warn("of nudge.yaml these have changed, and are read at the next start", "keys", strings.Join(keys, ", "))
	}
	return p.List, nil
}

// needStart returns the keys of nudge.yaml that differ between two projects, and that a reload does not read.
func needStart(at, now *Settings) (keys []string) {
	for _, x := range []struct {
		key     string
		at, now any
	}{
		{"accounts", at.Accounts, now.Accounts}, {"data_dir", at.DataDir, now.DataDir}, {"endpoints", at.Endpoints, now.Endpoints}, {"fetch", at.Fetch, now.Fetch},
		{"forgotten_list", at.ForgottenList, now.ForgottenList}, {"limits", at.Limits, now.Limits}, {"listen", at.Listen, now.Listen}, {"partitions", at.Partitions, now.Partitions},
		{"retention", at.Retained, now.Retained}, {"tls", at.TLS, now.TLS}, {"webhooks", []any{at.Secrets, at.Webhooks}, []any{now.Secrets, now.Webhooks}},
	} {
		if !reflect.DeepEqual(x.at, x.now) {
			keys = append(keys, x.key)
		}
	}
	return keys
}

// The results of a reload, as its metrics have them.
const (
	reloadLoaded = "loaded"
	reloadFailed = "failed"
)

// reloadMetrics show how reloads end.
type reloadMetrics struct {
	total *prometheus.CounterVec
	end   *prometheus.GaugeVec
}

func newReloadMetrics() *reloadMetrics {
	m := &reloadMetrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nudge_reloads_total", Help: "Reloads of the project, by their result: loaded, or failed where nothing was changed.",
		}, []string{"result"}),
		end: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "nudge_reload_end_seconds", Help: "When the project was last loaded, and when it last failed to load, in seconds since 1970; 0 for never. A start counts as loaded.",
		}, []string{"result"}),
	}
	for _, result := range []string{reloadLoaded, reloadFailed} {
		m.total.WithLabelValues(result)
		m.end.WithLabelValues(result)
	}
	return m
}

func (m *reloadMetrics) register(registry *prometheus.Registry) error {
	return errors.Join(registry.Register(m.total), registry.Register(m.end))
}

// count counts a reload that ends now.
func (m *reloadMetrics) count(result string) {
	m.total.WithLabelValues(result).Inc()
	m.note(result)
}

// note notes that the project was read just now.
func (m *reloadMetrics) note(result string) {
	m.end.WithLabelValues(result).Set(float64(time.Now().UnixMilli()) / 1000)
}
