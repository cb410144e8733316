package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
)

// postWebhook takes the webhooks of a channel. It answers after the commit. It answers
// 400 only where trying again cannot help, because providers may drop what got one.
func (s *Server) postWebhook(from channels.Receiver) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := s.readWebhook(w, r, from)
		if err != nil {
			s.fail(w, r, webhookProblem(err))
			return
		}
		s.hooks.count(&in)
		s.heard.came(from.Name(), time.Now())
		for _, x := range in.Ignored {
			s.config.Log.Debug("webhook event ignored", "channel", from.Name(), "event", x.Event, "reason", x.Reason, "detail", x.Detail)
		}
		if err := s.takeWebhook(r.Context(), &in); err != nil {
			p := runnerProblem(err)
			p.Status, p.Title = http.StatusServiceUnavailable, http.StatusText(http.StatusServiceUnavailable)
			s.fail(w, r, p)
			return
		}
		w.WriteHeader(http.StatusOK)
	}
}

// readWebhook reads and decodes what a channel got. A request that cannot be the provider's is
// refused before its body is read. A body is proven while it arrives, and counts against the
// budget of what is not proven until then.
func (s *Server) readWebhook(w http.ResponseWriter, r *http.Request, from channels.Receiver) (channels.Inbound, error) {
	proof, err := from.Inspect(r.Header)
	if err != nil {
		return channels.Inbound{}, err
	}
	held := s.unproven.hold(r.Body)
	defer held.release()
	body, err := s.readAll(w, readCloser{io.TeeReader(held, proof), held}, r.ContentLength, int64(from.BodyLimit()))
	if err != nil {
		return channels.Inbound{}, err
	}
	if err := proof.Check(); err != nil {
		return channels.Inbound{}, err
	}
	held.release()
	return from.Decode(body)
}

type readCloser struct {
	io.Reader
	io.Closer
}

// takeWebhook gives the runner what a webhook brought and waits until it is committed.
func (s *Server) takeWebhook(ctx context.Context, in *channels.Inbound) error {
	tickets, err := s.beginWebhook(in)
	for _, t := range tickets {
		answers, waitErr := t.Wait(ctx)
		err = errors.Join(err, waitErr)
		s.logRefused(answers)
	}
	return err
}

// logRefused logs the inputs of a webhook that the engine refused. The provider cannot
// do anything about them, so they are not errors of its request.
func (s *Server) logRefused(answers []engine.Answer) {
	for _, a := range answers {
		if a.Refused != nil {
			s.config.Log.Warn("webhook refused", "id", a.ID, "field", a.Refused.Field, "why", a.Refused.Detail)
		}
	}
}

// beginWebhook gives the runner the receipts as one group and everything else one by
// one, so that a reply that comes twice affects nothing else.
func (s *Server) beginWebhook(in *channels.Inbound) (tickets []*runner.Ticket, err error) {
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
			receipts[i] = &engine.Input{Payload: &engine.Receipt{Receipt: in.Receipts[i]}}
		}
		begin(receipts...)
	}
	for i := range in.Replies {
		begin(&engine.Input{ID: in.Replies[i].ID, Payload: &engine.Reply{Reply: in.Replies[i]}})
	}
	if !s.config.Profiles {
		return tickets, err
	}
	for _, c := range in.Profiles {
		begin(&engine.Input{ID: c.ID, Payload: &engine.ProfileChange{Profile: c.Profile, Set: c.Fields}})
	}
	return tickets, err
}

// webhookProblem is the answer to a request that a channel rejects.
func webhookProblem(err error) error {
	rejection, ok := errors.AsType[*channels.Rejection](err)
	switch {
	case !ok:
		return err
	case rejection.Reason == channels.NotAuthentic:
		return problemOf(http.StatusUnauthorized, "signature", rejection.Detail)
	}
	return problemOf(http.StatusBadRequest, "json", rejection.Detail)
}
