package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// listWebhooks is GET …/webhooks?includeDeleted=.
func (s *Sandbox) listWebhooks(w http.ResponseWriter, r *http.Request) {
	deleted := r.URL.Query().Get("includeDeleted") == "true"
	s.mu.Lock()
	all, newest := []Webhook{}, time.Time{}
	for _, h := range s.hooks.registered {
		if h.space == r.PathValue("space") && (deleted || h.deleted.IsZero()) {
			all = append(all, h.Webhook)
			if h.updated.After(newest) {
				newest = h.updated
			}
		}
	}
	tag := etag(s.hooks.revision, "webhooks")
	s.mu.Unlock()
	w.Header().Set("ETag", tag)
	if !newest.IsZero() {
		w.Header().Set("Last-Modified", newest.UTC().Format(http.TimeFormat))
	}
	answerJSON(w, http.StatusOK, all)
}

// addWebhook is POST …/webhooks.
func (s *Sandbox) addWebhook(w http.ResponseWriter, r *http.Request) {
	doc, ok := readWebhook(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	live := 0
	for _, h := range s.hooks.registered {
		if h.deleted.IsZero() {
			live++
		}
	}
	if live >= MaxWebhooks {
		s.mu.Unlock()
		answerError(w, http.StatusConflict, fmt.Sprintf("there are already %d webhooks, which is the limit", MaxWebhooks))
		return
	}
	doc.ID, doc.revision, doc.updated = s.newID(), 1, s.config.Clock.Now()
	h := s.newHook(r.PathValue("space"), doc)
	s.hooks.registered = append(s.hooks.registered, h)
	s.hooks.changed()
	s.mu.Unlock()
	answerWebhook(w, http.StatusCreated, doc)
}

// showWebhook is GET …/webhooks/{id}.
func (s *Sandbox) showWebhook(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	h := s.hooks.find(r.PathValue("space"), r.PathValue("id"))
	var doc Webhook
	if h != nil {
		doc = h.Webhook
	}
	s.mu.Unlock()
	if h == nil {
		answerError(w, http.StatusNotFound, "webhook not found")
		return
	}
	answerWebhook(w, http.StatusOK, doc)
}

// putWebhook is PUT …/webhooks/{id}. Events that wait for the webhook go to its new address.
func (s *Sandbox) putWebhook(w http.ResponseWriter, r *http.Request) {
	doc, ok := readWebhook(w, r)
	if !ok {
		return
	}
	h := s.lockWebhook(w, r)
	if h == nil {
		return
	}
	doc.ID, doc.revision, doc.updated = h.ID, h.revision+1, s.config.Clock.Now()
	h.set(h.outbox.receiver().ctx, doc)
	s.hooks.changed()
	s.mu.Unlock()
	answerWebhook(w, http.StatusOK, doc)
}

// deleteWebhook is DELETE …/webhooks/{id}. Events that wait for the webhook are dropped.
func (s *Sandbox) deleteWebhook(w http.ResponseWriter, r *http.Request) {
	h := s.lockWebhook(w, r)
	if h == nil {
		return
	}
	h.deleted, h.Deleted = s.config.Clock.Now(), true
	s.hooks.forgetDeleted()
	s.hooks.changed()
	s.mu.Unlock()
	h.cut()
	h.outbox.close()
	w.WriteHeader(http.StatusNoContent)
}

// lockWebhook finds the webhook of a request and keeps the sandbox locked. Otherwise it
// unlocks, answers with the reason and returns nil.
func (s *Sandbox) lockWebhook(w http.ResponseWriter, r *http.Request) *hook {
	s.mu.Lock()
	h := s.hooks.find(r.PathValue("space"), r.PathValue("id"))
	if h == nil {
		s.mu.Unlock()
		answerError(w, http.StatusNotFound, "webhook not found")
		return nil
	}
	if matches(w, r, etag(h.revision, h.ID)) {
		return h
	}
	s.mu.Unlock()
	return nil
}

// forgetDeleted keeps only the newest of those that were deleted.
func (h *hooks) forgetDeleted() {
	extra := -maxDeleted
	for _, x := range h.registered {
		if !x.deleted.IsZero() {
			extra++
		}
	}
	h.registered = slices.DeleteFunc(h.registered, func(x *hook) bool {
		if x.deleted.IsZero() || extra <= 0 {
			return false
		}
		extra--
		return true
	})
}

// listEvents is GET …/webhooks/availableevents.
func (s *Sandbox) listEvents(w http.ResponseWriter, _ *http.Request) {
	type filter struct {
		Name        string `json:"name"`
		Path        string `json:"path"`
		Required    bool   `json:"required"`
		Description string `json:"description"`
	}
	type available struct {
		Type        string   `json:"type"`
		Description string   `json:"description"`
		Filters     []filter `json:"filters"`
	}
	all := []available{}
	for i, f := range topicFacts {
		a := available{f.name, f.says, []filter{}}
		if t := topic(i); t.ofMessage() {
			path := "payload.details.channel"
			if t == messageInbound {
				path = "payload.channel"
			}
			a.Filters = append(a.Filters, filter{"channel", path, false, "The channel of the message."})
		}
		all = append(all, a)
	}
	answerJSON(w, http.StatusOK, all)
}

// listTemplates is GET …/webhooks/availabletemplates.
func (s *Sandbox) listTemplates(w http.ResponseWriter, _ *http.Request) {
	type template struct {
		Name        string   `json:"name"`
		Description string   `json:"description"`
		Events      []string `json:"events"`
	}
	t := template{Name: "Message events", Description: "Receipts, and messages of people."}
	for i, f := range topicFacts {
		if messageTopics.has(topic(i)) {
			t.Events = append(t.Events, f.name)
		}
	}
	answerJSON(w, http.StatusOK, []template{t})
}

func readWebhook(w http.ResponseWriter, r *http.Request) (Webhook, bool) {
	body, ok := readBody(w, r)
	if !ok {
		return Webhook{}, false
	}
	doc, failures := parseWebhook(body)
	if len(failures) > 0 {
		answerInvalid(w, failures)
		return Webhook{}, false
	}
	return doc, true
}

func answerWebhook(w http.ResponseWriter, status int, doc Webhook) {
	tagged(w, etag(doc.revision, doc.ID), doc.updated)
	answerJSON(w, status, doc)
}
