package server_test

import (
	"net/http"
	"testing"
	"testing/fstest"
	"time"

	"nudge/audience"
	"nudge/server"
	"nudge/whatif/preview"
)

// TestCampaigns previews and starts a campaign by the API, and shows that what is wrong is
// told as a problem. The runner of these tests never ends the freezing of an audience.
func TestCampaigns(t *testing.T) {
	people := fstest.MapFS{"audiences/people.csv": {Data: []byte("profile\nann\nbob\n")}}
	s := start(t, map[string]string{
		"flows/sale.yaml": "flow: sale\ntrigger: { at: 2020-01-01 09:00, audience: people.csv }\nsteps: [ { send: { body: 'For {{ profile.id }}' } } ]\n",
		"flows/lost.yaml": "flow: lost\ntrigger: { cron: 0 9 * * *, timezone: UTC, max_delay: 1h, audience: lost.csv }\nsteps: [ { send: { body: hello } } ]\n",
		"flows/told.yaml": "flow: told\ntrigger: { event: told }\nsteps: [ { send: { body: hello } } ]\n",
	}, func(c *server.Config) { c.Audiences = audience.NewSnapshots(audience.Sources{Project: people}) })

	var p preview.Preview
	s.do("POST", "/v1/campaigns/preview", `{"flow": "sale"}`).is(http.StatusOK).decode(&p)
	if p.Rows != 2 || p.Outcomes["sends at once"] != 2 || len(p.Samples) != 1 || p.Samples[0].Profile != "ann" || p.Samples[0].Text != "For ann" || p.Samples[0].Messages != 2 {
		t.Errorf("the preview is %+v", p)
	}
	for body, status := range map[string]int{
		`{"flow": "none"}`: http.StatusNotFound, `{"flow": "lost"}`: http.StatusUnprocessableEntity,
		`{"flow": "told"}`: http.StatusBadRequest, `{"flaw": 1}`: http.StatusBadRequest,
	} {
		s.do("POST", "/v1/campaigns/preview", body).is(status)
	}

	var c server.Campaign
	s.do("POST", "/v1/campaigns", `{"flow": "sale", "id": "x"}`).is(http.StatusCreated).decode(&c)
	if c.Flow != "sale" || c.ID == "" {
		t.Errorf("the campaign is %+v", c)
	}
	again := server.Campaign{}
	s.do("POST", "/v1/campaigns", `{"flow": "sale", "id": "x"}`).is(http.StatusCreated).decode(&again)
	if again.ID != c.ID {
		t.Errorf("the same id started %s and %s", c.ID, again.ID)
	}
	s.do("POST", "/v1/campaigns", `{"flow": "lost", "id": "x"}`).is(http.StatusConflict)
	s.do("POST", "/v1/campaigns/nothing/pause", "").is(http.StatusNotFound)
	s.do("GET", "/v1/campaigns?limit=0", "").is(http.StatusBadRequest)
	s.do("GET", "/v1/campaigns?flaw=sale", "").is(http.StatusBadRequest)
	var page struct{ Campaigns []server.Campaign }
	s.do("GET", "/v1/campaigns?flow=sale", "").is(http.StatusOK).decode(&page)
	if len(page.Campaigns) != 1 {
		t.Errorf("the list is %+v", page)
	}
	var schedule struct {
		Campaigns []server.Upcoming `json:"firings"`
	}
	s.do("GET", "/v1/schedule?n=2", "").is(http.StatusOK).decode(&schedule)
	if len(schedule.Campaigns) != 2 || schedule.Campaigns[0].Flow != "lost" || schedule.Campaigns[1].At-schedule.Campaigns[0].At != 24*3600*1000 {
		t.Errorf("the schedule is %+v", schedule)
	}
}

