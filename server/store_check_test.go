package server_test

import (
	"context"
	"errors"
	"testing"

	"nudge/client"
	"nudge/server"
	"nudge/store"
)

func TestCheckStore(t *testing.T) {
	report := &store.Report{Live: 3, Problems: []string{"runs 01: the record is damaged"}}
	for name, c := range map[string]struct {
		check func(context.Context, func(store.CheckProgress)) (*store.Report, error)
		code  int
		want  []string
	}{
		"nothing to check": {nil, 501, []string{`"urn:nudge:problem:store-check"`}},
		"another check": {func(context.Context, func(store.CheckProgress)) (*store.Report, error) {
			return nil, server.ErrChecking
		}, 409, []string{`"urn:nudge:problem:under-way"`, "is being checked already"}},
		"the store does not answer": {func(context.Context, func(store.CheckProgress)) (*store.Report, error) {
			return nil, errors.New("no")
		}, 500, []string{`"urn:nudge:problem:internal"`}},
		"a report": {func(_ context.Context, progress func(store.CheckProgress)) (*store.Report, error) {
			progress(store.CheckProgress{Part: "runs", Records: 256})
			progress(store.CheckProgress{Part: "runs", Records: 512}) // too soon to be shown
			return report, nil
		}, 200, []string{`{"progress":{"part":"runs","records":256,"problems":0}}` + "\n" +
			`{"report":{"live":3,"ended":0,"timers":0,"stale":0,"outbox":0,"journal":0,"problems":["runs 01: the record is damaged"]}}` + "\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, shop, func(config *server.Config) { config.CheckStore = c.check })
			s.do("GET", "/-/store/check", "").is(c.code, c.want...)
		})
	}
}

// A check that breaks off has no report, and its reader knows.
func TestCheckStoreBreaksOff(t *testing.T) {
	s := start(t, shop, func(c *server.Config) {
		c.CheckStore = func(_ context.Context, progress func(store.CheckProgress)) (*store.Report, error) {
			progress(store.CheckProgress{Part: "runs"})
			return nil, context.Canceled
		}
	})
	c, err := client.New(client.Config{Server: s.url})
	must(t, err)
	seen := 0
	_, err = c.CheckStore(t.Context(), func(client.StoreProgress) { seen++ })
	var broken *client.AnswerError
	if !errors.As(err, &broken) || seen != 1 {
		t.Errorf("got %v after %d lines, want an answer that broke off", err, seen)
	}
}
