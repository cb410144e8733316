// Package appmessaging speaks Dotdigital's (formerly Comapi) Enterprise
// Communications API for app messaging: it posts messages and decodes the
// webhooks that come back.
//
//	channels.Message  ─▶ Client.Send ─────▶ POST {base}{prefix}/messages ───────▶ channels.Result
//	several of them   ─▶ Client.SendBatch ▶ POST {base}{prefix}/messages/batch ─▶ one for each
//	a message's ID    ─▶ Client.Ask ──────▶ GET {base}{prefix}/messages/{id} ───▶ channels.Receipt
//	receipts, replies, profile changes ◀─ Webhook.Decode ◀─ POST from the provider
//
// Webhooks, SaveWebhook and DeleteWebhook manage the provider's webhook registrations.
//
// # What a send promises
//
// The API has no idempotency key, so a POST that is sent twice is a message that arrives
// twice. A send is one POST: nothing here repeats it, follows a redirect, or lets Go's
// transport repeat it. It ends with one of four outcomes that a caller can act on.
//
//	Accepted  the provider answered with a message ID
//	Refused   the provider answered that it will never take this message
//	Deferred  the provider did not take it: it said so, or never got the last byte
//	Unknown   it got the whole request, and nobody knows whether it took the message
//
// The line between Deferred and Unknown is the last byte of the request. A
// request without its last byte is not valid JSON, so nobody can have accepted
// it; see [parcel].
//
// A batch is one POST with an outcome for each message. A batch that the provider calls
// invalid was not taken, so it is halved until the bad message stands alone. Any other
// answer that is not clear leaves every message of the request unknown.
//
// # What a webhook promises
//
// Every signed body that has the outline of a JSON object or array decodes. An event that
// cannot be understood is listed in [Inbound.Ignored] with the reason, and the others in
// the same array are kept: after an answer of 400 the provider drops all of them for good.
//
// Events of conversations are receipts and replies too. Their IDs need not be those of
// the same message's other events, so an account subscribes to one family.
//
// # Why this way
//
// Rendered messages are encoded from structs that mirror the provider's page,
// rather than from maps, because the shape is then visible in one place and
// this is the hot path. The transport is used without [net/http.Client], so there are no
// redirects, cookies or rewinds to switch off.
package appmessaging
