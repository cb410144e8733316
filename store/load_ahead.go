package store

import "nudge/engine"

// A load of a store on another machine takes at most three trips: what the needs name, with the live runs that ranges lead to; the
// records of runs that have ended; and what belongs to the runs. Runs that are found by their campaign take one more.

// needsAhead adds what the needs name.
func needsAhead(needs *engine.Needs, add func(Want)) {
	for i := range needs.Runs {
		add(Want{Bucket: Runs, From: needs.Runs[i][:]})
	}
	for _, p := range needs.People {
		add(liveRuns(p))
		add(Want{Bucket: Profiles, From: personPrefix(p)})
	}
	for _, id := range needs.ProviderIDs {
		w := span(Sent, providerPrefix(id), providerPrefix(id))
		w.Runs = true
		add(w)
		add(Want{Bucket: Orphans, From: providerPrefix(id)})
	}
	for i := range needs.Keys {
		w := span(Keys, keyPrefix(needs.Keys[i].FlowKey), nil)
		_, w.From = keySpan(&needs.Keys[i])
		w.Runs, w.Limit = true, engine.MaxRunsPerInput+2
		add(w)
	}
	for _, m := range needs.Members {
		add(Want{Bucket: Members, From: memberKey(m)})
	}
	for i := range needs.Sweeps {
		s := &needs.Sweeps[i]
		from := memberKey(engine.MemberKey{Campaign: s.Campaign, Person: s.After})
		add(Want{Bucket: Members, From: from, To: spanEnd(Members, be(s.Campaign)), Limit: engine.MaxSweep + 2})
	}
	for _, n := range needs.Campaigns {
		add(Want{Bucket: Campaigns, From: be(n)})
	}
	for _, v := range needs.Versions {
		add(Want{Bucket: Versions, From: versionKey(v)})
	}
	for _, id := range needs.IDs {
		add(Want{Bucket: IDs, From: []byte(id)})
	}
}

// liveRuns is the want of a person's live runs.
func liveRuns(profile string) Want {
	w := span(People, personHash(profile), personHash(profile))
	w.Runs = true
	return w
}

// runsAhead reads runs, and then the records of those that have ended.
func runsAhead(r Reader, ids []engine.RunID) {
	ahead(r, func(add func(Want)) {
		for i := range ids {
			add(Want{Bucket: Runs, From: ids[i][:]})
		}
	})
	ahead(r, func(add func(Want)) {
		for i := range ids {
			if record := r.Get(Runs, ids[i][:]); isSign(record) {
				if _, to, err := follow(ids[i][:], record); err == nil {
					add(Want{Bucket: Ended, From: to})
				}
			}
		}
	})
}

// belongingsAhead reads what is read with runs: their people and campaigns, and other runs of those that are parked.
func belongingsAhead(r Reader, runs []*engine.Run) {
	ahead(r, func(add func(Want)) {
		for _, run := range runs {
			add(Want{Bucket: Profiles, From: personPrefix(run.Profile)})
			if run.Campaign != 0 {
				add(Want{Bucket: Campaigns, From: be(run.Campaign)})
			}
			if run.Status == engine.Parked {
				add(liveRuns(run.Profile))
			}
		}
	})
}
