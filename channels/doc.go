// Package channels says what a message is, how a send can end, and what comes
// back about it: receipts and replies.
//
// It knows no provider and does no I/O. A channel (channels/appmessaging) turns
// a [Message] into the provider's request and the provider's webhooks into
// [Receipt] and [Reply] values; the engine decides what they mean.
//
//	flow step ─▶ Message ─▶ Channel.Send ─▶ Result          (at once)
//	                             provider ─▶ Receipt, Reply  (by webhook, any time,
//	                                         any order, any number of times)
//
// A send has no idempotency key at the provider, so every message carries a
// [Ref] of ours which the provider echoes: it finds the run even when a receipt
// comes before the response to the send.
package channels
