package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nudge/docs"
	"nudge/engine"
	"nudge/store"
	"nudge/whatif/plan"
	"nudge/whatif/preview"
)

// route is one pattern of the API, its handler, and what its page says.
type route struct {
	pattern string // of [http.ServeMux], with its method
	scope   Scope  // that a token needs; empty for a webhook, which has a signature
	handle  http.HandlerFunc
	about   operation
}

// operation describes a route: docs/openapi.json and docs/api.md are made of it, of the types it names and
// of their comments. TestOpenAPI holds that they are up to date, and TestDocument that the handlers do what it says.
type operation struct {
	id      string // the name of the operation
	topic   string // of the page
	does    string // in a sentence, without a full stop
	more    string // sentences
	query   []parameter
	takes   []content
	gives   []answer
	fails   []int // statuses of problems, besides those that every route has
	bare    bool  // it may have no body
	keyless bool  // it takes no Idempotency-Key, though it changes something
	traced  bool  // the runs that it starts keep its trace
	first   bool  // the node with the first partition answers it, whichever has the request
}

// parameter is one of a query.
type parameter struct {
	name, does string
	example    any      // of its type
	least      int      // of a number
	most       int      // of a number
	words      []string // the values that it can have; none: any
}

// content is a body of a request.
type content struct {
	media   string
	types   []any // zero values; a body is of one of them
	line    bool  // each line is one
	most    int   // bytes, of a line where each line is one
	example string
}

// answer is a successful answer.
type answer struct {
	status int
	media  string
	types  []any // a body, or each line of it, is of one of them
	does   string
}

const (
	mediaJSON  = "application/json"
	mediaLines = "application/x-ndjson"
	mediaText  = "text/plain"
)

// profileFields are what is known of a person: any fields, beside id and opt_outs.
type profileFields struct {
	ID      string   `json:"id,omitempty"`       // if it is there, the one of the path
	OptOuts []string `json:"opt_outs,omitempty"` // categories whose messages the person does not want, or all
}

// profileLine is a person in a stream: any fields, beside id and opt_outs.
type profileLine struct {
	ID      string   `json:"id"`
	OptOuts []string `json:"opt_outs,omitempty"` // categories whose messages the person does not want, or all
}

// profileShown is a person: any fields, beside id and opt_outs.
type profileShown struct {
	ID      string   `json:"id"`
	OptOuts []string `json:"opt_outs"` // categories whose messages the person does not want, or all
}

// body is a request of one JSON value.
func body(of any, most int, example string) []content {
	return []content{{media: mediaJSON, types: []any{of}, most: most, example: example}}
}

// ok is an answer of one JSON value.
func ok(of any, does string) []answer { return []answer{{http.StatusOK, mediaJSON, []any{of}, does}} }

// pages are the parameters of a list.
func pages(of string) []parameter {
	return []parameter{
		{name: "before", does: "the ID where the page begins: next of the page before", example: of},
		{name: "limit", does: "how many at most; 50 without it", example: 20, least: 1, most: store.MaxPage},
	}
}

// lookParameter bounds what is read for a page.
func lookParameter(of string) parameter {
	return parameter{name: "look", does: "how many " + of + " to look at for the page at most", example: 200, least: 1, most: store.MaxLook}
}

const (
	aRun      = "01JD0Q7V6T3M5R8W9X0Y1Z2A3B"
	aCampaign = "sale@2026-11-30T09:00:00.000Z"
)

// metricsRoute is the pattern of the metrics.
const metricsRoute = "GET /metrics"

