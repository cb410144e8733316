package server

import (
	"net/http"
	"strings"

	"nudge/store"
)

// peopleRoutes are about finding people, and about one person's story.
func (s *Server) peopleRoutes() []route {
	return []route{
		{"GET /v1/profiles", ScopeRead, s.listProfiles, operation{
			id: "listProfiles", topic: "People", does: "List people, and find them",
			more: "Shorter IDs first, and those of one length in order; people who are found by a field in the order of their IDs. A page looks at 2,000 profiles at most, so it may be short or empty and " +
				"still have a next one. A token without the scope operate finds nobody by a private field, and its if sees none.",
			query: []parameter{
				{name: "prefix", does: "of the ID", example: "ann"},
				{name: "field", does: "a field that profile in nudge.yaml marks search, and its exact value, with = between them", example: "city=Rome"},
				{name: "if", does: "a condition, as an audience of stored profiles has one; people for whom it cannot be evaluated are left out", example: `profile.plan == "pro"`},
				{name: "after", does: "the ID behind which the page begins: next of the page before", example: "ann"},
				pages("")[1],
			},
			gives: ok(profilePage{}, "a page of people"), fails: []int{400, 403},
		}},
		{"GET /v1/profiles/{id}/history", ScopeRead, s.getHistory, operation{
			id: "showHistory", topic: "People", does: "Show what happened to a person, across all flows",
			more: "Newest first. A page has the lines of whole runs, in the order of their ends, with live runs on the first page; so a line of a run that lasted long may be older than the first of the next page. " +
				"Events, replies and calls that started nothing stand there with what became of them, as long as the journal has them; those that a run took are among its lines. " +
				"Changes of opt-outs stand there, and campaigns that left the person out. So do events that name the person and were refused, as long as they are kept.",
			query: []parameter{
				{name: "kind", does: "only lines of these kinds, with commas between them: " + strings.Join(historyKinds, ", "), example: "event,message"},
				{name: "before", does: "where the page begins: next of the page before", example: "0000019cae3b1f000000000000000007"},
				{name: "limit", does: "how many runs and single inputs at most, besides live runs; 50 without it", example: 20, least: 1, most: store.MaxHistory},
			},
			gives: ok(historyPage{}, "a page of lines"), fails: []int{400},
		}},
	}
}

// personRoutes answer questions about one person, and change many.
func (s *Server) personRoutes() []route {
	return []route{
		{"GET /v1/profiles/{id}/standing", ScopeRead, s.getStanding, operation{
			id: "showStanding", topic: "People", does: "Show what may be sent to a person, and what comes next",
			more:  "By category: whether they opted out, since when and how, how far caps are used, and their hours; their local time; and what their live runs wait for.",
			gives: ok(Standing{}, "what they may get now"),
		}},
		{"GET /v1/profiles/{id}/explain", ScopeRead, s.getExplanation, operation{
			id: "explainProfile", topic: "People", does: "Explain why a person did or did not get something",
			more: "Of a flow, or of one campaign. The answer comes from the person's history: it reads 500 runs and single inputs at most, and says how far it looked back. " +
				"Lines have the conditions that decided, whether they were true, and the values that they saw. A value that may have changed since stands under unknown: what was known of the person at the time is " +
				"not kept, nor is the condition of a trigger that was deployed anew since; nudge explain replays the journal for them.",
			query: []parameter{
				{name: "flow", does: "whose messages are asked about", example: "order_shipped"},
				{name: "campaign", does: "the campaign that is asked about, in place of a flow", example: aCampaign},
			},
			gives: ok(Explanation{}, "the answer in a sentence, and the lines it follows from"), fails: []int{400, 404},
		}},
		{"GET /v1/profiles/{id}/export", ScopeOperate, s.exportProfile, operation{
			id: "exportProfile", topic: "People", does: "Export everything about a person",
			more: "For a request by which somebody wants to know what is stored of them: what is known, their runs, and every input of the journal, entry of the audit trail, notice, job and proposal of a deploy that names them. " +
				"It reads the whole journal, and waits until no other export is under way. It leaves an entry in the audit trail. Without its last line, end, it is not complete.",
			gives: []answer{{http.StatusOK, mediaLines, []any{exportLine{}}, "a line for each record"}}, fails: []int{429, 503},
		}},
		{"POST /v1/profiles/{id}/reveal", ScopeOperate, s.reveal, operation{
			id: "revealProfile", topic: "People", does: "Show what is private of a person, and note it",
			more: "For a program that shows people to somebody: it reads everything with the header `Nudge-Private: mask`, as the console does, and asks for this when somebody wants to see more. " +
				"It leaves an entry in the audit trail with the names of the private fields, also of the person's newest runs and events, and never the values.",
			bare: true, takes: body(revealRequest{}, maxCommandBody, `{"reason": "she called and asks which address we have"}`), gives: ok(Revealed{}, "what is known of them, with nothing masked"),
			fails: []int{400, 429, 503}, keyless: true,
		}},
		{"POST /v1/profiles/opt-out", ScopeOperate, s.optOutPeople, operation{
			id: "optOutProfiles", topic: "People", does: "Opt many people out",
			more: "A list of at most 1,000 people, or lines of any number. Each person is answered by themselves, and each change leaves an entry in the audit trail. Sent twice it changes nothing more.",
			takes: []content{
				{media: mediaJSON, types: []any{optOutRequest{}}, most: maxOptOutBody, example: `{"profiles": ["ann", "bob"], "categories": ["news"]}`},
				{media: mediaLines, types: []any{optOutLine{}}, line: true, most: maxLine, example: `{"id": "ann", "categories": ["news"]}`},
			},
			gives: []answer{
				{http.StatusOK, mediaJSON, []any{optOutAnswers{}}, "an answer to each person, in order"},
				{http.StatusOK, mediaLines, []any{lineAnswer{}}, "an answer to each line, in order"},
			},
			fails: []int{400, 429, 503}, keyless: true,
		}},
		{"POST /v1/profiles/opt-in", ScopeOperate, s.optInPeople, operation{
			id: "optInProfiles", topic: "People", does: "Opt many people in again",
			more: "A list of at most 1,000 people, or lines of any number. Each person is answered by themselves, and each change leaves an entry in the audit trail. Sent twice it changes nothing more. Who opted out of all is in again only with all.",
			takes: []content{
				{media: mediaJSON, types: []any{optOutRequest{}}, most: maxOptOutBody, example: `{"profiles": ["ann", "bob"], "categories": ["news"]}`},
				{media: mediaLines, types: []any{optOutLine{}}, line: true, most: maxLine, example: `{"id": "ann", "categories": ["news"]}`},
			},
			gives: []answer{
				{http.StatusOK, mediaJSON, []any{optOutAnswers{}}, "an answer to each person, in order"},
				{http.StatusOK, mediaLines, []any{lineAnswer{}}, "an answer to each line, in order"},
			},
			fails: []int{400, 429, 503}, keyless: true,
		}},
	}
}
