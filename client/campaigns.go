package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// Campaign is one time that a flow goes through its audience.
type Campaign struct {
	ID      string `json:"id"`
	Flow    string `json:"flow"`
	Version string `json:"version"`
	Status  string `json:"status"` // waiting, freezing, starting, started, finished, paused, held, cancelled, failed or skipped
	Reason  string `json:"reason,omitempty"`
	Due     Time   `json:"due"`
	Begun   Time   `json:"begun"`
	Local   bool   `json:"local,omitempty"` // it comes to each person by their own clock

	Audience int               `json:"audience"` // rows, including those that cannot be read
	Taken    int               `json:"taken"`    // rows
	Live     int               `json:"live"`     // runs
	Outcomes map[string]uint64 `json:"outcomes"` // of the rows: they add up to Audience
	BadRows  []BadRow          `json:"bad_rows,omitempty"`

	Missed int  `json:"missed,omitempty"` // times that a skipped one stands for
	Until  Time `json:"until,omitzero"`   // when the last of those was due
}

// CampaignDetail is one campaign with what a list does not say.
type CampaignDetail struct {
	Campaign
	Started CampaignStarted   `json:"started"`
	Actions []CampaignAction  `json:"actions"`                // what operators did with it after that, oldest first
	More    bool              `json:"more_actions,omitempty"` // there may be later ones, in the audit trail
	Pace    *CampaignPace     `json:"pace,omitempty"`         // while rows are taken
	Wave    []CampaignHour    `json:"wave,omitempty"`         // of a local campaign: the rows taken that begin in each hour, by where their people lived then
	LeftOut []CampaignLeftOut `json:"left_out"`               // why people got no run, by reason
}

// CampaignStarted is who started a campaign.
type CampaignStarted struct {
	How   string `json:"how"`             // schedule, event or operator
	By    string `json:"by,omitempty"`    // name of the operator's token
	Event string `json:"event,omitempty"` // type of the event
	At    Time   `json:"at"`
}

// CampaignAction is what an operator did with a campaign.
type CampaignAction struct {
	At     Time   `json:"at"`
	By     string `json:"by"`  // name of the token
	Did    string `json:"did"` // pause, resume or cancel campaign
	Reason string `json:"reason,omitempty"`
}

// CampaignPace is how fast rows are taken.
type CampaignPace struct {
	Rate      string  `json:"rate,omitempty"` // of the schedule; empty: as fast as messages leave
	PerMinute float64 `json:"per_minute"`     // since it began
	Ends      Time    `json:"ends,omitzero"`  // when the last row is taken at this pace
}

// CampaignHour is how many people begin in an hour.
type CampaignHour struct {
	From   Time `json:"from"`
	People int  `json:"people"`
}

// CampaignLeftOut is why people got no run.
type CampaignLeftOut struct {
	Reason   string   `json:"reason"`
	Rows     int      `json:"rows"`
	Examples []string `json:"examples"` // profiles, the first of them; those who were forgotten are not named
}

// Open reports whether the campaign still takes people, or will once it is resumed.
func (c *Campaign) Open() bool {
	return c.Status == "waiting" || c.Status == "freezing" || c.Status == "starting" || c.Status == "paused"
}

// BadRow is a row of an audience that cannot be read.
type BadRow struct {
	Line int    `json:"line"` // of the file, from 1; of pages, the number of the row
	What string `json:"what"`
}

// CampaignQuery selects campaigns. Empty fields select nothing away.
type CampaignQuery struct {
	Flow   string
	Before string // a campaign: only those before it; Next of a page
	Limit  int    // campaigns on a page, at most 500; 0: 50
}

// CampaignPage is one page of campaigns, newest first.
type CampaignPage struct {
	Campaigns []Campaign `json:"campaigns"`
	Next      string     `json:"next,omitempty"` // Before of the next page; empty on the last one
}

// Campaigns lists campaigns, newest first.
func (c *Client) Campaigns(ctx context.Context, q CampaignQuery) (*CampaignPage, error) {
	page := &CampaignPage{Campaigns: []Campaign{}}
	return page, c.get(ctx, "/v1/campaigns", parameters(q.Limit, "flow", q.Flow, "before", q.Before), page)
}

func campaignPath(id string) string { return "/v1/campaigns/" + segment(id) }

// Campaign returns a campaign as it stands.
func (c *Client) Campaign(ctx context.Context, id string) (*Campaign, error) {
	campaign := &Campaign{}
	return campaign, c.get(ctx, campaignPath(id), nil, campaign)
}

// CampaignDetail returns a campaign with who started it, its pace, its wave and whom it left out.
func (c *Client) CampaignDetail(ctx context.Context, id string) (*CampaignDetail, error) {
	campaign := &CampaignDetail{}
	return campaign, c.get(ctx, campaignPath(id), nil, campaign)
}

