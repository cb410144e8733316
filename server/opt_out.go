package server

import (
	"errors"
	"fmt"
	"net/http"

	"nudge/engine"
	"nudge/runner"
)

const (
	// maxOptOuts is how many people a request may opt out as a list; more are refused with 400. Lines may be
	// any number.
	maxOptOuts = 1000
	// maxOptOutCategories is how many categories a person may be opted out of at once; more are refused with 400.
	maxOptOutCategories = 16
	// maxOptOutBody is how many bytes a request with such a list may have; a larger one is refused with 413.
	maxOptOutBody = maxOptOuts*(engine.MaxProfileBytes+8) + 4096
)

// optOutRequest opts people out of categories.
type optOutRequest struct {
	Profiles   []string `json:"profiles"`   // at most 1,000
	Categories []string `json:"categories"` // that they do not want any more, or all
}

// optOutLine opts one person out.
type optOutLine struct {
	ID         string   `json:"id"`
	Categories []string `json:"categories"` // that they do not want any more, or all
}

// optOutAnswers are the answers to a list of people.
type optOutAnswers struct {
	Answers []lineAnswer `json:"answers"` // in the order of the list, where line is the place, from 1
}

// optOutPeople opts many people out of categories: those of a list, or one on each line.
func (s *Server) optOutPeople(w http.ResponseWriter, r *http.Request) {
	if err := refuseKey(r, "opting out twice is opting out once, so send it again without Idempotency-Key"); err != nil {
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
			return optOuts(line.ID, line.Categories, by)
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
	if _, err := optOuts("somebody", request.Categories, by); err != nil {
		s.fail(w, r, err)
		return
	}
	answers, err := s.optOutAll(r, &request, by)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, optOutAnswers{answers})
}

// optOutAll opts out the people of a list, each by themselves. It fails if the engine takes nobody.
func (s *Server) optOutAll(r *http.Request, request *optOutRequest, by *engine.Actor) (answers []lineAnswer, _ error) {
	var window []pendingLine
	for i, id := range request.Profiles {
		begin := func() (ticket *runner.Ticket, err error) {
			inputs, err := optOuts(id, request.Categories, by)
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

// optOuts are the inputs that opt a person out of categories, together. Each leaves an entry in the audit trail.
func optOuts(id string, categories []string, by *engine.Actor) (inputs []*engine.Input, err error) {
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
		inputs = append(inputs, &engine.Input{By: by, Payload: &engine.ProfileChange{Profile: id, OptOut: c}})
	}
	return inputs, nil
}
