package server

import (
	"errors"
	"net/http"

	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/runner"
)

// postWebhook takes what the provider says. It answers after the commit, and never
// with a 400 where trying again could help: the provider drops what got one.
func (s *Server) postWebhook(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r, int64(s.config.Webhooks.Limit()))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	in, err := s.config.Webhooks.Decode(body, r.Header.Get(appmessaging.SignatureHeader))
	if err != nil {
		s.fail(w, r, s.webhookProblem(err))
		return
	}
	s.hooks.count(&in)
	for _, ignored := range in.Ignored {
		s.config.Log.Debug("webhook not understood", "what", ignored)
	}
	tickets, err := s.beginWebhook(&in)
	for _, t := range tickets {
		answers, waitErr := t.Wait(r.Context())
		err = errors.Join(err, waitErr)
		s.logRefused(answers)
	}
	if err != nil {
		p := runnerProblem(err)
		p.Status, p.Title = http.StatusServiceUnavailable, http.StatusText(http.StatusServiceUnavailable)
		s.fail(w, r, p)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// logRefused tells of what a webhook brought and the engine did not take: it is well
// signed and was read, so the provider can do nothing about it.
func (s *Server) logRefused(answers []engine.Answer) {
	for _, a := range answers {
		if a.Refused != nil {
			s.config.Log.Warn("webhook refused", "id", a.ID, "field", a.Refused.Field, "why", a.Refused.Detail)
		}
	}
}

// beginWebhook puts the receipts in as one group and everything else by itself, so that
// a reply delivered twice costs nothing beside it.
func (s *Server) beginWebhook(in *appmessaging.Inbound) (tickets []*runner.Ticket, err error) {
	begin := func(inputs ...*engine.Input) {
		if err != nil {
			return
		}
		var t *runner.Ticket
		if t, err = s.config.Runner.Begin(inputs...); err == nil {
			tickets = append(tickets, t)
		}
	}
	if n := len(in.Receipts); n > 0 {
		receipts := make([]*engine.Input, n)
		for i := range in.Receipts {
			receipts[i] = &engine.Input{Kind: engine.InputReceipt, Receipt: &in.Receipts[i]}
		}
		begin(receipts...)
	}
	for i := range in.Replies {
		begin(&engine.Input{Kind: engine.InputReply, ID: in.Replies[i].ID, Reply: &in.Replies[i]})
	}
	if !s.config.Profiles {
		return tickets, err
	}
	for _, c := range in.Profiles {
		begin(&engine.Input{Kind: engine.InputProfile, ID: c.ID, Profile: &engine.ProfileChange{Profile: c.Profile, Set: c.Fields}})
	}
	return tickets, err
}

func (s *Server) webhookProblem(err error) error {
	switch {
	case errors.Is(err, appmessaging.ErrSignature):
		return problemOf(http.StatusUnauthorized, "signature", "the signature in "+appmessaging.SignatureHeader+" is missing or wrong")
	case errors.Is(err, appmessaging.ErrTooLarge):
		return tooLargeProblem(int64(s.config.Webhooks.Limit()))
	case errors.Is(err, appmessaging.ErrMalformed):
		return problemOf(http.StatusBadRequest, "json", "the body is neither a JSON object nor an array")
	}
	return err
}