// CampaignStart says which campaign to start.
type CampaignStart struct {
	Flow  string `json:"flow"`
	ID    string `json:"id,omitempty"`    // makes it safe to start again: the same ID starts no second one
	Again bool   `json:"again,omitempty"` // start although a campaign of the flow is under way
}

// StartCampaign starts a campaign of a flow now, whatever its schedule says. While a campaign
// of the flow is under way that is a [*Problem] of the kind [KindUnderWay], which names the
// campaign, unless Again is set.
func (c *Client) StartCampaign(ctx context.Context, start CampaignStart) (*Campaign, error) {
	campaign := &Campaign{}
	return campaign, c.sendOnce(ctx, "/v1/campaigns", &start.ID, &start, campaign)
}

// PauseCampaign takes no more people into a campaign. The reason is shown with it and may be
// empty.
func (c *Client) PauseCampaign(ctx context.Context, id, reason string) (*Campaign, error) {
	return c.steer(ctx, id, "pause", steering{Reason: reason})
}

// ResumeCampaign lets a campaign go on that is paused or held.
func (c *Client) ResumeCampaign(ctx context.Context, id string) (*Campaign, error) {
	return c.steer(ctx, id, "resume", steering{})
}

// CancelCampaign takes no more people into a campaign, for good. With endRuns it also ends
// the runs that are live.
func (c *Client) CancelCampaign(ctx context.Context, id, reason string, endRuns bool) (*Campaign, error) {
	return c.steer(ctx, id, "cancel", steering{Reason: reason, EndRuns: endRuns})
}

type steering struct {
	Reason  string `json:"reason"`
	EndRuns bool   `json:"end_runs,omitempty"`
}

func (c *Client) steer(ctx context.Context, id, verb string, body steering) (*Campaign, error) {
	campaign := &Campaign{}
	return campaign, c.send(ctx, http.MethodPost, campaignPath(id)+"/"+verb, body, campaign)
}

// Preview is what a campaign would do if it started now.
type Preview struct {
	Flow     string              `json:"flow"`
	Version  string              `json:"version"`
	Rows     int                 `json:"rows"` // that can be read
	Bad      int                 `json:"bad"`  // that cannot
	BadRows  []BadRow            `json:"bad_rows,omitempty"`
	Tried    int                 `json:"tried"`           // rows that were looked at: the first 10,000, or 200,000 by a job
	Outcomes map[string]int      `json:"outcomes"`        // of the rows tried
	Samples  []Sample            `json:"samples"`         // of the messages: one of each locale and of each set of absent values, the most frequent first
	Examples map[string][]string `json:"examples"`        // of the rows tried that send nothing at once: profiles by outcome, the first of each
	Takes    string              `json:"takes,omitempty"` // how long the flow's rate makes all rows take
	Forecast []Forecast          `json:"forecast"`        // when the messages of the rows tried go out
	Last     Time                `json:"last,omitzero"`   // when the last of them goes out; zero: none does
}

// Sample is one message as its person would read it. It stands for all messages of its kind.
type Sample struct {
	Profile  string   `json:"profile"`
	Step     string   `json:"step"`
	Locale   string   `json:"locale,omitempty"` // of the person; empty: none is known
	Absent   []string `json:"absent"`           // the values that the text reads and that are not there
	Messages int      `json:"messages"`         // of this kind, among those that go out at once
	Text     string   `json:"text"`
}

// Forecast is how many messages go out in a part of the time.
type Forecast struct {
	From      Time    `json:"from"`
	Messages  int     `json:"messages"`
	PerMinute float64 `json:"per_minute"`
}

// CampaignPreview says which campaign to preview.
type CampaignPreview struct {
	Flow string          `json:"flow"`
	Data json.RawMessage `json:"data,omitempty"` // of the event that starts it for its audience; nil for a schedule
}

// PreviewCampaign says what a campaign of a flow would do. It keeps nothing and sends nothing.
func (c *Client) PreviewCampaign(ctx context.Context, what CampaignPreview) (*Preview, error) {
	p := &Preview{}
	return p, c.send(ctx, http.MethodPost, "/v1/campaigns/preview", what, p)
}

// StartPreview begins a job that says what a campaign of a flow would do. It tries more rows than [Client.PreviewCampaign].
// The result of the job is a [Preview]. It is sent once, without a key: a second one would be a second job.
func (c *Client) StartPreview(ctx context.Context, what CampaignPreview) (*Job, error) {
	job := &Job{}
	raw, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	return job, c.attempts(ctx, false, call{method: http.MethodPost, path: "/v1/campaigns/previews", body: raw}, job)
}