// TestCalendar: the starts of a range, and the campaigns that were due in it.
func TestCalendar(t *testing.T) {
	s := start(t, with(shop, "flows/daily.yaml", "flow: daily\ntrigger: { cron: '0 9 * * *', timezone: UTC, max_delay: 6h, audience: people.csv }\nsteps: [ { send: { body: hello } } ]\n"))
	var got struct {
		Firings   []server.Upcoming
		Campaigns []server.Campaign
		More      bool
	}
	s.do("GET", "/v1/schedule?from=2099-03-01T00:00:00Z&to=2099-03-04T09:00:00Z", "").is(200).decode(&got)
	if len(got.Firings) != 3 || got.More || len(got.Campaigns) != 0 || got.Firings[0].At.Time().UTC().Format(time.RFC3339) != "2099-03-01T09:00:00Z" {
		t.Errorf("got %+v", got)
	}
	s.do("GET", "/v1/schedule?from=2099-03-01T00:00:00Z&n=2", "").is(200).decode(&got)
	if len(got.Firings) != 2 || !got.More {
		t.Errorf("got %+v", got)
	}
	var c server.Campaign
	s.do("POST", "/v1/campaigns", `{"flow": "daily"}`).is(http.StatusCreated).decode(&c)
	s.do("GET", "/v1/schedule?from=2000-01-01T00:00:00Z&to=2099-01-01T00:00:00Z&n=1", "").is(200).decode(&got)
	if len(got.Campaigns) != 1 || got.Campaigns[0].ID != c.ID || got.Firings[0].Last != c.ID {
		t.Errorf("got %+v", got)
	}
	s.do("GET", "/v1/campaigns/"+c.ID, "").is(200, `"started":{"how":"operator","by":"local","at":`, `"actions":[],"left_out":[]`)
	s.do("POST", "/v1/campaigns/"+c.ID+"/pause", `{"reason": "wait"}`).is(200)
	s.do("GET", "/v1/campaigns/"+c.ID, "").is(200, `"actions":[{"at":`, `"did":"pause campaign","reason":"wait"}]`)
	s.do("GET", "/v1/campaigns/none", "").is(404)
	s.do("GET", "/v1/schedule?from=soon", "").is(400, "from must be an instant")
	s.do("GET", "/v1/schedule?till=2099-03-01T00:00:00Z", "").is(400, "is not a parameter here")
}

// TestScheduleSize: how many starts are asked for, and what is answered to a number that is none.
func TestScheduleSize(t *testing.T) {
	s := start(t, with(shop, "flows/daily.yaml", "flow: daily\ntrigger: { cron: '0 9 * * *', timezone: UTC, max_delay: 6h, audience: people.csv }\nsteps: [ { send: { body: hello } } ]\n"))
	for query, want := range map[string]int{"": 10, "?n=1": 1, "?n=1000": 1000, "?from=2099-01-01T00:00:00Z": 1000, "?to=2000-01-01T00:00:00Z": 0, "?from=2099-01-01T09:00:00Z&to=2099-01-03T09:00:00Z": 2, "?from=2099-01-01T09:00:00Z&to=2099-01-03T09:00:00.001Z": 3} {
		var got struct{ Firings []server.Upcoming }
		if s.do("GET", "/v1/schedule"+query, "").is(200).decode(&got); len(got.Firings) != want {
			t.Errorf("%s: %d starts, want %d", query, len(got.Firings), want)
		}
	}
	for _, query := range []string{"?n=0", "?n=-1", "?n=1001", "?n=ten", "?n=1.5"} {
		s.do("GET", "/v1/schedule"+query, "").is(400, "n must be a number from 1 to 1000")
	}
	s.do("GET", "/v1/schedule?to=2099-01-01", "").is(400, "to must be an instant such as 2027-03-01T00:00:00Z")
}

// TestPreviewProblems holds what is said where there is no preview, at once or by a job.
func TestPreviewProblems(t *testing.T) {
	project := map[string]string{
		"flows/sale.yaml": "flow: sale\ntrigger: { at: 2020-01-01 09:00, audience: lost.csv }\nsteps: [ { send: { body: hello } } ]\n",
		"flows/told.yaml": "flow: told\ntrigger: { event: told }\nsteps: [ { send: { body: hello } } ]\n",
	}
	none := start(t, project)
	for _, path := range []string{"/v1/campaigns/preview", "/v1/campaigns/previews"} {
		none.do("POST", path, `{"flow": "sale"}`).is(http.StatusNotImplemented, "this server reads no audiences")
	}
	s := start(t, project, func(c *server.Config) {
		c.Audiences = audience.NewSnapshots(audience.Sources{Project: fstest.MapFS{}})
	})
	for _, path := range []string{"/v1/campaigns/preview", "/v1/campaigns/previews"} {
		s.do("POST", path, `{"flow": "none"}`).is(404, "there is no active flow none")
		s.do("POST", path, `{"flow": "told"}`).is(400, "told")
		s.do("POST", path, `{"flow": `).is(400)
	}
	s.do("POST", "/v1/campaigns/preview", `{"flow": "sale"}`).is(422, "audiences/lost.csv: there is no such file")
	s.do("POST", "/v1/campaigns/previews", `{"flow": "sale"}`, "Idempotency-Key", "k").is(400, "a preview changes nothing")
	var c server.Campaign
	s.do("POST", "/v1/campaigns", `{"flow": "sale"}`).is(201).decode(&c)
	s.do("POST", "/v1/campaigns/"+c.ID+"/cancel", `{"reason": "wrong text", "end_runs": true}`).is(200, `"status":"cancelled"`, `"reason":"wrong text"`)
	s.do("POST", "/v1/campaigns/"+c.ID+"/resume", "").is(409)
	s.do("POST", "/v1/campaigns/"+c.ID+"/pause", `{"why": 1}`).is(400, "why")
}
