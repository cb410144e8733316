// Package client is the Go client of Nudge's HTTP API. It needs nothing but the standard
// library, and it is what the nudge command itself uses.
//
//	c, err := client.New(client.Config{Server: "http://127.0.0.1:8080", Token: token})
//	if err != nil {
//		return err
//	}
//	answer, err := c.SendEvent(ctx, client.Event{
//		ID: "order-7-shipped", Type: "order.shipped", Profile: "ann",
//		Data: json.RawMessage(`{"order_id": "7", "total": 12}`),
//	})
//
// # Answers
//
// A method returns once the server has answered. The server answers a change when the change
// is on its disk, so whatever a method returned without an error survives a crash of the server.
// An [Answer] lists what the change led to: the runs that started, went on or ended, and the
// reason wherever a flow did not start.
//
// # Errors
//
// There are three types of errors, for [errors.As]:
//
//   - [*Problem]: the server understood the request and did not carry it out. Its Kind says why
//     in a word that stays the same, its Errors name the fields.
//   - [*UnreachableError]: the server did not answer. Whether a change was made is not known.
//   - [*AnswerError]: the answer broke off, or something else than Nudge answered.
//
// # Sending again
//
// Give everything that must not happen twice an ID. The server remembers IDs for 72 hours. A
// request with an ID that it knows changes nothing and gets the first answer again, with Repeated
// set; the same ID with other content is a [*Problem] of the kind [KindConflict].
// With Retries in its [Config] the client sends requests again by itself, and gives every change
// without an ID an ID or an Idempotency-Key, which counts as one.
//
// # Streams
//
// [Client.StreamEvents] and [Client.StreamProfiles] send any number of lines in one request. The
// server takes and answers them one by one, so a line that is wrong costs only itself. [Lines]
// turns Go values into such a stream.
//
// # Concurrency
//
// A [Client] may be used by any number of goroutines at the same time.
package client
