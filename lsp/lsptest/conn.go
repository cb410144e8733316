package lsptest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
)

// conn is a client's side of JSON-RPC that takes messages in their order. The client of jrpc2
// hands notifications on side by side, so an older one may come last.
type conn struct {
	ch       channel.Channel
	notified func(method string, params json.RawMessage)
	done     chan struct{} // closed when the server has closed its side

	mu      sync.Mutex // guards what follows, and writing
	last    int        // the number of the last request
	waiting map[int]chan *message
}

// message is any message of JSON-RPC.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      *int            `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *jrpc2.Error    `json:"error,omitempty"`
}

// errGone says that the server has closed its side.
var errGone = errors.New("the server is gone")

// connect begins to read messages. The goroutine ends when the server closes its side.
func connect(from io.Reader, to io.WriteCloser, notified func(string, json.RawMessage)) *conn {
	c := &conn{ch: channel.LSP(from, to), notified: notified, done: make(chan struct{}), waiting: map[int]chan *message{}}
	go c.read()
	return c
}

func (c *conn) read() {
	defer close(c.done)
	for {
		text, err := c.ch.Recv()
		if err != nil {
			return
		}
		var params json.RawMessage
		m := message{Params: &params}
		if json.Unmarshal(text, &m) != nil {
			return
		}
		if m.Method != "" {
			c.notified(m.Method, params)
			continue
		}
		if m.ID != nil {
			c.mu.Lock()
			answer := c.waiting[*m.ID]
			delete(c.waiting, *m.ID)
			c.mu.Unlock()
			answer <- &m
		}
	}
}

func (c *conn) send(m *message) error {
	m.Version = "2.0"
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ch.Send(text)
}

// notify sends a message that has no answer.
func (c *conn) notify(method string, params any) error {
	return c.send(&message{Method: method, Params: params})
}

// call asks the server something. An error of the server is a *jrpc2.Error.
func (c *conn) call(ctx context.Context, method string, params, result any) error {
	answer := make(chan *message, 1)
	c.mu.Lock()
	c.last++
	id := c.last
	c.waiting[id] = answer
	c.mu.Unlock()
	if err := c.send(&message{ID: &id, Method: method, Params: params}); err != nil {
		return err
	}
	select {
	case m := <-answer:
		switch {
		case m.Error != nil:
			return m.Error
		case result == nil || len(m.Result) == 0:
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-c.done:
		return errGone
	case <-ctx.Done():
		return ctx.Err()
	}
}
