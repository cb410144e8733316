package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"nudge/engine"
	"nudge/runner/jobs"
	"nudge/store"
	"nudge/whatif/preview"
)

// Campaign is a campaign as the API shows it.
type Campaign struct {
	ID      string         `json:"id"`
	Flow    string         `json:"flow"`
	Version string         `json:"version"`
	Status  string         `json:"status"` // waiting, freezing, starting, started, finished, paused, held, cancelled, failed or skipped
	Reason  string         `json:"reason,omitempty"`
	Due     engine.Instant `json:"due"`
	Begun   engine.Instant `json:"begun"`
	Local   bool           `json:"local,omitempty"` // it comes to each person by their own clock

	Audience int               `json:"audience"` // rows, those that cannot be read too
	Taken    int               `json:"taken"`    // rows
	Live     int               `json:"live"`     // runs
	Outcomes map[string]uint64 `json:"outcomes"` // of the rows: they add up to the audience
	BadRows  []engine.BadRow   `json:"bad_rows,omitempty"`

	Missed int            `json:"missed,omitempty"` // campaigns that a skipped one stands for
	Until  engine.Instant `json:"until,omitzero"`   // when the last of those was due

	number uint64
}

// campaignOf returns a campaign as the API shows it, in an installation.
func campaignOf(c *store.CampaignProgress, in engine.Installation) Campaign {
	f := c.Campaign
	shown := Campaign{
		ID: f.ID, Flow: f.Flow, Version: f.Version, Status: campaignStatus(c, in), Reason: f.Reason, Due: f.Due, Begun: f.Begun,
		Local: f.Local, Audience: f.Rows + f.Bad, Taken: f.Walked, Live: f.Live, Outcomes: map[string]uint64{},
		BadRows: f.BadRows, Missed: f.Missed, Until: f.Until, number: f.Number,
	}
	count := func(what string, rows uint64) {
		if rows > 0 {
			shown.Outcomes[what] += rows
		}
	}
	for standing, runs := range c.Tally.Standings {
		count(standing, runs)
	}
	for _, l := range f.Excluded {
		count("left out: "+l.Reason, uint64(l.Rows))
	}
	count("bad", uint64(f.Bad))
	count("to come", uint64(f.Rows-f.Walked))
	return shown
}

func campaignStatus(c *store.CampaignProgress, in engine.Installation) string {
	switch f := c.Campaign; {
	case f.Installation != in && (f.Open() || f.Local && f.Live > 0):
		return "held"
	case f.Paused:
		return "paused"
	case f.Status == engine.Walking:
		return "starting"
	case f.Status == engine.Walked && f.Live > 0:
		return "started"
	case f.Status == engine.Walked:
		return "finished"
	}
	return c.Status.String()
}

// campaignPage is one page of a list of campaigns.
type campaignPage struct {
	Campaigns []Campaign `json:"campaigns"`      // newest first
	Next      string     `json:"next,omitempty"` // before of the next page; absent on the last
}

var campaignParameters = []string{"flow", "before", "limit"}

func (s *Server) listCampaigns(w http.ResponseWriter, r *http.Request) {
	before, limit, err := s.campaignQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	state, err := s.config.Store.State()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page, err := s.config.Store.ListCampaigns(r.URL.Query().Get("flow"), before, limit)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v, err := s.viewOf(w)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	out := campaignPage{Campaigns: []Campaign{}}
	for i := range page {
		c := campaignOf(&page[i], state.Installation)
		c.BadRows = v.badRows(c.BadRows)
		out.Campaigns = append(out.Campaigns, c)
	}
	if len(page) == limit {
		out.Next = page[limit-1].ID
	}
	reply(w, http.StatusOK, out)
}

// campaignQuery reads the parameters of a list.
func (s *Server) campaignQuery(values url.Values) (before uint64, limit int, err error) {
	if err := onlyParameters(values, campaignParameters); err != nil {
		return 0, 0, err
	}
	if limit, err = limitOf(values); err != nil {
		return 0, 0, err
	}
	if id := values.Get("before"); id != "" {
		c, err := s.config.Store.CampaignOf(id)
		if err != nil {
			return 0, 0, err
		}
		if c == nil {
			return 0, 0, wrongParameter("before", "must be the ID of a campaign, as next gives it")
		}
		before = c.Number
	}
	return before, limit, nil
}

// campaign reads the campaign that a path names.
func (s *Server) campaign(id string) (Campaign, error) {
	c, err := s.config.Store.CampaignOf(id)
	if err != nil {
		return Campaign{}, err
	}
	if c == nil {
		return Campaign{}, problemOf(http.StatusNotFound, "not-found", "there is no campaign "+id)
	}
	state, err := s.config.Store.State()
	return campaignOf(c, state.Installation), err
}

// campaignStart is a campaign that is to start.
type campaignStart struct {
	ID    string `json:"id,omitempty"`    // makes the request safe to send again, as Idempotency-Key does
	Flow  string `json:"flow"`            // must have a schedule or an audience
	Again bool   `json:"again,omitempty"` // also while a campaign of the flow is under way
}

