package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
)

// DevTools are what only nudge dev and nudge demo have: a clock that can be set, and people who do
// as they are told.
type DevTools interface {
	Clock() (DevClock, error)
	Hold(held bool)
	// Jump lets time pass until an instant, with all that happens on the way.
	Jump(ctx context.Context, to time.Time) error
	// FailNext answers the next sends with a status.
	FailNext(sends, status int)
	// Script sets what a person does with every message; an empty text: as in the project. An
	// error is the caller's.
	Script(profile, text string) error
	// Reply writes a message of a person. An error is the caller's.
	Reply(profile, conversation, text string) (DevMessage, error)
	// Read lets a person read now what was sent to them, and returns how many messages that were.
	Read(profile string) int
	// People returns at most limit people with messages, the newest message first.
	People(limit int) []DevPerson
	// Person returns a person with their newest messages.
	Person(profile string, messages int) DevPerson
}

// DevClock is the clock of the engine and of the people.
type DevClock struct {
	Now   engine.Instant `json:"now"`
	Held  bool           `json:"held"`            // it stands still
	Speed float64        `json:"speed"`           // as a multiple of real time
	Next  *DevNext       `json:"next,omitempty"`  // what happens by itself next; absent: nothing does
	Short bool           `json:"short,omitempty"` // of a jump: so much happens on the way that it ended early; jump again
}

// DevNext is the next thing that happens by itself.
type DevNext struct {
	At   engine.Instant `json:"at"`
	What string         `json:"what"`           // timer, schedule or person
	Flow string         `json:"flow,omitempty"` // of a schedule
	Run  string         `json:"run,omitempty"`  // of a timer
}

// DevPerson is a person of the sandbox.
type DevPerson struct {
	Profile  string         `json:"profile"`
	Script   string         `json:"script,omitempty"` // that was set here; empty: as in the project
	Last     engine.Instant `json:"last,omitzero"`    // when the newest message was written
	Messages []DevMessage   `json:"messages"`         // oldest first; in a list, only the newest
}

// DevMessage is a message to or of a person.
type DevMessage struct {
	ID           string         `json:"id"`
	Conversation string         `json:"conversation"`
	Inbound      bool           `json:"inbound"`        // the person wrote it
	From         string         `json:"from,omitempty"` // the sender's name, else its ID
	Title        string         `json:"title,omitempty"`
	Text         string         `json:"text"`
	Parts        []DevPart      `json:"parts,omitempty"` // besides the text
	Alert        *DevAlert      `json:"alert,omitempty"` // what the person's device shows of its push; absent: nothing
	Status       string         `json:"status"`
	Reason       string         `json:"reason,omitempty"`
	At           engine.Instant `json:"at"`
}

// DevPart is a part of a message.
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

const (
	maxDevBody  = 64 << 10 // bytes of a body of a dev route; a larger one is refused with 413
	maxFailNext = 1000     // the largest `sends` of `POST /v1/dev/fail`; a larger one is refused with 400
	onlyInDev   = "Only nudge dev and nudge demo have it; any other server answers 404."
	topicDev    = "Dev"
)

// devClockChange changes the clock in one way.
type devClockChange struct {
	Jump string `json:"jump,omitempty"` // for so long: 90m, 6h, 3d
	Next bool   `json:"next,omitempty"` // until the next thing that happens by itself
	Hold *bool  `json:"hold,omitempty"` // stop it, or let it run
}

// devFail says how the next sends fail.
type devFail struct {
	Sends  int `json:"sends,omitempty"`  // how many; 1 without it, 0 ends an earlier call
	Status int `json:"status,omitempty"` // that the provider answers; 500 without it
}

// devScript is what a person does.
type devScript struct {
	Script string `json:"script,omitempty"` // as in people.yaml: reads after 3s, replies "yes" after 1m; empty: as in the project
}

// devReply is what a person writes.
type devReply struct {
	Text         string `json:"text"`
	Conversation string `json:"conversation,omitempty"` // without it, that of the newest message to them
}

