package flows

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/templates"
)

// request is the checked and compiled request of a fetch.
type request struct {
	method  string
	address *node.Text
	url     *templates.Text
	headers []named // in the order of the file
	json    *templates.Value
	form    []named
}

var _ Requester = (*request)(nil)

// named is a header, or a field of a form.
type named struct {
	name string
	at   diag.Span
	text *templates.Text
}

var (
	errAddress   = errors.New("the url must be http or https, with a host and without a password")
	errMultiline = errors.New("the header value has more than one line")
)

// Request makes the request for a scope. The same scope always gives the same request.
func (q *request) Request(scope map[string]any) (FetchRequest, error) {
	made := FetchRequest{Method: q.method}
	address, err := q.url.Render(scope)
	if err != nil {
		return FetchRequest{}, err
	}
	if made.URL, err = checkedURL(address); err != nil {
		return FetchRequest{}, fmt.Errorf("%s: %w", q.address.Span, err)
	}
	if err := q.body(&made, scope); err != nil {
		return FetchRequest{}, err
	}
	for _, h := range q.headers {
		value, err := h.text.Render(scope)
		if err != nil {
			return FetchRequest{}, err
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return FetchRequest{}, fmt.Errorf("%s: %w", h.at, errMultiline)
		}
		made.set(h.name, value)
	}
	return made, nil
}

// body renders the body and sets its content type.
func (q *request) body(made *FetchRequest, scope map[string]any) (err error) {
	switch {
	case q.json != nil:
		value, err := q.json.Render(scope)
		if err != nil {
			return err
		}
		made.set("Content-Type", "application/json")
		made.Body, err = json.Marshal(value)
		return err
	case q.form != nil:
		form := url.Values{}
		for _, f := range q.form {
			value, err := f.text.Render(scope)
			if err != nil {
				return err
			}
			form.Set(f.name, value)
		}
		made.set("Content-Type", "application/x-www-form-urlencoded")
		made.Body = []byte(form.Encode())
	}
	return nil
}

// set adds a header, or replaces the header with this name.
func (f *FetchRequest) set(name, value string) {
	for i := range f.Headers {
		if strings.EqualFold(f.Headers[i].Name, name) {
			f.Headers[i].Value = value
			return
		}
	}
	f.Headers = append(f.Headers, Header{name, value})
}

// checkedURL returns the address in the form in which it is sent.
func checkedURL(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return "", errAddress
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String(), nil
}
