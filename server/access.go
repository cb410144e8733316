package server

import (
	"cmp"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/lang/trace"
)

// requestHeader is the ID of a request, from its sender or made by the server. It is in the answer and in
// the log. It is written as net/http keeps the names of headers.
const requestHeader = "X-Request-Id"

// maxRequestID is how many bytes the ID of a request may have; a longer one is replaced by one of
// the server's.
const maxRequestID = 128

// requestPart is how many characters of a request's ID tell the server that made it.
const requestPart = 12

// accessMetrics count requests by the pattern of their route.
type accessMetrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	dropped  prometheus.Counter // lines that a live reader lost
}

func newAccessMetrics(registry *prometheus.Registry, readers func() float64) (*accessMetrics, error) {
	m := &accessMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nudge_http_requests_total", Help: "Requests by the pattern of their route and the status of the answer. A path that is no route is \"other\".",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nudge_http_request_seconds", Help: "How long requests took, by the pattern of their route, until the end of the answer. Without GET /v1/live, which lasts as long as somebody follows.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{Name: "nudge_live_dropped_total", Help: "Lines of GET /v1/live that a reader lost because it was too slow."}),
	}
	if registry == nil {
		return m, nil
	}
	return m, errors.Join(registry.Register(m.requests), registry.Register(m.seconds), registry.Register(m.dropped),
		registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "nudge_live_readers", Help: "Who follows GET /v1/live now."}, readers)))
}

// of returns the metrics of a route, which are looked up once.
func (m *accessMetrics) of(route string) *routeMetrics {
	return &routeMetrics{seconds: m.seconds.WithLabelValues(route), requests: m.requests.MustCurryWith(prometheus.Labels{"route": route}), lasting: route == liveRoute}
}

// routeMetrics are those of one route.
type routeMetrics struct {
	seconds  prometheus.Observer
	requests *prometheus.CounterVec
	byStatus sync.Map // int to prometheus.Counter
	lasting  bool     // how long it takes says nothing
}

// count counts a request that was answered.
func (m *routeMetrics) count(status int, took time.Duration) {
	if !m.lasting {
		m.seconds.Observe(took.Seconds())
	}
	counter, ok := m.byStatus.Load(status)
	if !ok {
		counter, _ = m.byStatus.LoadOrStore(status, m.requests.WithLabelValues(strconv.Itoa(status)))
	}
	counter.(prometheus.Counter).Inc()
}

// recorded is an answer with what is known of its request.
type recorded struct {
	http.ResponseWriter
	id     [1]string     // of the request, as its header has it
	status int           // 0: none yet
	route  *routeMetrics // of the route that makes it
	token  *Token        // of the request; nil: none yet
	sent   []byte        // the event, or all of a body, that an answer may refuse
	path   string        // for the log, in place of one that has a secret; empty: the request's
	trace  trace.Context // of its span; zero: none
	masks  bool          // what is private is to be masked in the answer
}

// recordOf returns the record of an answer; one that nobody keeps, if there is none.
func recordOf(w http.ResponseWriter) *recorded {
	for {
		switch x := w.(type) {
		case *recorded:
			return x
		case interface{ Unwrap() http.ResponseWriter }:
			w = x.Unwrap()
		default:
			return new(recorded)
		}
	}
}

// requestIDs makes IDs: a random part for each server, and a number.
type requestIDs struct {
	part string
	last atomic.Uint64
}

func (r *requestIDs) next() string {
	var id [requestPart + 1 + 13]byte // 13 digits have any number
	return string(strconv.AppendUint(append(id[:0], r.part...), r.last.Add(1), 36))
}

// Unwrap is for [http.ResponseController].
func (w *recorded) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// innermost is the answer of net/http itself. Its MaxBytesReader tells it of a body that is too large,
// so that the caller gets the answer before the connection is cut.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = outer.Unwrap()
	}
}

// WriteHeader notes the status.
func (w *recorded) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// observed gives every request an ID, counts it and, at the level debug, logs it.
func (s *Server) observed(next http.Handler) http.Handler {
	other, ids := s.access.of("other"), &requestIDs{part: rand.Text()[:requestPart] + "-"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, answer := time.Now(), &recorded{ResponseWriter: w, route: other, masks: r.Header.Get(privateHeader) != ""}
		id := r.Header.Get(requestHeader)
		if !isRequestID(id) {
			id = ids.next()
		}
		answer.id[0] = id
		w.Header()[requestHeader] = answer.id[:]
		defer func() { // also of an answer that was cut
			if answer.status == 0 {
				answer.status = http.StatusOK
			}
			took := time.Since(began)
			answer.route.count(answer.status, took)
			if !s.config.Log.Enabled(r.Context(), slog.LevelDebug) {
				return
			}
			attributes := []slog.Attr{slog.String("method", r.Method), slog.String("path", cmp.Or(answer.path, r.URL.Path)),
				slog.Int("status", answer.status), slog.Duration("took", took), slog.String("from", r.RemoteAddr), slog.String("request", id)}
			if t := cmp.Or(answer.trace, trace.FromHeader(r.Header)); !t.IsZero() {
				attributes = append(attributes, slog.String("trace", t.ID()))
			}
			s.config.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", attributes...)
		}()
		next.ServeHTTP(answer, r)
	})
}

// isRequestID reports whether an ID from outside may be used as it is: short, and of visible
// characters of ASCII.
func isRequestID(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return id != "" && len(id) <= maxRequestID
}
