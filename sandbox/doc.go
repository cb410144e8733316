// Package sandbox is a local App Messaging service with people in it. It speaks the
// provider's API (Dotdigital's Enterprise Communications API) to servers and to people's
// apps, and neither can tell the difference. For every message its people act out a
// [people.Script]. docs/sandbox.md is the page for users.
//
//	POST …/messages ─▶ faults ─▶ merge fields, validation ─▶ store ─▶ 201
//	                                                          │  └─▶ file, once a second
//	                 ┌────────────────────────────────────────┘
//	                 ├─▶ message.sent, conversation… ─────────┐     ┌─▶ outbox ─▶ signed webhooks
//	  people, Clock ─┴─▶ message.delivered, .read, … ─────────┼─▶ hooks … one each, with retries
//	  a person by hand ─▶ message.inbound ────────────────────┘     └─▶ outbox ─▶ …
//	                                                          └─▶ websockets of their apps
//
//	an app ─▶ session ─▶ conversations, messages, status updates ─▶ the same store and hooks
//
// A small use:
//
//	s, err := sandbox.New(sandbox.Config{Secret: secret, WebhookURL: url})
//	…
//	defer s.Close()
//	http.ListenAndServe("localhost:8081", s.Handler())
//
// Besides the API there is a local view under /sandbox/, without a token, for the user of
// this machine: messages and conversations, replies by hand, and faults on demand.
//
// # Promises
//
// Webhooks about one person arrive one at a time, in the order in which things happened,
// unless a [Fault] asks otherwise. A webhook that is being retried delays the person's next
// ones. Webhooks of different people are delivered in parallel, and each registered
// [Webhook] has a queue of its own. All waiting, also between retries, is on
// [Config].Clock, so a faster clock makes everything faster. Only the deadline of a single
// request is real time.
//
// Memory is bounded. The newest messages are kept ([Config].Keep). When too much is still
// to happen ([Config].Pending), sends are answered 503 with Retry-After and leave nothing
// behind.
//
// Chance in [people.People] and [people.Faults] follows from a seed: the same seed and the
// same requests, one after the other, give the same story.
//
// With a [Config].File, messages, conversations, profiles, sessions and webhooks survive a
// restart. A crash loses the last second or so.
//
// # Not promised
//
// Webhooks on their way when the service ends are not posted again. Uploaded content
// is in memory only. The only channel is appMessaging: a message whose rules do not
// name it fails at once. No push is delivered anywhere.
//
// # Why this way
//
// One heap with one armed timer drives all scripts, instead of a timer or goroutine each, so
// a load test costs only its messages. Webhook bodies are encoded when they are posted, not
// when they are queued: a queue of a hundred thousand then stays small. Faults by chance
// depend on a counter of requests, not on their content: otherwise a request that fails once
// would fail on every retry.
package sandbox
