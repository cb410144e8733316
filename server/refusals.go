package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nudge/engine"
	"nudge/store"
)

// RefusedEvent is an event, or a request with events, that was refused, as the API shows it.
type RefusedEvent struct {
	Number  uint64         `json:"number"` // in order
	At      engine.Instant `json:"at"`
	From    string         `json:"from"`              // name of the token that sent it
	Code    string         `json:"code"`              // of the problem, without urn:nudge:problem:
	Field   string         `json:"field,omitempty"`   // where in the event
	Detail  string         `json:"detail,omitempty"`  // empty: it may have named somebody who was forgotten, or have what the sender of this request may not see
	Type    string         `json:"type,omitempty"`    // of the event, if it is known
	Profile string         `json:"profile,omitempty"` // whom it names, if it is known
	Body    string         `json:"body,omitempty"`    // what was sent, at most its first 512 bytes; of an array, the event that was wrong; private fields are masked for those who may only read
	Cut     bool           `json:"cut,omitempty"`     // the body is only the beginning
	More    uint64         `json:"more,omitempty"`    // how many more were refused about then: ten in a second are kept, and the rest is only counted
}

// refusedPage is a page of refused events.
type refusedPage struct {
	Refused []RefusedEvent `json:"refused"`
	Next    string         `json:"next,omitempty"`
}

var refusedParameters = []string{"type", "from", "code", "before", "limit"}

func (s *Server) listRefused(w http.ResponseWriter, r *http.Request) {
	q, err := refusedQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	refused, next, err := s.config.Store.Refusals(q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v, err := s.viewOf(w)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page := refusedPage{Refused: make([]RefusedEvent, 0, len(refused))}
	for _, x := range refused {
		shown := refusedOf(x)
		v.refused(&shown)
		page.Refused = append(page.Refused, shown)
	}
	if next != 0 {
		page.Next = strconv.FormatUint(next, 10)
	}
	reply(w, http.StatusOK, page)
}

// refusedOf is a refusal as the API shows it to those who may see all.
func refusedOf(x *store.Refusal) RefusedEvent {
	return RefusedEvent{Number: x.Number, At: x.At, From: x.From, Code: x.Code, Field: x.Field, Detail: x.Detail, Type: x.Type, Profile: x.Profile,
		Body: strings.ToValidUTF8(string(x.Body), "\uFFFD"), Cut: x.Cut, More: x.More}
}

func refusedQuery(values url.Values) (q store.RefusalQuery, err error) {
	if err := onlyParameters(values, refusedParameters); err != nil {
		return q, err
	}
	q = store.RefusalQuery{Type: values.Get("type"), From: values.Get("from"), Code: values.Get("code")}
	if q.Limit, err = limitOf(values); err != nil {
		return q, err
	}
	if before := values.Get("before"); before != "" {
		if q.Before, err = strconv.ParseUint(before, 10, 64); err != nil || q.Before == 0 {
			return q, wrongParameter("before", "must be the number of a refusal, as next gives it")
		}
	}
	return q, nil
}

// uncertain are the problems after which nobody knows whether an event was taken.
var uncertain = []string{"internal", "stopped", "slow"}

const problemURN = "urn:nudge:problem:"

// code is the word for a kind of problem.
func (p *problem) code() string { return strings.TrimPrefix(p.Type, problemURN) }

// noteRefusal notes that a request with events was refused, and not by a stranger: what somebody without a token sends
// must not push out what programs need to see.
func (s *Server) noteRefusal(w http.ResponseWriter, r *http.Request, p *problem) {
	if r.Method != http.MethodPost || r.URL.Path != pagePath {
		return
	}
	if record := recordOf(w); record.token != nil {
		s.refuse(record.token, p, refusalOfText(r, record.sent))
	}
}

// refuse notes why an event was refused, and who sent it.
func (s *Server) refuse(t *Token, p *problem, x *store.Refusal) {
	if slices.Contains(uncertain, p.code()) {
		return
	}
	x.From, x.Code, x.Detail = t.Name, p.code(), shortened(p.Detail)
	if len(p.Errors) > 0 {
		x.Field = shortened(p.Errors[0].Field)
	}
	s.config.Runner.Refuse(x)
}

// maxSniffed is how many bytes of an event that cannot be read are searched for its type and the person whom it
// names; what stands behind them is not found.
const maxSniffed = 64 << 10

// refusalOfText is a refusal of what was sent, with what can be found in it.
func refusalOfText(r *http.Request, sent []byte) *store.Refusal {
	x := &store.Refusal{Body: sent[:min(len(sent), store.MaxRefusedBody)], Cut: len(sent) > store.MaxRefusedBody}
	if isBinary(r) {
		x.Type, _ = url.PathUnescape(r.Header.Get(cloudHeader + "Type"))
		x.Profile, _ = url.PathUnescape(r.Header.Get(cloudHeader + "Subject"))
	} else {
		x.Type, x.Profile = sniffed(sent[:min(len(sent), maxSniffed)])
	}
	if len(x.Type) > engine.MaxEventType {
		x.Type = ""
	}
	if len(x.Profile) > engine.MaxProfileBytes {
		x.Profile = ""
	}
	return x
}

// refusalOfInputs is a refusal of an event that was read, of which the text is gone. It is written anew.
func refusalOfInputs(inputs []*engine.Input) *store.Refusal {
	x := &store.Refusal{}
	if len(inputs) == 0 {
		return x
	}
	in := inputs[len(inputs)-1]
	if ev, ok := in.Payload.(*engine.Event); ok {
		body := encoded(event{ID: in.ID, Type: ev.Type, Profile: ev.Profile, Data: ev.Data})
		x.Type, x.Profile, x.Body = ev.Type, ev.Profile, body[:min(len(body), store.MaxRefusedBody)]
		x.Cut = len(x.Body) < len(body)
	}
	return x
}

// sniffed returns the type of an event and whom it names, as far as its text can be read.
func sniffed(text []byte) (kind, profile string) {
	d := json.NewDecoder(bytes.NewReader(text))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return "", ""
	}
	for {
		key, err := d.Token()
		if err != nil {
			return kind, profile
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return kind, profile
		}
		switch key {
		case "type":
			_ = json.Unmarshal(value, &kind) // what is no text is no type
		case "profile", "subject": // the latter of a CloudEvent
			_ = json.Unmarshal(value, &profile)
		}
	}
}
