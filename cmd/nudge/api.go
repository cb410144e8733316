package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"nudge/app"
)

// defaultServer is where a server listens that nobody told otherwise.
const defaultServer = "http://" + app.DefaultListen

// apiFlags are the flags of verbs that talk to a running server.
type apiFlags struct{ server, token string }

// addAPIFlags adds --server and --token to a verb and to those below it.
func addAPIFlags(c *cobra.Command) *apiFlags {
	f := &apiFlags{}
	flags := c.PersistentFlags()
	flags.StringVar(&f.server, "server", "", "the running server; default $NUDGE_SERVER, else "+defaultServer)
	flags.StringVar(&f.token, "token", "", "the API's bearer token; default $NUDGE_TOKEN")
	return f
}

func (f *apiFlags) api() (*api, error) {
	server := cmp.Or(f.server, os.Getenv("NUDGE_SERVER"), defaultServer)
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, wrongUsage(fmt.Errorf("--server %q: want a URL like %s", server, defaultServer))
	}
	return newAPI(strings.TrimRight(server, "/"), cmp.Or(f.token, os.Getenv("NUDGE_TOKEN"))), nil
}

// api is a client of a running server.
type api struct{ server, token string }

func newAPI(server, token string) *api { return &api{server, token} }

// event is an event as the API takes it.
type event struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Profile string          `json:"profile,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`

	ProfileData json.RawMessage `json:"profile_data,omitempty"` // merged into what is known of the person
}

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 64 << 20

// get asks for something and decodes it.
func (a *api) get(ctx context.Context, path string, query url.Values, into any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return a.call(ctx, http.MethodGet, path, nil, into)
}

// post gives something and decodes the answer.
func (a *api) post(ctx context.Context, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return wrongInput(err)
	}
	return a.call(ctx, http.MethodPost, path, raw, into)
}

func (a *api) call(ctx context.Context, method, path string, body []byte, into any) error {
	response, err := a.do(ctx, method, path, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return failed(fmt.Errorf("the answer of %s ended early: %w", a.server, err))
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return failed(fmt.Errorf("%s does not answer as nudge does: %w", a.server, err))
	}
	return nil
}

// do makes a request. An answer that is a problem becomes an error.
func (a *api) do(ctx context.Context, method, path, media string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.server+path, body)
	if err != nil {
		return nil, wrongUsage(err)
	}
	request.Header.Set("Content-Type", media)
	if a.token != "" {
		request.Header.Set("Authorization", "Bearer "+a.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, a.unreachable(err)
	}
	if response.StatusCode >= 300 {
		defer response.Body.Close()
		return nil, problemOf(response)
	}
	return response, nil
}

func (a *api) unreachable(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if errors.Is(err, context.Canceled) {
		return failed(err)
	}
	return failed(fmt.Errorf("no server at %s: %w; "+
		"start one with nudge serve or nudge dev, or name it with --server", a.server, err))
}

// problem is an error as the API writes it (RFC 9457).
type problem struct {
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []struct {
		Field  string `json:"field"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

// problemOf reads the problem in an answer. Where the caller is to blame the input is
// wrong, else the server has failed.
func problemOf(response *http.Response) error {
	p := problem{Status: response.StatusCode}
	raw, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // half a problem is told all the same
	if json.Unmarshal(raw, &p) != nil || p.Detail == "" {
		p.Detail = "the server answered " + response.Status
	}
	if response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests {
		return failed(errors.New(p.text()))
	}
	return wrongInput(errors.New(p.text()))
}

// text is the detail, with the fields that it does not name itself.
func (p *problem) text() string {
	text := p.Detail
	for _, e := range p.Errors {
		if e.Field != "" && !strings.Contains(p.Detail, e.Field) {
			text = e.Field + ": " + text
		}
	}
	return text
}
