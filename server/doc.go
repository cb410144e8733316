// Package server is the HTTP side of Nudge: handlers that decode, call the runner and
// encode. No decision about a run is made here.
//
//	POST /v1/events              one event, an array of up to 1,000, or NDJSON
//	POST /v1/profiles            NDJSON: one profile with its id on each line, merged
//	PUT  /v1/profiles/{id}       replaces what is known of a person
//	PATCH, GET, DELETE           merges into it; shows it; forgets the person
//	GET  /v1/runs                flow, profile, status, before, limit
//	GET  /v1/runs/{id}           with its timeline
//	POST /v1/runs/{id}/cancel
//	GET  /v1/flows               active versions and the numbers of all
//	POST /v1/flows               deploys a project: {"files": [{"name": …, "text": …}]}
//	POST /v1/flows/{flow}/runs   calls a flow for a person
//	GET  /v1/outbound            what may leave for the provider
//	PUT  /v1/outbound
//	POST /webhooks/{channel}     from the provider of a channel, which proves that it is
//	GET  /-/healthy  /-/ready  /metrics
//	POST /-/reload
//	GET  /-/store/check          checks the store in use; NDJSON, with the report at the end
//
// A request that changes something may have an Idempotency-Key. For three days, a request
// with the same key and body gets the first answer and changes nothing. With another body
// it is answered with 409. Arrays and NDJSON take no key: their events have an id each.
//
// An answer is given after the commit. Errors are problems in the sense of RFC 9457
// that name the field. A server that listens beyond loopback requires a bearer token
// on everything but webhooks and health.
package server
