package server

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
	}
}
