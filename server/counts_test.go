package server_test

import (
	"testing"

	"nudge/server"
)

// TestCounts follows two people through the counts of their flow.
func TestCounts(t *testing.T) {
	s := start(t, with(shop, "flows/hello.yaml", hello))
	s.event(`{"type": "signed.up", "profile": "ann", "data": {"name": "Ann"}}`).is(200, `"did":"started"`)
	s.event(`{"type": "signed.up", "profile": "bob", "data": {"name": "Bob"}}`).is(200, `"did":"started"`)
	sent := <-s.posts
	<-s.posts
	s.webhook(receipt("message.read", sent)).is(200)
	var got server.FlowCounts
	s.do("GET", "/v1/flows/hello/counts", "").is(200).decode(&got)
	c := got.Counts
	if !got.Active || c.Started != 2 || c.Here != 1 || c.Ended != 1 || len(c.Outcomes) != 1 || c.Outcomes[0].Name != "completed" || len(got.Series) != 1 || got.Elsewhere != 0 || got.Series[0].Span != "hour" {
		t.Errorf("the counts are %+v", got)
	}
	if send := c.Steps[0].Send; c.Steps[0].Came != 2 || send == nil || send.Runs != 2 || send.Read != 1 || len(send.ReadIn) != 1 || send.ReadIn[0].Within != "1m" {
		t.Errorf("the send is %+v", c.Steps[0])
	}
	if wait := c.Steps[1]; wait.Came != 2 || wait.Here != 1 || wait.Lines[0].Taken != 1 {
		t.Errorf("the wait is %+v", wait)
	}
	s.do("GET", "/v1/counts", "").is(200, `{"flow":"hello","version":"`+got.Version+`","started":2,"here":1,"ended":1,"goal":0,"failed":0,"by_hour":[0,`)
	s.do("GET", "/v1/counts?limit=1", "").is(200, `"flow":"hello"`, `"next":"hello"`)
	s.do("GET", "/v1/counts?limit=1&after=hello", "").is(200, `"flow":"order","version"`, `"started":0`, `"by_hour":[0,`)
	s.do("GET", "/v1/counts?limit=101", "").is(400, "limit must be a number from 1 to 100")
	s.do("GET", "/v1/flows/hello/counts?since=all&version="+got.Version, "").is(200, `"started":2`)
	s.do("GET", "/v1/flows/hello/counts?until=2001-01-01T00:00:00Z&since=all", "").is(200, `"started":0`, `"here_besides":1`)
	s.do("GET", "/v1/flows/hello/counts?since=1s", "").is(200, `"started":2`, `:00:00.000Z","until"`) // the whole hour, and the answer says so
	s.do("GET", "/v1/flows/hello/counts?since=500d", "").is(200, `"started":2`, `"version":"`+got.Version+`","active":true,"until"`)
	s.do("GET", "/v1/flows/nobody/counts", "").is(404, "no active flow is called nobody")
	s.do("GET", "/v1/flows/hello/counts?version=v0", "").is(404, "flow hello has no version v0")
	s.do("GET", "/v1/flows/hello/counts?since=soon", "").is(400, "since must be a time such as")
	s.do("GET", "/v1/flows/hello/counts?form=x", "").is(400, "form is not a parameter here")
	s.do("GET", "/v1/flows/hello/counts?since=2001-01-02T00:00:00Z&until=2001-01-01T00:00:00Z", "").is(400, "since must be before until")
}
