package app

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/client"
	"nudge/server"
)

// value returns the value of a series of an instance.
func value(t *testing.T, i *Instance, series string) float64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(metricsOf(t, i))
	if m == nil {
		t.Fatalf("there is no series %s", series)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestLiveRuns counts live runs by flow, also of flows that have none, and goes on after a start.
func TestLiveRuns(t *testing.T) {
	dir := t.TempDir()
	local := startExample(t, shop, dir)
	const live = `nudge_runs_live{flow="order"}`
	if n := value(t, local.Instance, live); n != 0 {
		t.Errorf("before the first run %v live", n)
	}
	a := clientOf(t, local.Instance)
	for i, event := range []string{"ordered", "ordered", "paid"} {
		if _, err := a.SendEvent(t.Context(), client.Event{Type: event, Profile: "ann", Data: fmt.Appendf(nil, `{"id": "o%d"}`, i%2)}); err != nil {
			t.Fatal(err)
		}
	}
	if n := value(t, local.Instance, live); n != 1 {
		t.Errorf("of two runs one has ended, and %v live", n)
	}
	if err := local.Stop(); err != nil {
		t.Fatal(err)
	}
	if n := value(t, startExample(t, shop, dir).Instance, live); n != 1 {
		t.Errorf("after a start %v live, want 1", n)
	}
}

// TestReloadMetrics counts reloads by their result, and says when each result was the last time.
func TestReloadMetrics(t *testing.T) {
	local := startExample(t, shop, t.TempDir())
	good, bad := Read(shop, LocalSettings(nil)), Read(fstest.MapFS{"flows/a.yaml": {Data: []byte("flow: b\n")}}, LocalSettings(nil))
	total := func(result string) float64 {
		return value(t, local.Instance, `nudge_reloads_total{result="`+result+`"}`)
	}
	end := func(result string) float64 {
		return value(t, local.Instance, `nudge_reload_end_seconds{result="`+result+`"}`)
	}
	if end("loaded") == 0 || end("failed") != 0 || total("loaded") != 0 {
		t.Errorf("after the start: loaded at %v, failed at %v, %v reloads", end("loaded"), end("failed"), total("loaded"))
	}
	for n, step := range []struct {
		project *Project
		err     error
		failed  bool
	}{{bad, nil, true}, {good, nil, false}, {nil, errors.New("the folder is gone"), true}} {
		local.config.Reload = func() (*Project, error) { return step.project, step.err }
		before := end("failed")
		list, err := local.Reload(t.Context(), nil)
		if failed := err != nil || list.HasErrors(); failed != step.failed || failed != (end("failed") > before) {
			t.Errorf("reload %d: %v, %v; failed at %v, before at %v", n, list, err, end("failed"), before)
		}
	}
	if total("loaded") != 1 || total("failed") != 2 {
		t.Errorf("%v loaded and %v failed, want 1 and 2", total("loaded"), total("failed"))
	}
}

// TestTokenMetrics shows the first end of several tokens with one name, and none of a token without end.
func TestTokenMetrics(t *testing.T) {
	local := startExample(t, shop, t.TempDir())
	first := time.Now().Add(time.Hour)
	local.useTokens([]server.Token{{Name: "shop", Expires: first.Add(time.Hour)}, {Name: "shop", Expires: first}, {Name: "shop"}, {Name: "team"}}, nil)
	ends := onDemand{local.Instance}.tokens()
	if len(ends) != 1 || !ends["shop"].Equal(first) {
		t.Errorf("the tokens end at %v, want shop at %v", ends, first)
	}
	local.useTokens(nil, nil)
	if strings.Contains(metricsOf(t, local.Instance), "nudge_token_end_seconds") {
		t.Error("a metric is there without tokens")
	}
}
