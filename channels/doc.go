// Package channels defines a channel to people: messages, the outcomes of a send, and the
// receipts and replies that come back.
//
// It knows no provider and does no I/O. A channel (channels/appmessaging) has two sides.
// Its [Channel] turns a [Message] into the provider's request. Its [Receiver] turns the
// provider's webhooks into [Receipt], [Reply] and [ProfileChange] values. The engine
// decides what they mean.
//
//	flow step ─▶ Message ─▶ Channel.Send ─▶ Result             (at once)
//	provider  ─▶ webhook ─▶ Receiver.Decode  ─▶ Receipt, Reply (at any time, in any order,
//	                                                           any number of times)
//
// A send has no idempotency key at the provider. So every message carries a [Ref] of ours,
// which the provider echoes. It leads to the run even if a receipt comes before the response
// to the send.
package channels
