package server

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"nudge/engine"
	"nudge/store"
)

// runFilter selects runs, as callers write it: in the parameters of a list, and in the body of a change of many.
type runFilter struct {
	Flow          string `json:"flow,omitempty"`           // of this flow
	Version       string `json:"version,omitempty"`        // of this version of it
	Profile       string `json:"profile,omitempty"`        // of this person
	Key           string `json:"key,omitempty"`            // with this key
	Status        string `json:"status,omitempty"`         // live or ended
	Outcome       string `json:"outcome,omitempty"`        // ended with this outcome
	Step          string `json:"step,omitempty"`           // that stand at this step, or stood there at their end; with message_status or reason: a message of this step is so
	Line          string `json:"line,omitempty"`           // in which a wait, a collect, a repeat or a start ended with this outcome; STEP/OUTCOME for one step
	Arm           string `json:"arm,omitempty"`            // that took this arm of a branch or a split; STEP/ARM for one step
	MessageStatus string `json:"message_status,omitempty"` // with a message of this status
	Reason        string `json:"reason,omitempty"`         // with a message that has this reason, or that failed for it; # stands for any number
	Failure       string `json:"failure,omitempty"`        // of this group of failures, by its ID
	Campaign      string `json:"campaign,omitempty"`       // of this campaign
	StartedFrom   string `json:"started_from,omitempty"`   // that started then or later: a time in RFC 3339
	StartedBefore string `json:"started_before,omitempty"` // that started before
	EndedFrom     string `json:"ended_from,omitempty"`     // that ended then or later
	EndedBefore   string `json:"ended_before,omitempty"`   // that ended before
}

// filterNames are the parameters of a filter, in order.
var filterNames = func() (names []string) {
	t := reflect.TypeFor[runFilter]()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}()

// filterParameters describe them.
func filterParameters() []parameter {
	at := "2026-11-30T09:00:00Z"
	return []parameter{
		{name: "flow", does: "of this flow", example: "order_shipped"},
		{name: "version", does: "of this version of it", example: "0a1b2c3d4e5f6071"},
		{name: "profile", does: "of this person", example: "ann"},
		{name: "key", does: "with this key", example: "7"},
		{name: "status", does: "live or ended; both without it", example: "live", words: []string{"live", "ended"}},
		{name: "outcome", does: "ended with this outcome", example: "completed"},
		{name: "step", does: "that stand at this step, or stood there at their end; with message_status or reason: a message of this step is so", example: "reminder"},
		{name: "line", does: "in which a wait, a collect, a repeat or a start ended with this outcome; STEP/OUTCOME for one step", example: "wait_1/read"},
		{name: "arm", does: "that took this arm of a branch or a split; STEP/ARM for one step", example: "greeting/b"},
		{name: "message_status", does: "with a message of this status", example: "expired"},
		{name: "reason", does: "with a message that has this reason, or that failed for it; # stands for any number", example: "late"},
		{name: "failure", does: "of this group of failures, as GET /v1/runs/failures names it", example: "0a1b2c3d4e5f6071"},
		{name: "campaign", does: "of this campaign", example: aCampaign},
		{name: "started_from", does: "that started then or later", example: at},
		{name: "started_before", does: "that started before", example: at},
		{name: "ended_from", does: "that ended then or later", example: at},
		{name: "ended_before", does: "that ended before", example: at},
	}
}

// messageStatuses are the words for the statuses of messages.
var messageStatuses = func() (words []string) {
	for s := engine.Planned; s <= engine.Read; s++ {
		words = append(words, s.String())
	}
	return words
}()

// storeFilter is a filter as the store takes it. Wrong reports a field that is wrong.
func (s *Server) storeFilter(f *runFilter, wrong func(field, detail string) error) (out store.RunFilter, err error) {
	out = store.RunFilter{Flow: f.Flow, Version: f.Version, Profile: f.Profile, Key: f.Key, Status: f.Status, Outcome: f.Outcome, Step: f.Step,
		Line: f.Line, Arm: f.Arm, MessageStatus: f.MessageStatus, Reason: f.Reason, Failure: f.Failure, Campaign: f.Campaign}
	if f.Status != "" && f.Status != "live" && f.Status != "ended" {
		return out, wrong("status", "must be live or ended")
	}
	if f.MessageStatus != "" && !slices.Contains(messageStatuses, f.MessageStatus) {
		return out, wrong("message_status", "must be "+strings.Join(messageStatuses, ", "))
	}
	if _, ok := store.ParseFailureID(f.Failure); f.Failure != "" && !ok {
		return out, wrong("failure", "must be the ID of a group, as GET /v1/runs/failures gives it")
	}
	for _, at := range []struct {
		name, text string
		into       *engine.Instant
	}{{"started_from", f.StartedFrom, &out.StartedFrom}, {"started_before", f.StartedBefore, &out.StartedBefore}, {"ended_from", f.EndedFrom, &out.EndedFrom}, {"ended_before", f.EndedBefore, &out.EndedBefore}} {
		if at.text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, at.text)
		if err != nil || t.UnixMilli() <= 0 {
			return out, wrong(at.name, "must be a time in RFC 3339, such as 2026-11-30T09:00:00Z")
		}
		*at.into = engine.InstantOf(t)
	}
	if err := s.checkNames(f, wrong); err != nil || f.Campaign == "" {
		return out, err
	}
	c, err := s.config.Store.CampaignOf(f.Campaign)
	switch {
	case err != nil:
		return out, err
	case c == nil:
		return out, wrong("campaign", "is not the ID of a campaign; GET /v1/campaigns lists them")
	}
	out.CampaignNumber = c.Number
	return out, nil
}

// runQuery reads the parameters of a list of runs.
func (s *Server) runQuery(values url.Values) (q store.Query, err error) {
	allowed := append(slices.Clone(filterNames), "quarantined", "before", "limit", "look")
	if err := onlyParameters(values, allowed); err != nil {
		return q, err
	}
	f := filterOf(values)
	if q.RunFilter, err = s.storeFilter(&f, wrongParameter); err != nil {
		return q, err
	}
	if q.Limit, err = limitOf(values); err != nil {
		return q, err
	}
	if q.Look, err = lookOf(values); err != nil {
		return q, err
	}
	if before := values.Get("before"); before != "" {
		if q.Before, err = engine.ParseRunID(before); err != nil {
			return q, wrongParameter("before", "must be a run ID, as next gives it")
		}
	}
	return q, nil
}

// filterOf is the filter in the parameters of a request.
func filterOf(values url.Values) (f runFilter) {
	v := reflect.ValueOf(&f).Elem()
	for i, name := range filterNames {
		v.Field(i).SetString(values.Get(name))
	}
	return f
}