// routes are those of the API. Every POST, PUT and PATCH among them takes an Idempotency-Key,
// which TestIdempotencyKey holds.
func (s *Server) routes() []route {
	all := slices.Concat(s.eventRoutes(), s.profileRoutes(), s.runRoutes(), s.flowRoutes(), s.countRoutes(), s.campaignRoutes(), s.jobRoutes(), s.operationRoutes(), s.peopleRoutes(), s.deployRoutes(), s.bulkRoutes(), s.templateRoutes(), s.storyRoutes(), s.devRoutes(), s.healthRoutes(), s.personRoutes(), s.arrivalRoutes(), s.tokenRoutes(), s.clusterRoutes())
	if s.config.Registry != nil {
		metrics := promhttp.HandlerFor(s.config.Registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
		all = append(all, route{metricsRoute, ScopeRead, metrics.ServeHTTP, operation{
			id: "showMetrics", topic: "Operations", does: "Show the metrics", more: "In the text format of Prometheus.",
			gives: []answer{{http.StatusOK, mediaText, nil, "the metrics"}},
		}})
	}
	return all
}

// eventRoutes are those that programs send to.
func (s *Server) eventRoutes() []route {
	return []route{
		{"POST /v1/events", ScopeEvents, s.postEvents, operation{
			id: "sendEvents", topic: "Events", does: "Send events",
			more: "One event, an array of at most 1,000 of which all or none are taken (with `partitions`, all or none of those that one partition has; then each event has its own answer, and one that was refused says so in `refused`), or lines of which each is answered by itself. An event that is answered with 200 is on disk. " +
				"Send one again with the same id, and it is answered as it was. CloudEvents 1.0 are taken as well: one, a batch, or one " +
				"with its attributes in headers (ce-specversion, ce-id, ce-source, ce-type, ce-subject). The person is its subject, and its id is the source and the id with a space between them. " +
				"The runs that an event starts keep its trace: that of its own traceparent, as a CloudEvent may have one, or of the request's, except in lines.",
			traced: true,
			takes: []content{
				{media: mediaJSON, types: []any{event{}, []event{}}, most: maxEventsBody, example: `{"id": "e1", "type": "order.shipped", "profile": "ann", "data": {"order_id": "7"}}`},
				{media: mediaLines, types: []any{event{}}, line: true, most: maxLine, example: `{"type": "order.shipped", "profile": "ann", "data": {"order_id": "7"}}`},
				{media: mediaCloudEvent, types: []any{cloudEvent{}}, most: maxEventsBody, example: `{"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.shipped", "subject": "ann", "data": {"order_id": "7"}}`},
				{media: mediaCloudEvents, types: []any{[]cloudEvent{}}, most: maxEventsBody, example: `[{"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.shipped", "subject": "ann", "data": {"order_id": "7"}}]`},
			},
			gives: []answer{
				{http.StatusOK, mediaJSON, []any{engine.Answer{}, answerList{}}, "what the event led to, or the events of an array"},
				{http.StatusOK, mediaLines, []any{lineAnswer{}}, "an answer to each line, in order"},
			},
			fails: []int{400, 409, 422, 429, 503},
		}},
	}
}

// profileRoutes are about people.
func (s *Server) profileRoutes() []route {
	return []route{
		{"POST /v1/profiles", ScopeOperate, s.postProfiles, operation{
			id: "importProfiles", topic: "People", does: "Import people", more: "A profile on each line. Each is merged into what is known, as PATCH does; so the lines may be sent again.",
			takes: []content{{media: mediaLines, types: []any{profileLine{}}, line: true, most: maxLine, example: `{"id": "ann", "first_name": "Ann", "timezone": "Europe/London"}`}},
			gives: []answer{{http.StatusOK, mediaLines, []any{lineAnswer{}}, "an answer to each line, in order"}},
			fails: []int{400, 429, 500, 503}, keyless: true,
		}},
		{"GET /v1/profiles/{id}", ScopeRead, s.getProfile, operation{
			id: "showProfile", topic: "People", does: "Show what is known of a person", gives: ok(profileShown{}, "what is known"), fails: []int{404},
		}},
		{"PUT /v1/profiles/{id}", ScopeOperate, s.putProfile, operation{
			id: "replaceProfile", topic: "People", does: "Replace what is known of a person", more: "Fields that the request does not have are removed, opt_outs too.",
			takes: body(profileFields{}, maxProfileBody, `{"first_name": "Ann", "timezone": "Europe/London", "opt_outs": ["news"]}`), gives: ok(profileShown{}, "what is known now"),
			fails: []int{400, 409, 422, 429, 503},
		}},
		{"PATCH /v1/profiles/{id}", ScopeOperate, s.patchProfile, operation{
			id: "changeProfile", topic: "People", does: "Change what is known of a person", more: "Fields that the request does not have stay; null removes one.",
			takes: append(body(profileFields{}, maxProfileBody, `{"plan": "pro", "opt_outs": ["news"]}`),
				content{media: "application/merge-patch+json", types: []any{profileFields{}}, most: maxProfileBody, example: `{"plan": null}`}),
			gives: ok(profileShown{}, "what is known now"),
			fails: []int{400, 409, 422, 429, 503},
		}},
		{"DELETE /v1/profiles/{id}", ScopeOperate, s.forgetProfile, operation{
			id: "forgetProfile", topic: "People", does: "Forget a person", more: "Their runs end, and everything that names them is erased, the journal included.",
			gives: ok(engine.Answer{}, "the person is forgotten"), fails: []int{400, 409, 429, 503},
		}},
	}
}

// runRoutes are about runs.
func (s *Server) runRoutes() []route {
	return []route{
		{"GET /v1/runs", ScopeRead, s.listRuns, operation{
			id: "listRuns", topic: "Runs", does: "List runs", more: "Newest first. A page looks at 20,000 runs at most, and says at which it stopped: next goes on there. Those of a person, of a campaign and of a group of failures, and live ones with a key, are found without a look at others.",
			query: slices.Concat(filterParameters(), []parameter{lookParameter("runs"), {name: "quarantined", does: "those whose record was damaged; only before and limit go with it", example: true}}, pages(aRun)),
			gives: ok(runPage{}, "a page of runs, without their messages and timelines"), fails: []int{400},
		}},
		{"GET /v1/runs/failures", ScopeRead, s.listFailures, operation{
			id: "listFailures", topic: "Runs", does: "List what went wrong", more: "Failed and quarantined runs, and messages that failed, expired or were too late, in groups by reason and place, those whose newest run started last first. " +
				"What the rules hold back is no failure: opted_out, capped, outbound.",
			query: []parameter{
				{name: "flow", does: "of this flow", example: "order_shipped"},
				{name: "version", does: "of this version of it", example: "0a1b2c3d4e5f6071"},
				{name: "status", does: "failed, quarantined, expired or unsent", example: "failed"},
				{name: "limit", does: "how many groups at most; 100 without it", example: 20, least: 1, most: store.MaxPage},
				lookParameter("groups"),
			},
			gives: ok(failureList{}, "the groups"), fails: []int{400},
		}},
		{"GET /v1/runs/{id}", ScopeRead, s.showRun, operation{
			id: "showRun", topic: "Runs", does: "Show a run", more: "With its data, its messages and its timeline. Of one that lives: each line that it looks out for, when it is due and what would follow. " +
				"Texts of messages are rendered again, and a condition of the past shows what cannot have changed since.",
			gives: ok(Run{}, "the run"), fails: []int{404, 503},
		}},
		{"POST /v1/runs/{id}/retry", ScopeOperate, s.retryRun, operation{
			id: "retryRun", topic: "Runs", does: "Try a failed run again", more: "It goes on at the step at which it failed, or at the send whose message failed or expired, in the active version of its flow: by a migration of " +
				"this version for the step, or else at the step with the same id. A message keeps its number. An attempt that may have gone out is not made again.",
			bare: true, takes: body(cancelRequest{}, maxCommandBody, `{"reason": "the template is fixed"}`), gives: ok(engine.Answer{}, "the run goes on"),
			fails: []int{400, 404, 409, 429, 503},
		}},
		{"POST /v1/runs/{id}/cancel", ScopeOperate, s.cancelRun, operation{
			id: "cancelRun", topic: "Runs", does: "Cancel a run", more: "It ends now, and nothing more goes out for it.",
			bare: true, takes: body(cancelRequest{}, maxCommandBody, `{"reason": "the order was returned"}`), gives: ok(engine.Answer{}, "the run has ended"),
			fails: []int{400, 404, 409, 429, 503},
		}},
	}
}

// countRoutes are about what became of runs.
func (s *Server) countRoutes() []route {
	return []route{
		{"GET /v1/flows/{flow}/counts", ScopeRead, s.getCounts, operation{
			id: "countFlow", topic: "Flows", does: "Count what became of the runs of a flow",
			more: "Of those that started in a span: where they are, which lines, arms and exits they took, what became of the messages of each send, and how the arms of a split differ. " +
				"Started and moved_in together are always here, ended, moved_out and left_out together. Starts are counted by hour for 14 days, and by day for 400; a span of more than 120 days is answered by month.",
			query: []parameter{
				{name: "version", does: "of this version; without it of the active one", example: "3f1376086c6c2f22"},
				{name: "since", does: "starts from then on: a time, a duration before now such as 14d, or all; 14d without it. The hour that it is in is counted whole, and the day before the last 14", example: "14d"},
				{name: "until", does: "starts before then, likewise; all without it", example: "2026-11-30T00:00:00Z"},
			},
			gives: ok(FlowCounts{}, "the counts"), fails: []int{400, 404},
		}},
		{"GET /v1/counts", ScopeRead, s.listCounts, operation{
			id: "countFlows", topic: "Flows", does: "Count where everybody is",
			more: "Of those who started in the last 14 days, for each active flow, on all of its versions. What countFlow says of one flow is more, and takes more reading.",
			query: []parameter{
				{name: "after", does: "the flow behind which the page begins: next of the page before", example: "order_shipped"},
				{name: "limit", does: "how many flows at most; 50 without it", example: 20, least: 1, most: mostFlowSums},
			},
			gives: ok(flowSumsPage{}, "a page of flows"), fails: []int{400},
		}},
	}
}

// flowRoutes are about flows.
func (s *Server) flowRoutes() []route {
	return []route{
		{"GET /v1/flows", ScopeRead, s.listFlows, operation{
			id: "listFlows", topic: "Flows", does: "List flows", more: "Every version that is active or has runs, with its numbers.", gives: ok(flowList{}, "the versions"),
		}},
		{"GET /v1/flows/{flow}", ScopeRead, s.showFlow, operation{
			id: "showFlow", topic: "Flows", does: "Show a flow",
			more:  "Its steps in order, lines, arms, exits, outcomes, the events that it names, the files that it was made of, and its versions with when each was active.",
			query: []parameter{{name: "version", does: "of this version; without it of the active one", example: "3f1376086c6c2f22"}},
			gives: ok(FlowDetail{}, "the flow"), fails: []int{400, 404},
		}},
		{"GET /v1/flows/{flow}/drawing", ScopeRead, s.getDrawing, operation{
			id: "drawFlow", topic: "Flows", does: "Show how a flow is drawn",
			more: "The place of every box and line, in pixels, as nudge graph draws them. Each line and each end names the counts that belong to it, so that a page can put the numbers of countFlow into the drawing. " +
				"Of a flow with more than 60 boxes, a step with steps inside is one box.",
			query: []parameter{
				{name: "version", does: "of this version; without it of the active one", example: "3f1376086c6c2f22"},
				{name: "numbers", does: "leave room for numbers", example: true},
				{name: "open", does: "steps that are drawn with what is inside of them, with commas between them", example: "wait_1,branch_2"},
				{name: "since", does: "let an exit leave the steps from which runs left that started from then on, as in countFlow; without it and where none left, every step at which a run can stay", example: "14d"},
				{name: "until", does: "likewise, of runs that started before then", example: "2026-11-30T00:00:00Z"},
			},
			gives: ok(FlowDrawing{}, "the drawing"), fails: []int{400, 404},
		}},
		{"POST /v1/flows", ScopeAuthor, s.deployFlows, operation{
			id: "deployFlows", first: true, topic: "Flows", does: "Deploy a project", more: "Its flows become the active ones, all at once. A project with mistakes changes nothing, and the problem names their places. " +
				"Files other than nudge.yaml and those of flows and templates are given in base64.",
			takes: body(projectRequest{}, maxProjectBody, `{"files": [{"name": "nudge.yaml", "text": "project: shop"}, {"name": "flows/hello.yaml", "text": "flow: hello …"}]}`),
			gives: ok(Deployed{}, "the flows that are active now"), fails: []int{400, 409, 422, 429, 503},
		}},
		{"POST /v1/flows/plan", ScopeAuthor, s.planFlows, operation{
			id: "planFlows", topic: "Flows", does: "Say what a deploy would do", more: "It changes nothing.",
			takes: body(projectRequest{}, maxProjectBody, `{"files": [{"name": "nudge.yaml", "text": "project: shop"}, {"name": "flows/hello.yaml", "text": "flow: hello …"}]}`),
			gives: ok(plan.Plan{}, "what would become of each flow and of the runs"), fails: []int{400, 422}, keyless: true,
		}},
		{"POST /v1/flows/{flow}/runs", ScopeOperate, s.callFlow, operation{
			id: "callFlow", topic: "Flows", does: "Start a run of a flow", more: "For one person, without an event. The data is that of the flow.",
			takes: body(callRequest{}, maxCallBody, `{"id": "c1", "profile": "ann", "data": {"order_id": "7"}}`), gives: ok(engine.Answer{}, "the run that has started, or why none did"),
			fails: []int{400, 404, 409, 422, 429, 503}, traced: true,
		}},
	}
}

// campaignRoutes are about campaigns and schedules.
func (s *Server) campaignRoutes() []route {
	return []route{
		{"GET /v1/schedule", ScopeRead, s.listSchedule, operation{
			id: "listSchedule", topic: "Campaigns", does: "List the next starts of all schedules", more: "Soonest first. With from or to, those of a range, and the campaigns that were due in it.",
			query: []parameter{
				{name: "n", does: "how many; 10 without it, 1,000 of a range", example: 10, least: 1, most: maxUpcoming},
				{name: "from", does: "the first instant of the range", example: "2027-03-01T00:00:00Z"},
				{name: "to", does: "the instant behind the range", example: "2027-04-01T00:00:00Z"},
			},
			gives: ok(upcomingList{}, "the next starts"), fails: []int{400},
		}},
		{"GET /v1/campaigns", ScopeRead, s.listCampaigns, operation{
			id: "listCampaigns", topic: "Campaigns", does: "List campaigns", more: "Newest first.",
			query: append([]parameter{{name: "flow", does: "of this flow", example: "sale"}}, pages(aCampaign)...),
			gives: ok(campaignPage{}, "a page of campaigns"), fails: []int{400},
		}},
		{"POST /v1/campaigns", ScopeOperate, s.startCampaign, operation{
			id: "startCampaign", topic: "Campaigns", does: "Start a campaign now", more: "Of a flow with a schedule or an audience.",
			takes: body(campaignStart{}, maxCommandBody, `{"flow": "sale"}`), gives: []answer{{http.StatusCreated, mediaJSON, []any{Campaign{}}, "the campaign"}},
			fails: []int{400, 404, 409, 429, 503},
		}},
		{"POST /v1/campaigns/preview", ScopeRead, s.previewCampaign, operation{
			id: "previewCampaign", topic: "Campaigns", does: "Say what a campaign would do", more: "It reads the audience, tries its first rows and starts nothing.",
			takes: body(previewRequest{}, maxCommandBody, `{"flow": "sale"}`), gives: ok(preview.Preview{}, "rows, outcomes, samples, and when the messages would go out"),
			fails: []int{400, 404, 422, 501}, keyless: true,
		}},
		{"POST /v1/campaigns/previews", ScopeOperate, s.startPreview, operation{
			id: "startPreview", first: true, topic: "Campaigns", does: "Find out what a campaign would do",
			more:  fmt.Sprintf("A preview as a job, for a large audience: it tries the first %d rows. Once it is done, the job's result is what POST /v1/campaigns/preview answers.", preview.MaxTriedByJob),
			takes: body(previewRequest{}, maxCommandBody, `{"flow": "sale"}`), gives: []answer{{http.StatusAccepted, mediaJSON, []any{Job{}}, "the job"}},
			fails: []int{400, 404, 429, 501, 503}, keyless: true,
		}},
		{"GET /v1/campaigns/{id}", ScopeRead, s.showCampaign, operation{
			id: "showCampaign", topic: "Campaigns", does: "Show a campaign", more: "With who started it and what operators did with it, its pace, the wave of local hours, and whom it left out.", gives: ok(CampaignDetail{}, "the campaign"), fails: []int{404},
		}},
		{"POST /v1/campaigns/{id}/pause", ScopeOperate, s.steerCampaign(engine.CampaignPause), steers("pauseCampaign", "Pause a campaign", "No more of its runs start until it is resumed.")},
		{"POST /v1/campaigns/{id}/resume", ScopeOperate, s.steerCampaign(engine.CampaignResume), steers("resumeCampaign", "Resume a campaign", "It goes on where it was paused.")},
		{"POST /v1/campaigns/{id}/cancel", ScopeOperate, s.steerCampaign(engine.CampaignCancel), steers("cancelCampaign", "Cancel a campaign", "No more of its runs start, and with end_runs those that live end.")},
	}
}

// operationRoutes are for those who run the server.
func (s *Server) operationRoutes() []route {
	return []route{
		{"GET /v1/journal", ScopeRead, s.getJournal, operation{
			id: "exportJournal", topic: "Operations", does: "Export the journal", more: "A line that says whose it is, then every input from a number on, one on a line.",
			query: []parameter{
				{name: "from", does: "number of the first input; 1 without it", example: 1, least: 1},
				{name: "partition", does: "only the journal of this partition, from 0; without it, a divided installation shows the inputs of all by time, under numbers that do not rise with it", example: 0},
			},
			gives: []answer{{http.StatusOK, mediaLines, []any{JournalHead{}, engine.Journaled{}}, "the head, then the inputs"}}, fails: []int{400},
		}},
		{"GET /v1/audit", ScopeRead, s.getAudit, operation{
			id: "listAudit", topic: "Operations", does: "List who changed what", more: "Newest first. Every change of an operator or an author leaves an entry, and nobody can take one out; " +
				"they are kept as long as the journal. Of a person who was forgotten a hash stays in place of the ID, and nothing of the values; profile finds them still.",
			query: append([]parameter{
				{name: "by", does: "by the token with this name", example: "ops"},
				{name: "did", does: "what was done", example: "pause campaign"},
				{name: "on", does: "what it was done to", example: "sale"},
				{name: "profile", does: "the person whom it is about, forgotten or not", example: "ann"},
				lookParameter("entries"),
			}, pages("1041")...),
			gives: ok(auditPage{}, "a page of entries"), fails: []int{400},
		}},
		{"GET /v1/notices/failed", ScopeRead, s.listFailedNotices, operation{
			id: "listFailedNotices", topic: "Operations", does: "List the notices that an endpoint did not take", more: "Newest first. They were tried for more than three days, and are kept for 30.",
			query: pages("0000019ad0c3a2f0"), gives: ok(failedPage{}, "a page of notices"), fails: []int{400},
		}},
		{"POST /v1/notices/retry", ScopeOperate, s.retryNotices, operation{
			id: "retryNotices", topic: "Operations", does: "Try notices again", more: "Those with the given IDs, or all that an endpoint did not take. They are due at once, as if they were new.",
			takes: body(retryRequest{}, maxCommandBody, `{"endpoint": "crm"}`), gives: ok(retried{}, "how many are tried again"), fails: []int{400, 429, 503}, keyless: true,
		}},
		{"GET /v1/outbound", ScopeRead, s.getOutbound, operation{
			id: "showOutbound", topic: "Operations", does: "Show what may go out", gives: ok(outbound{}, "the mode and the kill switch"),
		}},
		{"PUT /v1/outbound", ScopeOperate, s.putOutbound, operation{
			id: "setOutbound", first: true, topic: "Operations", does: "Hold what goes out, or let it go", more: "What the request does not name stays as it is. After 200 no node claims a message any more that this holds.",
			takes: body(outbound{}, maxOutboundBody, `{"mode": "hold"}`),
			gives: []answer{{http.StatusOK, mediaJSON, []any{engine.Answer{}}, "it is set"}, {http.StatusAccepted, mediaJSON, []any{outstanding{}}, "it will be set; of several nodes not all have said so within five seconds"}},
			fails: []int{400, 409, 429, 503},
		}},
		{"POST /-/reload", ScopeAuthor, s.reload, operation{
			id: "reload", topic: "Operations", does: "Deploy the project on the server's disk", more: "As SIGHUP does. A project with mistakes changes nothing.",
			gives: ok(reloaded{}, "the flows are active"), fails: []int{400, 422, 501}, keyless: true,
		}},
		{"GET /-/store/check", ScopeOperate, s.checkStore, operation{
			id: "checkStore", topic: "Operations", does: "Check the store while it is in use", more: "It says how far it is about once a second, and what it found in the last line. Without that line it has not come to its end.",
			gives: []answer{{http.StatusOK, mediaLines, []any{checkLine{}}, "progress, then the report"}}, fails: []int{409, 501},
		}},
		{"GET /-/backup", ScopeAdmin, s.backUp, operation{
			id: "backUp", topic: "Operations", does: "Make a backup of the store while it is in use",
			more:  "All records, as they are at one instant. The end of the stream says whether it is whole: nudge store backup verifies that, and nudge store restore makes a store of it. With follow the stream goes on with everything that is written into the store, until one of both ends it.",
			query: []parameter{{name: "follow", does: "whether the stream goes on behind the backup", example: true}},
			gives: []answer{{http.StatusOK, mediaBackup, nil, "the backup"}}, fails: []int{400, 409, 429, 500, 501, 503},
		}},
		{"GET /v1/openapi.json", ScopeRead, s.getDocument, operation{
			id: "showDocument", topic: "Operations", does: "Show the description of this API", more: "In OpenAPI 3.1.", gives: ok(json.RawMessage{}, "the document"),
		}},
	}
}

// steers is a change of a campaign.
func steers(id, does, more string) operation {
	return operation{
		id: id, topic: "Campaigns", does: does, more: more, bare: true, takes: body(steering{}, maxCommandBody, `{"reason": "the offer has changed"}`), gives: ok(Campaign{}, "the campaign as it is now"),
		fails: []int{400, 404, 409, 429, 503},
	}
}

// webhookRoutes are those of the channels. The events of their providers have IDs of their own.
func (s *Server) webhookRoutes() (all []route) {
	for _, r := range s.config.Receivers {
		all = append(all, route{pattern: "POST /webhooks/" + r.Name(), handle: s.postWebhook(r)})
	}
	return all
}

// muxOf serves routes.
func (s *Server) muxOf(routes []route) *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range routes {
		if len(r.about.takes) > 0 {
			r.handle = s.ofMedia(r)
		}
		if r.scope != "" {
			r.handle = s.scoped(r)
		}
		if r.about.first && s.config.Cluster != nil {
			r.handle = s.byFirst(r.handle)
		}
		r.handle = s.traced(r)
		metrics := s.access.of(r.pattern)
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, request *http.Request) {
			recordOf(w).route = metrics
			r.handle(w, request)
		})
	}
	return mux
}

// ofMedia takes the requests whose body has a media type that the route names.
func (s *Server) ofMedia(route route) http.HandlerFunc {
	var known []string
	for _, c := range route.about.takes {
		known = append(known, c.media)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		media := mediaType(r)
		if isLines(r) {
			media = mediaLines
		}
		if r.ContentLength != 0 && !slices.Contains(known, media) {
			s.fail(w, r, problemOf(http.StatusUnsupportedMediaType, "media-type", "send "+strings.Join(known, " or ")+", not "+media))
			return
		}
		route.handle(w, r)
	}
}

// getDocument shows docs/openapi.json.
func (s *Server) getDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", mediaJSON)
	w.Write(docs.OpenAPI)
}
