package server

import (
	"errors"
	"fmt"
	"net/http"

	"nudge/engine"
	"nudge/runner"
)

const (
	// maxOptOuts is how many people a request may opt out or in as a list; more are refused with 400. Lines may be
	// any number.
	maxOptOuts = 1000
	// maxOptOutCategories is how many categories a person may be opted out of or in to at once; more are refused with 400.
	maxOptOutCategories = 16
	// maxOptOutBody is how many bytes a request with such a list may have; a larger one is refused with 413.
	maxOptOutBody = maxOptOuts*(engine.MaxProfileBytes+8) + 4096
)

// optOutRequest opts people out of categories, or in again.
type optOutRequest struct {
	Profiles   []string `json:"profiles"`   // at most 1,000
	Categories []string `json:"categories"` // that they do not want any more, or want again; or all
}

// optOutLine opts one person out, or in again.
type optOutLine struct {
	ID         string   `json:"id"`
	Categories []string `json:"categories"` // that they do not want any more, or want again; or all
}

// wish is what people want of a category.
type wish bool

const (
	wantNone  wish = false
	wantAgain wish = true
)

// optOutAnswers are the answers to a list of people.
type optOutAnswers struct {
	Answers []lineAnswer `json:"answers"` // in the order of the list, where line is the place, from 1
}

func (s *Server) optOutPeople(w http.ResponseWriter, r *http.Request) { s.optPeople(w, r, wantNone) }

func (s *Server) optInPeople(w http.ResponseWriter, r *http.Request) { s.optPeople(w, r, wantAgain) }

// optPeople changes what many people want: those of a list, or one on each line.
func (s *Server) optPeople(w http.ResponseWriter, r *http.Request, they wish) {
	if err := refuseKey(r, "doing this twice is doing it once, so send it again without Idempotency-Key"); err != nil {
		s.fail(w, r, err)
		return
	}
	by := actorOf(w, r)
	if isLines(r) {
		s.postLines(w, r, func(text []byte) ([]*engine.Input, error) {
			var line optOutLine
			if err := decode(text, &line); err != nil {
				return nil, err
			}
			return wishes(line.ID, line.Categories, they, by)
		}, func(*lineAnswer, *pendingLine) {})
		return
	}
	body, err := s.readBody(w, r, maxOptOutBody)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var request optOutRequest
	if err := decode(body, &request); err != nil {
		s.fail(w, r, err)
		return
	}
	if n := len(request.Profiles); n == 0 || n > maxOptOuts {
		s.fail(w, r, wrongField("profiles", fmt.Sprintf("a list has 1 to %d people, this one has %d; lines may be any number", maxOptOuts, n)))
		return
	}
	if _, err := wishes("somebody", request.Categories, they, by); err != nil {
		s.fail(w, r, err)
		return
	}
	answers, err := s.optAll(r, &request, they, by)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, optOutAnswers{answers})
}

// optAll changes what the people of a list want, each by themselves. It fails if the engine takes nobody.
func (s *Server) optAll(r *http.Request, request *optOutRequest, they wish, by *engine.Actor) (answers []lineAnswer, _ error) {
	var window []pendingLine
	for i, id := range request.Profiles {
		begin := func() (ticket *runner.Ticket, err error) {
			inputs, err := wishes(id, request.Categories, they, by)
			if err != nil {
				return nil, err
			}
			return s.config.Runner.Begin(inputs...)
		}
		ticket, err := begin()
		for errors.Is(err, runner.ErrBusy) && len(window) > 0 {
			answers, window = append(answers, s.settle(r, window[0])), window[1:]
			ticket, err = begin()
		}
		var wrong *problem
		if i == 0 && err != nil && !errors.As(err, &wrong) {
			return nil, runnerProblem(err)
		}
		window = append(window, pendingLine{line: i + 1, ticket: ticket, err: err})
	}
	for _, pending := range window {
		answers = append(answers, s.settle(r, pending))
	}
	return answers, nil
}

// wishes are the inputs that opt a person out of categories or in again, together. Each leaves an entry in the audit trail.
func wishes(id string, categories []string, they wish, by *engine.Actor) (inputs []*engine.Input, err error) {
	if err := checkProfileID(id); err != nil {
		return nil, err
	}
	if len(categories) == 0 || len(categories) > maxOptOutCategories {
		return nil, wrongField("categories", fmt.Sprintf("name 1 to %d categories, or %s", maxOptOutCategories, engine.OptOutAll))
	}
	for _, c := range categories {
		if !category.MatchString(c) {
			return nil, wrongField("categories", fmt.Sprintf("%q is not the name of a category: a-z, 0-9 and _", c))
		}
		change := &engine.ProfileChange{Profile: id}
		if they == wantAgain {
			change.OptIn = c
		} else {
			change.OptOut = c
		}
		inputs = append(inputs, &engine.Input{By: by, Payload: change})
	}
	return inputs, nil
}
