package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nudge/engine"
	"nudge/runner"
)

// Limits of the HTTP servers. A whole request has no time limit, because a stream of
// events may take long. The handlers limit how much they read.
const (
	headerTimeout  = 10 * time.Second // how long the headers of a request may take; then the connection is closed
	idleTimeout    = 2 * time.Minute  // how long a connection may wait for its next request; then it is closed
	maxHeader      = 64 << 10         // bytes of a request's headers; more are refused with 431
	shutdownPeriod = 5 * time.Second  // how long requests may still take when the server stops; then they are cut off, and a warning says so
)

// webServer serves HTTP until it is stopped.
type webServer struct {
	http     *http.Server
	log      *slog.Logger
	patience time.Duration // how long current requests may take after a stop
}

func newWebServer(h http.Handler, log *slog.Logger) *webServer {
	return &webServer{log: log, patience: shutdownPeriod, http: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
}

// withHeaders sends the headers that keep browsers from doing more with an answer than to show it. Pages
// replace the policy by their own. By TLS, it also keeps browsers from coming without TLS for a year.
func withHeaders(next http.Handler, secure bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = noSniff
		h["Content-Security-Policy"] = noPage
		if secure {
			h["Strict-Transport-Security"] = onlyTLS
		}
		next.ServeHTTP(w, r)
	})
}

// The values of the headers. Nobody changes them.
var (
	noSniff = []string{"nosniff"}
	noPage  = []string{"default-src 'none'; frame-ancestors 'none'"}
	onlyTLS = []string{"max-age=31536000"}
)

// serve serves on a listener. It returns nil once the server is stopped.
func (s *webServer) serve(l net.Listener) error {
	serve := s.http.Serve
	if s.http.TLSConfig != nil {
		serve = func(l net.Listener) error { return s.http.ServeTLS(l, "", "") } // with the certificate of its settings, and HTTP/2
	}
	if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// stop lets the current requests end. It cuts off requests that take too long, such as a
// half-sent one. A cut-off request causes a warning, but the stop is still clean.
func (s *webServer) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests that had not ended were cut off", "after", s.patience)
		return ignoreClosed(s.http.Close())
	}
	return ignoreClosed(err)
}

// Listen opens a listener. An address of IPv4, such as 0.0.0.0, is not open to IPv6. The error
// says what to do.
func Listen(address string) (net.Listener, error) {
	network := "tcp"
	if a, err := netip.ParseAddrPort(address); err == nil && a.Addr().Is4() {
		network = "tcp4"
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, failed(fmt.Errorf("listen on %s: %w", address, err))
	}
	return l, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// chooseClock chooses the clock that the settings name, if there is none.
func (i *Instance) chooseClock(stamp engine.Instant, registry *prometheus.Registry) error {
	off := func() time.Duration { return 0 }
	switch {
	case i.config.Clock != nil:
	case i.project.Settings.Speed != 1:
		i.config.Clock = clockFor(i.project.Settings.Speed, stamp)
	case !i.config.CheckClock:
		i.config.Clock = runner.RealClock()
	default:
		steady := newSteadyClock(i.log)
		i.config.Clock, off = steady, steady.Off
	}
	i.health.clockOff = off
	return registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nudge_clock_off_seconds", Help: "How far the machine's clock was set while the server ran, which the server does not follow; 0 if it follows.",
	}, func() float64 { return off().Seconds() }))
}

// clockFor returns a fast clock. It is ahead of real time when the
// process ends, so the next one starts at the instant of the store.
func clockFor(speed float64, stamp engine.Instant) runner.Clock {
	from := time.Now()
	if stored := stamp.Time(); stored.After(from) {
		from = stored
	}
	return runner.NewClock(from, speed)
}
