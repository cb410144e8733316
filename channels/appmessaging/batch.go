package appmessaging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"nudge/channels"
)

// parcelled is one encoded message of a batch, and the index of its result.
type parcelled struct {
	payload []byte
	at      int
}

// BatchLimit returns how many messages one call of SendBatch may have.
func (c *Client) BatchLimit() int { return c.batch }

// SendBatch posts messages together, in as few requests as the limits on their number
// and bytes allow, and returns the result of each, in their order. A message that
// cannot be encoded is refused by itself.
//
// A batch that the provider calls invalid is cut in halves until the bad message stands
// alone. The provider took none of its messages, so none is sent twice. If a request has no
// clear answer, all its messages are unknown and are not posted again.
func (c *Client) SendBatch(ctx context.Context, messages []channels.Message) []channels.Result {
	results := make([]channels.Result, len(messages))
	batch := make([]parcelled, 0, len(messages))
	for i, m := range messages {
		payload, err := encode(m)
		if err != nil {
			results[i] = refused("not sent: " + err.Error())
			continue
		}
		batch = append(batch, parcelled{payload, i})
	}
	for len(batch) > 0 {
		n := c.fitting(batch)
		c.sendAll(ctx, batch[:n], results)
		batch = batch[n:]
	}
	for i := range results {
		results[i] = c.redacted(results[i])
	}
	return results
}

// fitting returns how many of the first messages fit into one request, 1 or more.
func (c *Client) fitting(batch []parcelled) (n int) {
	size := len("[") // each message has a comma or the closing bracket behind it
	for n < min(len(batch), c.batch) {
		size += len(batch[n].payload) + len(",")
		if n > 0 && size > maxRequest {
			break
		}
		n++
	}
	return n
}

// sendAll posts messages in one request, or in several when the provider refuses that
// one for what is in it.
func (c *Client) sendAll(ctx context.Context, batch []parcelled, results []channels.Result) {
	if len(batch) == 1 {
		results[batch[0].at] = c.send(ctx, batch[0].payload)
		return
	}
	a, lost := c.post(ctx, "/messages/batch", joined(batch))
	switch {
	case lost != nil:
		setAll(results, batch, *lost)
	case divisible(a.status):
		half := len(batch) / 2
		c.sendAll(ctx, batch[:half], results)
		c.sendAll(ctx, batch[half:], results)
	case a.status < 200 || a.status >= 300:
		setAll(results, batch, failed(a, time.Now()))
	default:
		setTaken(results, batch, a)
	}
}

// divisible reports whether a status refuses a whole batch although only a part of it may
// be wrong.
func divisible(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

func joined(batch []parcelled) []byte {
	size := len("[")
	for _, p := range batch {
		size += len(p.payload) + len(",")
	}
	b := bytes.NewBuffer(make([]byte, 0, size))
	for i, p := range batch {
		b.WriteByte("[,"[min(i, 1)])
		b.Write(p.payload)
	}
	b.WriteByte(']')
	return b.Bytes()
}

func setAll(results []channels.Result, batch []parcelled, r channels.Result) {
	for _, p := range batch {
		results[p.at] = r
	}
}

// setTaken pairs the entries of an answer with the messages by their index, or by their
// place if an entry has no index. A message with no entry is unknown. So is a message with
// two: the provider took it, but nobody can say under which ID.
func setTaken(results []channels.Result, batch []parcelled, a answer) {
	setAll(results, batch, unknown(fmt.Sprintf("answered %d, but the answer does not mention the message", a.status)))
	seen := make([]bool, len(batch))
	err := eachTaken(a.body, func(place int, entry *taken) {
		at := place
		if entry.Index != nil {
			at = *entry.Index
		}
		if at < 0 || at >= len(batch) {
			return
		}
		result := &results[batch[at].at]
		if seen[at] {
			*result = unknown(fmt.Sprintf("answered %d, but the answer mentions the message twice", a.status))
			return
		}
		seen[at] = true
		*result = entry.result(a.status)
	})
	if err != nil {
		setAll(results, batch, unknown(fmt.Sprintf("answered %d, but the answer is not the JSON of a batch", a.status)))
	}
}

var errNoArray = errors.New("not a JSON array")

// eachTaken reads the entries of an answer one by one: there may be millions more than messages.
func eachTaken(body []byte, visit func(place int, entry *taken)) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if open, err := d.Token(); err != nil || open != json.Delim('[') {
		return errNoArray
	}
	for place := 0; d.More(); place++ {
		var entry taken
		if err := d.Decode(&entry); err != nil {
			return err
		}
		visit(place, &entry)
	}
	if _, err := d.Token(); err != nil { // the closing bracket
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errNoArray
	}
	return nil
}
