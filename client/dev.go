package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// DevClock is the clock of nudge dev or nudge demo. Other servers have no dev routes: there
// everything of this file is a [*Problem] with the status 404.
type DevClock struct {
	Now   Time     `json:"now"`
	Held  bool     `json:"held"`            // it stands still
	Speed float64  `json:"speed"`           // as a multiple of real time
	Next  *DevNext `json:"next,omitempty"`  // what happens by itself next; nil: nothing does
	Short bool     `json:"short,omitempty"` // of a jump: so much happens on the way that it ended early; jump again
}

// DevNext is the next thing that happens by itself.
type DevNext struct {
	At   Time   `json:"at"`
	What string `json:"what"`           // timer, schedule or person
	Flow string `json:"flow,omitempty"` // of a schedule
	Run  string `json:"run,omitempty"`  // of a timer
}

// DevPerson is a person of the sandbox.
type DevPerson struct {
	Profile  string       `json:"profile"`
	Script   string       `json:"script,omitempty"` // that was set here; empty: as in the project
	Last     Time         `json:"last,omitzero"`    // when the newest message was written
	Messages []DevMessage `json:"messages"`         // oldest first; in a list, only the newest
}

// DevMessage is a message to or of a person.
type DevMessage struct {
	ID           string    `json:"id"`
	Conversation string    `json:"conversation"`
	Inbound      bool      `json:"inbound"`        // the person wrote it
	From         string    `json:"from,omitempty"` // the sender's name, else its ID
	Title        string    `json:"title,omitempty"`
	Text         string    `json:"text"`
	Parts        []DevPart `json:"parts,omitempty"` // besides the text
	Alert        *DevAlert `json:"alert,omitempty"` // what the person's device shows of its push; nil: nothing
	Status       string    `json:"status"`
	Reason       string    `json:"reason,omitempty"`
	At           Time      `json:"at"`
}

// DevPart is a part of a message. Its text and its URL are as somebody wrote them.
type DevPart struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"`
	URL  string `json:"url,omitempty"`
}

// DevAlert is the push of a message.
type DevAlert struct {
	Title string `json:"title,omitempty"`
	Body  string `json:"body,omitempty"`
}

// DevEvent is a type of events that active flows use.
type DevEvent struct {
	Type   string          `json:"type"`
	Starts []string        `json:"starts,omitempty"` // flows of which it starts runs, or a campaign
	Used   []string        `json:"used,omitempty"`   // flows whose live runs look out for it
	Person string          `json:"person,omitempty"` // the field of its data that names the person; empty: the event's profile does
	Key    string          `json:"key,omitempty"`    // the field of its data that is the run's key; empty: none, or it is put together
	Data   json.RawMessage `json:"data"`             // an example: an object
}

// DevClock returns the clock.
func (c *Client) DevClock(ctx context.Context) (*DevClock, error) {
	clock := &DevClock{}
	return clock, c.get(ctx, "/v1/dev/clock", nil, clock)
}

func (c *Client) setDevClock(ctx context.Context, change map[string]any) (*DevClock, error) {
	clock := &DevClock{}
	return clock, c.send(ctx, http.MethodPost, "/v1/dev/clock", change, clock)
}

// DevJump lets so much time pass: 90m, 6h, 3d. All that is due on the way happens.
func (c *Client) DevJump(ctx context.Context, duration string) (*DevClock, error) {
	return c.setDevClock(ctx, map[string]any{"jump": duration})
}

// DevNext lets time pass until the next thing that happens by itself.
func (c *Client) DevNext(ctx context.Context) (*DevClock, error) {
	return c.setDevClock(ctx, map[string]any{"next": true})
}

// DevHold stops the clock, or lets it run.
func (c *Client) DevHold(ctx context.Context, held bool) (*DevClock, error) {
	return c.setDevClock(ctx, map[string]any{"hold": held})
}

// DevFail lets the next sends fail with a status of the provider.
func (c *Client) DevFail(ctx context.Context, sends, status int) error {
	return c.send(ctx, http.MethodPost, "/v1/dev/fail", map[string]int{"sends": sends, "status": status}, nil)
}

// DevPeople lists people who have messages, the newest message first.
func (c *Client) DevPeople(ctx context.Context, limit int) ([]DevPerson, error) {
	var out struct {
		People []DevPerson `json:"people"`
	}
	err := c.get(ctx, "/v1/dev/people", devLimit(limit), &out)
	return out.People, err
}

// DevPerson returns a person with their newest messages.
func (c *Client) DevPerson(ctx context.Context, profile string, limit int) (*DevPerson, error) {
	p := &DevPerson{}
	return p, c.get(ctx, "/v1/dev/people/"+segment(profile), devLimit(limit), p)
}

func devLimit(limit int) url.Values {
	if limit <= 0 {
		return nil
	}
	return url.Values{"limit": {strconv.Itoa(limit)}}
}

// DevScript says what a person does with every message, as people.yaml has it; an empty text: as
// in the project.
func (c *Client) DevScript(ctx context.Context, profile, script string) (*DevPerson, error) {
	p := &DevPerson{}
	return p, c.send(ctx, http.MethodPut, "/v1/dev/people/"+segment(profile), map[string]string{"script": script}, p)
}

// DevReply writes a message as a person; without a conversation in that of the newest message to
// them.
func (c *Client) DevReply(ctx context.Context, profile, text, conversation string) (*DevMessage, error) {
	m := &DevMessage{}
	body := map[string]string{"text": text}
	if conversation != "" {
		body["conversation"] = conversation
	}
	return m, c.send(ctx, http.MethodPost, "/v1/dev/people/"+segment(profile)+"/replies", body, m)
}

// DevRead lets a person read now what was sent to them, and returns how many messages they had not read before.
func (c *Client) DevRead(ctx context.Context, profile string) (int, error) {
	var out struct {
		Messages int `json:"messages"`
	}
	err := c.send(ctx, http.MethodPost, "/v1/dev/people/"+segment(profile)+"/read", struct{}{}, &out)
	return out.Messages, err
}

// DevEvents lists the types of events that the active flows use, each with an example of its data.
func (c *Client) DevEvents(ctx context.Context) ([]DevEvent, error) {
	var out struct {
		Events []DevEvent `json:"events"`
	}
	err := c.get(ctx, "/v1/dev/events", nil, &out)
	return out.Events, err
}
