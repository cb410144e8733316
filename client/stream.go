package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
)

// LineAnswer is the answer to one line of a stream.
type LineAnswer struct {
	Line int `json:"line"` // from 1; empty lines count and get no answer
	Answer
	Error *Problem `json:"error,omitempty"` // set where the line was not taken
}

// stream sends lines and yields the answers as they come. The sequence ends after its first
// error, and what was answered before it stays done. Leaving the loop early ends the request.
func (c *Client) stream(ctx context.Context, path string, lines io.Reader) iter.Seq2[LineAnswer, error] {
	return func(yield func(LineAnswer, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		response, err := c.do(ctx, http.MethodPost, path, mediaLines, "", lines)
		if err != nil {
			yield(LineAnswer{}, err)
			return
		}
		defer response.Body.Close()
		d := json.NewDecoder(bufio.NewReader(response.Body))
		for {
			var line LineAnswer
			err := d.Decode(&line)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(LineAnswer{}, c.brokenOff(err))
				return
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}

// Lines turns values into lines of JSON, as [Client.StreamEvents] and
// [Client.StreamProfiles] take them. The values are asked for while the lines are read. Close
// the reader where it may not be read to its end.
func Lines[T any](values iter.Seq[T]) io.ReadCloser {
	r, w := io.Pipe()
	go func() { // ends when the values do, or when the reader is closed
		out := bufio.NewWriter(w)
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		for v := range values {
			if err := lines.Encode(v); err != nil {
				w.CloseWithError(err)
				return
			}
		}
		w.CloseWithError(out.Flush())
	}()
	return r
}
