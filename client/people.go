package client

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
)

// HistoryLine is one thing that happened to a person.
type HistoryLine struct {
	At       Time            `json:"at"`
	Kind     string          `json:"kind"` // event, refused, reply, call, run, message, receipt, step, opt_out or campaign
	Text     string          `json:"text"`
	Flow     string          `json:"flow,omitempty"`
	Run      string          `json:"run,omitempty"`
	Step     string          `json:"step,omitempty"`
	Message  int             `json:"message,omitempty"` // number of the message in its run
	Attempt  int             `json:"attempt,omitempty"` // of the message
	Seq      uint64          `json:"seq,omitempty"`     // number of the input in the journal, of what no run tells of
	Event    string          `json:"event,omitempty"`   // its type
	Data     json.RawMessage `json:"data,omitempty"`
	Verdict  []Decision      `json:"verdict,omitempty"`  // what became of an event, a reply or a call, where no run tells of it
	Campaign string          `json:"campaign,omitempty"` // that left the person out
	Reason   string          `json:"reason,omitempty"`   // why it did
	By       string          `json:"by,omitempty"`       // name of the token that gave a command, or sent an event that was refused

	DidYouMean string `json:"did_you_mean,omitempty"` // of an event that no active flow uses: the type of one that some flow does, if it is nearly the same
	// Conditions are those that decided, with the values that they saw. Only an explanation has them.
	Conditions []Condition `json:"conditions,omitempty"`
}

// HistoryQuery selects lines of a person's history. Empty fields select nothing away.
type HistoryQuery struct {
	Kind   string // kinds of lines, with commas between them
	Before string // where the page begins: Next of a page
	Limit  int    // runs and single inputs on a page, at most 100; 0: 50
}

// HistoryPage is one page of what happened to a person, newest first.
type HistoryPage struct {
	History []HistoryLine `json:"history"`
	Next    string        `json:"next,omitempty"` // Before of the next page; empty on the last one
}

// History returns what happened to a person, across all flows.
func (c *Client) History(ctx context.Context, id string, q HistoryQuery) (*HistoryPage, error) {
	page := &HistoryPage{History: []HistoryLine{}}
	return page, c.get(ctx, profilePath(id)+"/history", parameters(q.Limit, "kind", q.Kind, "before", q.Before), page)
}

// Standing is what may be sent to a person, and what comes next.
type Standing struct {
	Profile    string             `json:"profile"`
	TimeZone   string             `json:"timezone"`
	LocalTime  string             `json:"local_time"`
	Held       string             `json:"held,omitempty"` // why nothing goes out to them at all: hold, only or killed
	Categories []CategoryStanding `json:"categories"`
	Next       []NextThing        `json:"next"` // soonest first
	Damaged    []string           `json:"damaged,omitempty"`
}

// CategoryStanding is what a person may get of one category.
type CategoryStanding struct {
	Category      string        `json:"category"`
	Always        bool          `json:"always,omitempty"`
	OptedOut      bool          `json:"opted_out"`
	OptedOutSince Time          `json:"opted_out_since,omitzero"`
	OptedOutHow   string        `json:"opted_out_how,omitempty"`
	Open          bool          `json:"open"`           // it is within its hours now
	Opens         Time          `json:"opens,omitzero"` // if it is not
	Closes        Time          `json:"closes,omitzero"`
	Caps          []CapStanding `json:"caps,omitempty"`
}

// CapStanding is how far a cap is used.
type CapStanding struct {
	Cap    string `json:"cap"` // for example "3 per 7d"
	AtMost int    `json:"at_most"`
	Used   int    `json:"used"`
	Frees  Time   `json:"frees,omitzero"` // when one more message fits, if none does now
}

// NextThing is when something happens next in a live run of a person.
type NextThing struct {
	At   Time   `json:"at,omitzero"` // zero: nothing but an event, a reply or a receipt goes on with it
	Run  string `json:"run"`
	Flow string `json:"flow"`
	Step string `json:"step,omitempty"`
	What string `json:"what"` // held, sending or timer
}

