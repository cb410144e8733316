package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	otel "go.opentelemetry.io/otel/trace"

	"nudge/lang/trace"
)

// stopTime is how long a stop waits for the collector to take the last spans; then they are lost.
const stopTime = 2 * time.Second

// Spans sends spans to a collector.
type Spans struct {
	provider *sdk.TracerProvider
	tracer   otel.Tracer
	log      *slog.Logger
	cut      func()        // cuts off a request to the collector
	patience time.Duration // of a stop
}

// Open starts to send spans. It returns nil if the environment names no collector, turns spans
// off, or asks for something that there is not: then the log says so.
func Open(ctx context.Context, log *slog.Logger) (*Spans, error) {
	to, err := collector(os.Getenv)
	if err != nil {
		log.Warn("no traces are recorded", "error", err)
	}
	if to == "" || err != nil {
		return nil, nil
	}
	inner, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(attribute.String("service.name", "nudge")), resource.WithFromEnv())
	if err != nil {
		log.Warn("OTEL_RESOURCE_ATTRIBUTES is wrong in part", "error", err)
	}
	until, cut := context.WithCancel(context.Background())
	provider := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithBatcher(&exporter{SpanExporter: inner, log: log, cut: until}))
	log.Info("traces are recorded", "collector", to)
	return &Spans{provider: provider, tracer: provider.Tracer("nudge"), log: log, cut: cut, patience: stopTime}, nil
}

// collector returns the host of the collector that the environment names; empty for none.
func collector(env func(string) string) (string, error) {
	either := func(name string) (string, string) {
		of := "OTEL_EXPORTER_OTLP_TRACES_" + name
		if env(of) == "" {
			of = "OTEL_EXPORTER_OTLP_" + name
		}
		return of, env(of)
	}
	name, endpoint := either("ENDPOINT")
	exporter := env("OTEL_TRACES_EXPORTER")
	if endpoint == "" || strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") || exporter == "none" {
		return "", nil
	}
	if exporter != "" && exporter != "otlp" {
		return "", fmt.Errorf("OTEL_TRACES_EXPORTER is %q; this server knows otlp and none", exporter)
	}
	if of, protocol := either("PROTOCOL"); protocol != "" && !strings.HasPrefix(protocol, "http/") {
		return "", fmt.Errorf("%s is %q; this server knows http/protobuf and http/json", of, protocol)
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New(name + " must be the URL of a collector, such as http://127.0.0.1:4318")
	}
	return u.Host, nil
}

// Tracer returns what begins spans; nil if nothing is sent.
func (s *Spans) Tracer() trace.Tracer {
	if s == nil {
		return nil
	}
	return s.begin
}

// Stop sends the last spans. It waits for the collector for as long as stopTime.
func (s *Spans) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	if err := s.provider.Shutdown(ctx); err != nil {
		s.log.Warn("the last traces are lost: the collector did not take them in time", "after", s.patience)
	}
	s.cut()
}

// begin is a [trace.Tracer].
func (s *Spans) begin(x trace.Start) (trace.Context, trace.End) {
	kind := otel.SpanKindClient
	if x.Incoming {
		kind = otel.SpanKindServer
	}
	options := []otel.SpanStartOption{otel.WithSpanKind(kind), otel.WithAttributes(attributesOf(x.Attributes)...)}
	for _, c := range x.Links {
		options = append(options, otel.WithLinks(otel.LinkFromContext(remote(c))))
	}
	ctx, span := s.tracer.Start(remote(x.Parent), x.Name, options...)
	return textOf(ctx), func(failed string, attributes ...slog.Attr) {
		span.SetAttributes(attributesOf(attributes)...)
		if failed != "" {
			span.SetStatus(codes.Error, failed)
		}
		span.End()
	}
}

// remote returns a context in which a span of another service is the parent.
func remote(c trace.Context) context.Context {
	return propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{trace.ParentHeader: c.Parent, trace.StateHeader: c.State})
}

// textOf returns the trace of a context as text.
func textOf(ctx context.Context) trace.Context {
	text := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, text)
	return trace.Context{Parent: text[trace.ParentHeader], State: text[trace.StateHeader]}
}

func attributesOf(list []slog.Attr) []attribute.KeyValue {
	all := make([]attribute.KeyValue, len(list))
	for i, a := range list {
		switch a.Value.Kind() {
		case slog.KindInt64:
			all[i] = attribute.Int64(a.Key, a.Value.Int64())
		default:
			all[i] = attribute.String(a.Key, a.Value.String())
		}
	}
	return all
}