// devRead is what a person has read.
type devRead struct {
	Messages int `json:"messages"` // how many they had not read before
}

// devPeople is a list of people.
type devPeople struct {
	People []DevPerson `json:"people"`
}

// devRoutes are those of nudge dev and nudge demo. Elsewhere there are none.
func (s *Server) devRoutes() []route {
	if s.config.Dev == nil {
		return nil
	}
	limit := []parameter{{name: "limit", does: "how many at most; 50 without it", example: 20, least: 1, most: 500}}
	return []route{
		{"GET /v1/dev/events", ScopeRead, s.getDevEvents, operation{
			id: "listDevEvents", topic: topicDev, does: "List the events that the active flows use", more: onlyInDev + " Each has an example of its data.",
			gives: ok(devEvents{}, "the events, by type"), fails: []int{404},
		}},
		{"GET /v1/dev/clock", ScopeRead, s.getDevClock, operation{
			id: "showDevClock", topic: topicDev, does: "Show the clock and what happens next", more: onlyInDev, gives: ok(DevClock{}, "the clock"), fails: []int{404},
		}},
		{"POST /v1/dev/clock", ScopeOperate, s.devOnce(s.postDevClock), operation{
			id: "setDevClock", topic: topicDev, does: "Let time pass, or hold the clock", more: onlyInDev + " Everything that is due on the way happens at its own instant.",
			takes: body(devClockChange{}, maxDevBody, `{"jump": "1d"}`), gives: ok(DevClock{}, "the clock as it is then"), fails: []int{400, 404, 409},
		}},
		{"POST /v1/dev/fail", ScopeOperate, s.devOnce(s.postDevFail), operation{
			id: "failNextSends", topic: topicDev, does: "Let the next sends fail", more: onlyInDev,
			takes: body(devFail{}, maxDevBody, `{"sends": 1, "status": 503}`), gives: ok(devFail{}, "how the next sends fail"), fails: []int{400, 404, 409}, bare: true,
		}},
		{"GET /v1/dev/people", ScopeRead, s.getDevPeople, operation{
			id: "listDevPeople", topic: topicDev, does: "List the people who have messages", more: onlyInDev + " The person of the newest message comes first.",
			query: limit, gives: ok(devPeople{}, "the people, each with the newest message"), fails: []int{400, 404},
		}},
		{"GET /v1/dev/people/{id}", ScopeRead, s.getDevPerson, operation{
			id: "showDevPerson", topic: topicDev, does: "Show a person's messages as they see them", more: onlyInDev,
			query: limit, gives: ok(DevPerson{}, "the newest messages, and what the person does"), fails: []int{400, 404},
		}},
		{"PUT /v1/dev/people/{id}", ScopeOperate, s.devOnce(s.putDevPerson), operation{
			id: "setDevPerson", topic: topicDev, does: "Say what a person does with every message", more: onlyInDev,
			takes: body(devScript{}, maxDevBody, `{"script": "reads after 3s, replies \"yes\" after 1m"}`), gives: ok(DevPerson{}, "the person"), fails: []int{400, 404, 409},
		}},
		{"POST /v1/dev/people/{id}/replies", ScopeOperate, s.devOnce(s.postDevReply), operation{
			id: "replyAsPerson", topic: topicDev, does: "Write a message as a person", more: onlyInDev,
			takes: body(devReply{}, maxDevBody, `{"text": "yes"}`), gives: ok(DevMessage{}, "the message"), fails: []int{400, 404, 409},
		}},
		{"POST /v1/dev/people/{id}/read", ScopeOperate, bodiless(s.devOnce(s.postDevRead)), operation{
			id: "readAsPerson", topic: topicDev, does: "Let a person read their messages now", more: onlyInDev + " Messages that did not reach the person stay unread.",
			gives: ok(devRead{}, "how many messages were read"), fails: []int{400, 404, 409},
		}},
	}
}

// devBody decodes the body of a dev route.
func (s *Server) devBody(w http.ResponseWriter, r *http.Request, into any) error {
	raw, err := s.readBody(w, r, maxDevBody)
	if err != nil || len(strings.TrimSpace(string(raw))) == 0 {
		return err
	}
	return decode(raw, into)
}

