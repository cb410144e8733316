package server

import "net/http"

const aProject = `{"note": "a shorter text", "files": [{"name": "nudge.yaml", "text": "project: shop"}, {"name": "flows/hello.yaml", "text": "flow: hello …"}]}`

// reviews is a job that finds something out about a proposal.
func reviews(id, does, more string, takes []content) operation {
	return operation{
		id: id, first: true, topic: "Deploys", does: does, more: more + " It is a job; what it finds out is kept with the proposal, and asked for again while it is under way it is done once.",
		bare: takes != nil, takes: takes, gives: []answer{{http.StatusAccepted, mediaJSON, []any{Job{}}, "the job"}}, fails: []int{400, 404, 409, 429, 501, 503}, keyless: true,
	}
}

// deployRoutes are about proposals and the history of deploys.
func (s *Server) deployRoutes() []route {
	return []route{
		{"GET /v1/deploys", ScopeRead, s.listDeploys, operation{
			id: "listDeploys", topic: "Deploys", does: "List proposals and deploys", more: "Newest first: who proposed, approved, withdrew or deployed what, and when. They are kept for 400 days.",
			query: pages("12-1041"), gives: ok(deployPage{}, "a page of proposals and of deploys without one"), fails: []int{400},
		}},
		{"POST /v1/deploys", ScopeAuthor, s.proposeDeploy, operation{
			id: "proposeDeploy", first: true, topic: "Deploys", does: "Propose a project", more: "It is checked and kept, and changes nothing until somebody approves it. What the same token proposes twice is one proposal, while it is open.",
			takes: body(proposal{}, maxProjectBody, aProject),
			gives: []answer{{http.StatusCreated, mediaJSON, []any{Deploy{}}, "the proposal"}}, fails: []int{400, 409, 422, 429, 503}, keyless: true,
		}},
		{"GET /v1/deploys/{id}", ScopeRead, s.showDeploy, operation{
			id: "showDeploy", topic: "Deploys", does: "Show a proposal", more: "It is stale if another deploy has changed a flow that it would change; overtaken names those flows.",
			gives: ok(Deploy{}, "the proposal"), fails: []int{404},
		}},
		{"GET /v1/deploys/{id}/files", ScopeRead, s.getProposedFiles, operation{
			id: "showProposedFiles", topic: "Deploys", does: "Show the files of a proposal", more: "Those that were proposed are kept while it is open. Those of the flows that were active then come without nudge.yaml.",
			query: []parameter{{name: "of", does: "which files; proposed without it", example: filesActive, words: []string{filesProposed, filesActive}}},
			gives: ok(proposedFiles{}, "the files"), fails: []int{400, 404, 409},
		}},
		{"POST /v1/deploys/{id}/approve", ScopeAuthor, s.approveDeploy, operation{
			id: "approveDeploy", first: true, topic: "Deploys", does: "Approve a proposal", more: "Its flows become the active ones, as by a deploy. A stale one is refused with 409, and has to be proposed again. " +
				"With deploys: { second_person: true } in nudge.yaml of the server, nobody approves an own proposal. With expect it is also refused if it would move or end over a tenth more runs than that.",
			bare: true, takes: body(approval{}, maxCommandBody, `{"expect": 1204}`), gives: ok(Deploy{}, "the proposal, which is deployed"), fails: []int{400, 404, 409, 429, 503}, keyless: true,
		}},
		{"POST /v1/deploys/{id}/withdraw", ScopeAuthor, s.withdrawDeploy, operation{
			id: "withdrawDeploy", first: true, topic: "Deploys", does: "Withdraw a proposal", more: "It will not be deployed. Everybody who may propose may withdraw.",
			gives: ok(Deploy{}, "the proposal, which is withdrawn"), fails: []int{400, 404, 409, 429, 503}, keyless: true,
		}},
		{"POST /v1/deploys/{id}/plan", ScopeAuthor, s.planProposal, reviews("planProposal", "Find out what a proposal does to people in flows", "Who would move to other versions or end, and what is still ahead of them.", nil)},
		{"POST /v1/deploys/{id}/backtest", ScopeAuthor, s.backtestProposal, reviews("backtestProposal", "Find out what a proposal would have sent",
			"The inputs of the last days are played again, with the active flows and with the proposed ones. A journal of more than 100,000 inputs is too long for that beside the work of a server.", body(backtestRequest{}, maxCommandBody, `{"days": 7}`))},
		{"POST /v1/deploys/{id}/prove", ScopeAuthor, s.proveProposal, reviews("proveProposal", "Find out what a proposal can do", "Which promises the proposed flows can break, and which bounds are other ones than those of the active flows.", nil)},
		{"POST /v1/deploys/{id}/watch", ScopeAuthor, s.watchDeploy, operation{
			id: "watchDeploy", first: true, topic: "Deploys", does: "Watch a proposal", more: "It is backtested at once and then each hour, until it is decided, stale, or 14 days have passed. Each backtest is a job of its own, one at a time. " +
				"Asked for again it goes on for 14 days from then.",
			bare: true, takes: body(backtestRequest{}, maxCommandBody, `{"days": 7}`), gives: ok(Deploy{}, "the proposal, which is watched"), fails: []int{400, 404, 409, 429, 501, 503}, keyless: true,
		}},
		{"POST /v1/deploys/{id}/unwatch", ScopeAuthor, s.unwatchDeploy, operation{
			id: "unwatchDeploy", first: true, topic: "Deploys", does: "Stop watching a proposal", more: "A backtest that is under way goes on to its end.",
			gives: ok(Deploy{}, "the proposal, which is not watched"), fails: []int{400, 404, 409, 429, 501, 503}, keyless: true,
		}},
	}
}
