package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"nudge/engine"
	"nudge/runner"
)

// Limits of the HTTP servers. There is none on a whole request, because a stream of
// events may take long; the handlers limit what they read.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeader      = 64 << 10 // bytes
	shutdownPeriod = 5 * time.Second
)

func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// shutDown lets the requests under way end, and cuts off those that take too long.
func shutDown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownPeriod)
	defer cancel()
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(fmt.Errorf("requests were cut off after %s", shutdownPeriod), s.Close())
	}
	return ignoreClosed(err)
}

// Listen opens a listener, and says what to do when that does not work.
func Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
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

// clockFor is the clock of a speed. One that is faster than real time is ahead of it
// when the process ends, so the next one starts where the store stands.
func clockFor(speed float64, stamp engine.Instant) runner.Clock {
	if speed == 1 {
		return runner.RealClock()
	}
	from := time.Now()
	if stored := stamp.Time(); stored.After(from) {
		from = stored
	}
	return runner.NewClock(from, speed)
}