// startCampaign starts a campaign of a flow now.
func (s *Server) startCampaign(w http.ResponseWriter, r *http.Request) {
	var request campaignStart
	if err := s.read(w, r, &request); err != nil {
		s.fail(w, r, err)
		return
	}
	start := engine.CampaignStartAlone
	if request.Again {
		start = engine.CampaignStart
	}
	answer, err := s.submit(w, r, &engine.Input{ID: request.ID, Payload: &engine.CampaignControl{Do: start, Flow: request.Flow}})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	i := slices.IndexFunc(answer.Decisions, func(d engine.Decision) bool { return d.Action == engine.DidFire })
	if i < 0 {
		s.fail(w, r, fmt.Errorf("starting a campaign led to %+v", answer))
		return
	}
	c, err := s.campaign(answer.Decisions[i].Reason)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusCreated, c)
}

// steering says more about a change of a campaign.
type steering struct {
	Reason  string `json:"reason,omitempty"`   // is shown with the campaign
	EndRuns bool   `json:"end_runs,omitempty"` // of a cancel: its live runs end too
}

// steerCampaign pauses, resumes or cancels a campaign, and answers with its new state.
func (s *Server) steerCampaign(do engine.CampaignVerb) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request steering
		if err := s.read(w, r, &request); err != nil {
			s.fail(w, r, err)
			return
		}
		c, err := s.campaign(r.PathValue("id"))
		if err == nil {
			_, err = s.submit(w, r, &engine.Input{Payload: &engine.CampaignControl{Do: do, Campaign: c.number, Reason: request.Reason, EndRuns: request.EndRuns}})
		}
		if err == nil {
			c, err = s.campaign(c.ID)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		reply(w, http.StatusOK, c)
	}
}

// read decodes a body, which may be empty.
func (s *Server) read(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := s.readBody(w, r, maxCommandBody)
	if err != nil || len(strings.TrimSpace(string(body))) == 0 {
		return err
	}
	return decode(body, into)
}

// previewRequest names a campaign that does not start.
type previewRequest struct {
	Flow string          `json:"flow"`
	Data json.RawMessage `json:"data,omitempty" openapi:"object"` // an object: of the event that would start it for its audience
}

// previewCampaign shows what a campaign would do if it started now.
func (s *Server) previewCampaign(w http.ResponseWriter, r *http.Request) {
	var request previewRequest
	if err := s.read(w, r, &request); err != nil {
		s.fail(w, r, err)
		return
	}
	if s.config.Audiences == nil {
		s.fail(w, r, errNoAudiences)
		return
	}
	p, err := preview.Of(r.Context(), s.config.Store, s.config.Audiences, s.previewed(&request), preview.MaxTried, nil)
	if err != nil {
		s.fail(w, r, previewProblem(err))
		return
	}
	s.replyPreview(w, r, p)
}

var errNoAudiences = problemOf(http.StatusNotImplemented, "audiences", "this server reads no audiences")

// previewed is the campaign that a request names, if it started now.
func (s *Server) previewed(request *previewRequest) preview.Campaign {
	return preview.Campaign{Flow: request.Flow, Event: request.Data, At: s.now()}
}

// previewProblem says why there is no preview.
func previewProblem(err error) error {
	var refused *preview.RefusedError
	var unreadable *preview.AudienceError
	switch {
	case errors.As(err, &refused):
		return refusalProblem("", refused.Refusal)
	case errors.As(err, &unreadable):
		return problemOf(http.StatusUnprocessableEntity, "audience", err.Error())
	}
	return err
}

// kindPreview is the kind of a job that previews a campaign.
const kindPreview = "preview campaign"

// previewParams are those of such a job. The data of an event is not among them: it may have something private.
type previewParams struct {
	Flow string `json:"flow"`
}

// startPreview begins a job that shows what a campaign would do if it started now.
func (s *Server) startPreview(w http.ResponseWriter, r *http.Request) {
	var request previewRequest
	err := refuseKey(r, "this takes no Idempotency-Key: a preview changes nothing")
	if err == nil {
		err = s.read(w, r, &request)
	}
	if err == nil && s.config.Audiences == nil {
		err = errNoAudiences
	}
	if err == nil {
		err = previewProblem(preview.Check(s.config.Store, s.previewed(&request)))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.startJob(w, r, kindPreview, previewParams{request.Flow}, func(ctx context.Context, t *jobs.Task) (any, error) {
		p, err := preview.Of(ctx, s.config.Store, s.config.Audiences, s.previewed(&request), preview.MaxTriedByJob, t.Done)
		if err != nil { // half of a preview is none
			return nil, previewFailure(err)
		}
		return p, nil
	})
}

// previewFailure says why a job has no preview, and what to do.
func previewFailure(err error) error {
	var refused *preview.RefusedError
	var unreadable *preview.AudienceError
	switch {
	case errors.As(err, &refused):
		return &jobs.Problem{Detail: err.Error(), Hint: "the flows have changed since it was asked for: look at nudge flows list"}
	case errors.As(err, &unreadable):
		return &jobs.Problem{Detail: err.Error(), Hint: "correct the audience, and start it again"}
	}
	return err
}

// replyPreview answers with a preview, as far as the sender may see it.
func (s *Server) replyPreview(w http.ResponseWriter, r *http.Request, p *preview.Preview) {
	v, err := s.viewOf(w)
	if err == nil {
		err = v.preview(p)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, p)
}

// now is the present instant on the engine's clock.
func (s *Server) now() time.Time {
	if now := s.config.Runner.Health().Now; !now.IsZero() {
		return now
	}
	return time.Now()
}
