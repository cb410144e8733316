package app

import (
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/channels"
	"nudge/cluster"
	"nudge/examples"
	"nudge/runner"
	"nudge/runner/notify"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

// family is a metric of a server with its labels, and the labels of each of its series.
type family struct {
	kind, help string
	labels     map[string]bool
	series     []map[string]string
}

// families returns the metrics of a running server: those that it shows, and those of the runner that
// have no series before something happens.
func families(t *testing.T) map[string]*family {
	t.Helper()
	p := Read(examples.OrderShipped(), LocalSettings(os.LookupEnv))
	p.Settings.Endpoints = []notify.Endpoint{{Endpoint: runner.Endpoint{Name: "crm"}, URL: "http://127.0.0.1:9", Secrets: []string{"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}}}
	local := startProject(t, p, t.TempDir())
	const text = "the-token-of-grafana"
	token := server.NewToken("grafana", text)
	token.Expires = time.Now().Add(time.Hour)
	local.useTokens([]server.Token{token}, nil)
	ask := func(method, path string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, local.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+text)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	ask("POST", "/webhooks/comapi") // without a signature: 401
	ask("POST", "/-/reload")        // without a project on disk: 501
	all := runnerFamilies(t)
	nodes := recorder{prometheus.NewRegistry(), all}
	if err := cluster.NewMetrics().Register(nodes); err != nil { // only a server of several nodes has those
		t.Fatal(err)
	}
	readMetrics(ask("GET", "/metrics"), all)
	return all
}

var (
	seriesForm = regexp.MustCompile(`^([a-z_0-9]+)(?:\{(.*)\})? \S+$`)
	labelForm  = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
)

// readMetrics adds the metrics in a text of the format of Prometheus.
func readMetrics(text string, all map[string]*family) {
	var f *family
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		words := strings.SplitN(line, " ", 4)
		switch m := seriesForm.FindStringSubmatch(line); {
		case words[0] == "#" && words[1] == "HELP":
			f = &family{help: words[3], labels: map[string]bool{}}
			all[words[2]] = f
		case words[0] == "#" && words[1] == "TYPE":
			f.kind = words[3]
		case m != nil:
			labels := map[string]string{}
			for _, l := range labelForm.FindAllStringSubmatch(m[2], -1) {
				labels[l[1]], f.labels[l[1]] = l[2], true
			}
			f.series = append(f.series, labels)
		}
	}
}

// runnerFamilies returns the metrics that the runner registers.
func runnerFamilies(t *testing.T) map[string]*family {
	t.Helper()
	s, err := store.Open(new(memory.KV))
	if err != nil {
		t.Fatal(err)
	}
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	r := recorder{prometheus.NewRegistry(), map[string]*family{}}
	if _, err := runner.New(s, core, runner.Config{Channel: noChannel{}, Registry: r}); err != nil {
		t.Fatal(err)
	}
	return r.families
}

// noChannel is the channel of a runner that does not run.
type noChannel struct{}

func (noChannel) Send(context.Context, channels.Message) channels.Result { panic("nothing is sent") }

// recorder notes what is registered.
type recorder struct {
	prometheus.Registerer
	families map[string]*family
}

var descForm = regexp.MustCompile(`^Desc\{fqName: ("[^"]*"), help: ("(?:[^"\\]|\\.)*"), .*variableLabels: \{(.*)\}\}$`)

func (r recorder) Register(c prometheus.Collector) error {
	kind := "gauge"
	switch c.(type) {
	case *prometheus.CounterVec:
		kind = "counter"
	case *prometheus.HistogramVec:
		kind = "histogram"
	}
	described := make(chan *prometheus.Desc, 1)
	c.Describe(described)
	m := descForm.FindStringSubmatch((<-described).String())
	name, err := strconv.Unquote(m[1])
	if err != nil {
		return err
	}
	help, err := strconv.Unquote(m[2])
	f := &family{kind: kind, help: help, labels: map[string]bool{}}
	for _, label := range strings.Split(m[3], ",") {
		f.labels[label] = true
	}
	r.families[name] = f
	return err
}
