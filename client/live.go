package client

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// LiveQuery says what to follow.
type LiveQuery struct {
	Topics []string // events, runs, campaigns, jobs and arrivals; nil: all but the last
	Type   string   // of arrivals: only events of this type
	Last   int      // of arrivals: begin with so many that came before
	After  string   // ID of the last event that was read, to go on behind it; the server says where that is not possible
	Begun  func()   // called once, when everything that happens from then on comes; may be nil
}

// LiveEvent is something that happened.
type LiveEvent struct {
	ID   string          // of an arrival; empty for anything else
	Name string          // a topic; arrival; dropped or gap, if arrivals are missing
	Data json.RawMessage // an object: numbers that changed, or an [Arrival]
}

// Arrival is one event that arrived.
type Arrival struct {
	At      Time   `json:"at"`
	Type    string `json:"type"` // empty: it is not known, of an event that was refused
	Profile string `json:"profile,omitempty"`
	Verdict string `json:"verdict"`        // started, matched, nothing, duplicate or refused
	From    string `json:"from,omitempty"` // name of the token that sent it
	Code    string `json:"code,omitempty"` // of an event that was refused: why
}

// maxLiveLine is how many bytes a line of a live stream may have; a longer one ends it with an error.
const maxLiveLine = 64 << 10

// Live follows what happens, until the context ends, the server stops or the connection breaks off. A sequence that ends
// without an error was ended by the server; ask again with After.
func (c *Client) Live(ctx context.Context, q LiveQuery) iter.Seq2[LiveEvent, error] {
	return func(yield func(LiveEvent, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		response, err := c.follow(ctx, q)
		if err != nil {
			yield(LiveEvent{}, err)
			return
		}
		defer response.Body.Close()
		if q.Begun != nil {
			q.Begun()
		}
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, maxLiveLine)
		var e LiveEvent
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.ID = value
			case "event":
				e.Name = value
			case "data":
				e.Data = json.RawMessage(value)
			case "":
				if e.Name != "" && !yield(e, nil) {
					return
				}
				e = LiveEvent{}
			}
		}
		if err := lines.Err(); err != nil && err != io.EOF {
			yield(LiveEvent{}, c.brokenOff(err))
		}
	}
}

// follow asks for a live stream.
func (c *Client) follow(ctx context.Context, q LiveQuery) (*http.Response, error) {
	values := url.Values{}
	for name, value := range map[string]string{"topics": strings.Join(q.Topics, ","), "type": q.Type} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if q.Last > 0 {
		values.Set("last", strconv.Itoa(q.Last))
	}
	path := "/v1/live"
	if len(values) > 0 {
		path += "?" + values.Encode()
	}
	header := http.Header{}
	if q.After != "" {
		header.Set("Last-Event-ID", q.After)
	}
	return c.doWith(ctx, http.MethodGet, path, header, nil)
}
