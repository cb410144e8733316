package tracing

import (
	"context"
	"log/slog"
	"sync"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// lossesEvery is how often the log says that spans were lost.
const lossesEvery = time.Minute

// exporter hands spans to the collector. If that fails they are lost, and a line in the log says
// so now and then.
type exporter struct {
	sdk.SpanExporter
	log *slog.Logger
	cut context.Context // its end cuts off a request to the collector

	mu   sync.Mutex // guards what follows
	lost int        // spans since the last line
	said time.Time  // when the last line was written
}

// ExportSpans hands on spans. It never fails: nobody could do more than write it down.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.cut, cancel)()
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.note(len(spans), err)
	}
	return nil
}

// note writes down that spans were lost, at most once in lossesEvery.
func (e *exporter) note(spans int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost += spans
	if now := time.Now(); now.Sub(e.said) >= lossesEvery {
		e.log.Warn("the collector did not take spans; they are lost, and nothing else is", "spans", e.lost, "error", err)
		e.said, e.lost = now, 0
	}
}