func (s *Server) getDevClock(w http.ResponseWriter, r *http.Request) {
	c, err := s.config.Dev.Clock()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, c)
}

func (s *Server) postDevClock(w http.ResponseWriter, r *http.Request) {
	var change devClockChange
	err := s.devBody(w, r, &change)
	if err == nil {
		err = s.changeClock(r.Context(), &change)
	}
	var short *ShortJumpError
	if err != nil && !errors.As(err, &short) {
		s.fail(w, r, err)
		return
	}
	c, err := s.config.Dev.Clock()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	c.Short = short != nil
	reply(w, http.StatusOK, c)
}

// ShortJumpError says that a jump ended before its instant.
type ShortJumpError struct{}

func (*ShortJumpError) Error() string { return "so much happens on the way that the jump ended early" }

// changeClock carries out a change.
func (s *Server) changeClock(ctx context.Context, change *devClockChange) error {
	given := 0
	for _, is := range []bool{change.Jump != "", change.Next, change.Hold != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return wrongField("jump", "say one thing: jump, next or hold")
	}
	if change.Hold != nil {
		s.config.Dev.Hold(*change.Hold)
		return nil
	}
	c, err := s.config.Dev.Clock()
	if err != nil {
		return err
	}
	if change.Next {
		if c.Next == nil {
			return wrongField("next", "nothing happens by itself")
		}
		return s.config.Dev.Jump(ctx, c.Next.At.Time())
	}
	d, err := flows.ParseDuration(change.Jump)
	if err != nil {
		return wrongField("jump", err.Error()+"; for example 1h or 3d")
	}
	return s.config.Dev.Jump(ctx, d.After(c.Now.Time(), time.UTC))
}

func (s *Server) postDevFail(w http.ResponseWriter, r *http.Request) {
	fail := devFail{Sends: 1, Status: http.StatusInternalServerError}
	err := s.devBody(w, r, &fail)
	switch {
	case err != nil:
	case fail.Sends < 0 || fail.Sends > maxFailNext:
		err = wrongField("sends", "must be a number from 0 to "+strconv.Itoa(maxFailNext))
	case fail.Status < 400 || fail.Status > 599:
		err = wrongField("status", "must be an HTTP status from 400 to 599")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.config.Dev.FailNext(fail.Sends, fail.Status)
	reply(w, http.StatusOK, fail)
}

// devLimit reads the parameter limit.
func devLimit(values url.Values) (int, error) {
	if err := onlyParameters(values, []string{"limit"}); err != nil {
		return 0, err
	}
	return limitOf(values)
}

func (s *Server) getDevPeople(w http.ResponseWriter, r *http.Request) {
	limit, err := devLimit(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, devPeople{slices.Concat([]DevPerson{}, s.config.Dev.People(limit))})
}

func (s *Server) getDevPerson(w http.ResponseWriter, r *http.Request) {
	limit, err := devLimit(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, s.config.Dev.Person(r.PathValue("id"), limit))
}

func (s *Server) putDevPerson(w http.ResponseWriter, r *http.Request) {
	var script devScript
	err := s.devBody(w, r, &script)
	if err == nil {
		if err = s.config.Dev.Script(r.PathValue("id"), script.Script); err != nil {
			err = wrongField("script", err.Error())
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, s.config.Dev.Person(r.PathValue("id"), 1))
}

func (s *Server) postDevReply(w http.ResponseWriter, r *http.Request) {
	var said devReply
	err := s.devBody(w, r, &said)
	if err == nil && said.Text == "" {
		err = wrongField("text", "say what the person writes")
	}
	var m DevMessage
	if err == nil {
		if m, err = s.config.Dev.Reply(r.PathValue("id"), said.Conversation, said.Text); err != nil {
			err = wrongField("text", fmt.Sprint(err))
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, m)
}

func (s *Server) postDevRead(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, devRead{s.config.Dev.Read(r.PathValue("id"))})
}
