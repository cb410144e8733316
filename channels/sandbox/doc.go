// Package sandbox is a local App Messaging service with people in it. It speaks
// the provider's API (Dotdigital's Enterprise Communications API) as far as
// sending, statuses and webhooks go, so that a client cannot tell the
// difference, and its people act out a [Script] for every message they get.
//
//	POST …/messages ─▶ validate ─▶ keep ─▶ 201
//	                                │
//	                                ├─▶ message.sent ───────────────────┐
//	                 Script, Clock ─┴─▶ message.delivered, .read, … ────┼─▶ signed webhooks
//	                 a person by hand ─▶ message.inbound ───────────────┘   with retries
//
// A small use:
//
//	s, err := sandbox.New(sandbox.Config{Secret: secret, WebhookURL: url})
//	…
//	defer s.Close()
//	http.ListenAndServe("localhost:8081", s.Handler())
//
// Beside the API there is a local view, without a token, for the person at this
// machine:
//
//	GET  /sandbox/conversations
//	GET  /sandbox/messages?profile=&conversation=&limit=
//	GET  /sandbox/stats
//	POST /sandbox/replies   {"profile": …, "conversationId": …, "text": …}
//	POST /sandbox/statuses  {"messageId": …, "status": …}
//
// # Promises
//
// Webhooks about one person arrive in the order in which things happened, one at
// a time, unless a [Fault] asks otherwise; a webhook that is being retried holds
// up the person's next ones. Webhooks of different people are delivered side by
// side. All waiting, that between retries included, is on [Config].Clock, so a
// clock that runs faster makes everything faster; only the deadline of a single
// request is real time.
//
// Memory is bounded: the newest messages are kept ([Config].Keep), and when too
// much is still to happen ([Config].Pending) sends are answered 503 with
// Retry-After, never half done.
//
// # Not promised
//
// Nothing is on disk. There are no sessions, no websocket, and no channel but
// appMessaging: a message whose rules do not name it fails at once. Merge fields
// are not expanded.
//
// # Why this way
//
// Scripted people are driven by one heap with one armed timer rather than a timer
// or goroutine each, so that a load test costs what its messages cost. Webhook
// bodies are encoded when they are posted, not when they are queued: a queue of a
// hundred thousand is then small.
package sandbox
