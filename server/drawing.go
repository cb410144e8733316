package server

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"nudge/engine"
	"nudge/flows"
	"nudge/flows/graph"
	"nudge/store"
	"nudge/whatif/numbers"
)

// maxBoxes is how many boxes of a flow are drawn; beyond it, a step with steps inside is one box until it is opened.
const maxBoxes = 60

// FlowDrawing is one version of a flow as it is drawn.
type FlowDrawing struct {
	Flow    string `json:"flow"`
	Version string `json:"version"`
	Active  bool   `json:"active"`
	About   string `json:"about,omitempty"` // what the flow is for, in its own words
	graph.Drawing
}

var drawingParameters = []string{"version", "since", "until", "numbers", "open"}

// getDrawing answers how a version of a flow is drawn.
func (s *Server) getDrawing(w http.ResponseWriter, r *http.Request) {
	drawing, err := s.drawing(r.PathValue("flow"), r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, drawing)
}

func (s *Server) drawing(flow string, values url.Values) (*FlowDrawing, error) {
	options, err := drawingOptions(values)
	if err != nil {
		return nil, err
	}
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	v, active, err := s.countedVersion(flow, values.Get("version"), state)
	if err != nil {
		return nil, err
	}
	f, err := s.versionOrFolder(v)
	if err != nil {
		return nil, err
	}
	if values.Has("since") || values.Has("until") {
		if options.Left, err = s.leftFrom(v, f, values); err != nil {
			return nil, err
		}
	}
	return &FlowDrawing{Flow: v.Flow, Version: v.Version, Active: active, About: f.About, Drawing: *graph.Lay(f, options)}, nil
}

// drawingOptions reads how a flow is to be drawn.
func drawingOptions(values url.Values) (o graph.Options, err error) {
	if err := onlyParameters(values, drawingParameters); err != nil {
		return o, err
	}
	o = graph.Options{Most: maxBoxes}
	if text := values.Get("numbers"); text != "" {
		if o.Numbers, err = strconv.ParseBool(text); err != nil {
			return o, wrongParameter("numbers", "must be true or false")
		}
	}
	if text := values.Get("open"); text != "" {
		o.Open = strings.Split(text, ",")
	}
	return o, nil
}

// versionOrFolder returns a version that was deployed, or that of the project folder, whose stories are drawn.
func (s *Server) versionOrFolder(v engine.FlowVersion) (*flows.Flow, error) {
	f, err := s.flows.version(v)
	if err != nil || f != nil {
		return f, err
	}
	if s.config.Project != nil {
		if f := s.config.Project().Flow(v.Flow); f != nil && f.Version == v.Version {
			return f, nil
		}
	}
	return nil, problemOf(http.StatusNotFound, "unknown", "flow "+v.Flow+" has no version "+v.Version)
}

// leftFrom returns from which steps people left by each exit, of those who started in a span.
func (s *Server) leftFrom(v engine.FlowVersion, f *flows.Flow, values url.Values) (func(exit int) []string, error) {
	span := url.Values{}
	for _, name := range countsParameters {
		if values.Has(name) {
			span.Set(name, values.Get(name))
		}
	}
	q, err := countsQuery(span, engine.InstantOf(s.now()))
	if err != nil {
		return nil, err
	}
	var sum []engine.Count
	if err := s.config.Store.FlowCounts(v, q.since, q.until, func(c *store.FlowCounts) bool {
		sum = store.SumCounts(sum, c.Counts)
		return true
	}); err != nil {
		return nil, err
	}
	exits := numbers.Of(f, sum).Exits
	return func(exit int) (steps []string) {
		for _, from := range exits[exit].From {
			steps = append(steps, from.Step)
		}
		return steps
	}, nil
}
