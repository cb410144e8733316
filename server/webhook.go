package server

import (
	"errors"
	"net/http"

	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/engine/runner"
)

// postWebhook takes what the provider says. It answers after the commit, and never
// with a 400 where trying again could help: the provider drops what got one.
func (s *Server) postWebhook(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r, appmessaging.MaxWebhook)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	in, err := s.config.Webhooks.Decode(body, r.Header.Get(appmessaging.SignatureHeader))
	if err != nil {
		s.fail(w, r, webhookProblem(err))
		return
	}
	for _, ignored := range in.Ignored {
		s.config.Log.Debug("webhook not understood", "what", ignored)
	}
	tickets, err := s.beginWebhook(&in)
	for _, t := range tickets {
		_, waitErr := t.Wait(r.Context())
		err = errors.Join(err, waitErr)
	}
	if err != nil {
		p := runnerProblem(err)
		p.Status, p.Title = http.StatusServiceUnavailable, http.StatusText(http.StatusServiceUnavailable)
		s.fail(w, r, p)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// beginWebhook puts the receipts in as one group and each reply by itself, so that a
// reply delivered twice costs nothing beside it.
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
	return tickets, err
}

func webhookProblem(err error) error {
	switch {
	case errors.Is(err, appmessaging.ErrSignature):
		return problemOf(http.StatusUnauthorized, "signature", "the signature in "+appmessaging.SignatureHeader+" is missing or wrong")
	case errors.Is(err, appmessaging.ErrTooLarge):
		return tooLargeProblem(appmessaging.MaxWebhook)
	case errors.Is(err, appmessaging.ErrMalformed):
		return problemOf(http.StatusBadRequest, "json", "the body is neither a JSON object nor an array")
	}
	return err
}
