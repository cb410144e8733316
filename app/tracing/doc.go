// Package tracing sends spans to a collector by OTLP over HTTP, as the environment variables of
// OpenTelemetry say (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables).
// It is the only package that knows OpenTelemetry: the others begin spans with a [trace.Tracer],
// and if nothing is to be sent there is none.
package tracing