// Standing returns what may be sent to a person, and what comes next.
func (c *Client) Standing(ctx context.Context, id string) (*Standing, error) {
	s := &Standing{}
	return s, c.get(ctx, profilePath(id)+"/standing", nil, s)
}

// Explanation says why a person did or did not get something.
type Explanation struct {
	Profile  string        `json:"profile"`
	Flow     string        `json:"flow"`
	Campaign string        `json:"campaign,omitempty"`
	Answer   string        `json:"answer"`         // in a sentence
	Lines    []HistoryLine `json:"lines"`          // what it follows from, newest first
	Since    Time          `json:"since,omitzero"` // how far back it looked, if the history goes on behind that
}

// ExplainQuery says what is asked about: a flow, or one campaign.
type ExplainQuery struct {
	Flow     string
	Campaign string // its ID
}

// Explain says why a person did or did not get the messages of a flow or of a campaign, from their history.
func (c *Client) Explain(ctx context.Context, id string, q ExplainQuery) (*Explanation, error) {
	x := &Explanation{}
	return x, c.get(ctx, profilePath(id)+"/explain", parameters(0, "flow", q.Flow, "campaign", q.Campaign), x)
}

// OptOut opts people out of categories, or of all. The answers are in the order of the people, where line is the
// place in the list. Sent twice it changes nothing more.
func (c *Client) OptOut(ctx context.Context, profiles, categories []string) ([]LineAnswer, error) {
	return c.optPeople(ctx, "/v1/profiles/opt-out", profiles, categories)
}

// OptIn takes back the opt-outs of people, as [Client.OptOut] makes them. Who opted out of all is in again only with all.
func (c *Client) OptIn(ctx context.Context, profiles, categories []string) ([]LineAnswer, error) {
	return c.optPeople(ctx, "/v1/profiles/opt-in", profiles, categories)
}

func (c *Client) optPeople(ctx context.Context, path string, profiles, categories []string) ([]LineAnswer, error) {
	var answers struct {
		Answers []LineAnswer `json:"answers"`
	}
	body, err := json.Marshal(map[string][]string{"profiles": profiles, "categories": categories})
	if err != nil {
		return nil, err
	}
	err = c.attempts(ctx, true, call{method: http.MethodPost, path: path, body: body}, &answers)
	return answers.Answers, err
}

// StreamOptOuts opts people out, one JSON object with id and categories a line, and yields the answers in order.
func (c *Client) StreamOptOuts(ctx context.Context, lines io.Reader) iter.Seq2[LineAnswer, error] {
	return c.stream(ctx, "/v1/profiles/opt-out", lines)
}

// StreamOptIns opts people in again, one JSON object with id and categories a line, and yields the answers in order.
func (c *Client) StreamOptIns(ctx context.Context, lines io.Reader) iter.Seq2[LineAnswer, error] {
	return c.stream(ctx, "/v1/profiles/opt-in", lines)
}

// ExportProfile yields everything that the server has about a person, one JSON object each. The last one has the field
// end; a sequence that ends without it yields an error, because it is not complete.
func (c *Client) ExportProfile(ctx context.Context, id string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		response, err := c.do(ctx, http.MethodGet, profilePath(id)+"/export", mediaJSON, "", http.NoBody)
		if err != nil {
			yield(nil, err)
			return
		}
		defer response.Body.Close()
		for lines := json.NewDecoder(response.Body); ; {
			var line json.RawMessage
			var end struct{ End *struct{} }
			err := lines.Decode(&line)
			if err == nil {
				err = json.Unmarshal(line, &end)
			}
			if err != nil {
				yield(nil, c.brokenOff(err))
				return
			}
			if !yield(line, nil) || end.End != nil {
				return
			}
		}
	}
}
