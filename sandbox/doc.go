// Package sandbox is a local App Messaging service with people in it. It speaks the
// provider's API (Dotdigital's Enterprise Communications API) to servers and to the apps of
// people, so that neither can tell the difference, and its people act out a [Script] for every message
// they get. docs/sandbox.md is the page for its users.
//
//	POST …/messages ─▶ faults ─▶ merge fields, validation ─▶ shelf ─▶ 201
//	                                                          │  └─▶ file, once a second
//	                 ┌────────────────────────────────────────┘
//	                 ├─▶ message.sent, conversation… ─────────┐     ┌─▶ outbox ─▶ signed webhooks
//	  People, Clock ─┴─▶ message.delivered, .read, … ─────────┼─▶ hooks … one each, with retries
//	  a person by hand ─▶ message.inbound ────────────────────┘     └─▶ outbox ─▶ …
//	                                                          └─▶ websockets of their apps
//
//	an app ─▶ session ─▶ conversations, messages, status updates ─▶ the same shelf and hooks
//
// A small use:
//
//	s, err := sandbox.New(sandbox.Config{Secret: secret, WebhookURL: url})
//	…
//	defer s.Close()
//	http.ListenAndServe("localhost:8081", s.Handler())
//
// Beside the API there is a local view under /sandbox/, without a token, for the person at
// this machine: who said what, somebody who writes, and [Faults] on demand.
//
// # Promises
//
// Webhooks about one person arrive in the order in which things happened, one at
// a time, unless a [Fault] asks otherwise; a webhook that is being retried holds
// up the person's next ones. Webhooks of different people are delivered side by
// side, and each registered [Webhook] has a queue of its own. All waiting, that between
// retries included, is on [Config].Clock, so a clock that runs faster makes everything
// faster; only the deadline of a single request is real time.
//
// Memory is bounded: the newest messages are kept ([Config].Keep), and when too
// much is still to happen ([Config].Pending) sends are answered 503 with
// Retry-After, never half done.
//
// What is left to chance, in [People] and [Faults], follows from a seed: the same seed and
// the same requests, one after the other, give the same story.
//
// With a [Config].File, messages, conversations, profiles and webhooks are there again after a
// restart. A crash loses what happened in the last second or so, and no more.
//
// # Not promised
//
// Webhooks that are on their way when the service ends are not posted again. Sessions
// and uploaded content are in memory only. There
// is no channel but appMessaging: a message whose rules do not name it fails at once. No
// push is delivered anywhere.
//
// # Why this way
//
// Scripted people are driven by one heap with one armed timer rather than a timer
// or goroutine each, so that a load test costs what its messages cost. Webhook
// bodies are encoded when they are posted, not when they are queued: a queue of a
// hundred thousand is then small. What goes wrong by chance is decided by a number that
// counts requests, and not by what they say: a request that is tried again would have to
// fail for ever.
package sandbox
