package simtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/engine"
	"nudge/runner"
	"nudge/store"
)

// searchMarks mark fields of profiles by which people are found.
const searchMarks = "profile:\n  plan: search optional string\n  name: search optional string\n  timezone: search optional string\n"

var byOps = &engine.Actor{Name: "ops", Address: "10.0.0.7:4711"}

// watchers are systems that hear of something.
var watchers = []runner.Endpoint{{Name: "crm", Types: []engine.NoticeType{engine.NoticeCampaignFinished, engine.NoticeOptedOut}}, {Name: "bi", Types: []engine.NoticeType{engine.NoticeRunEnded}}}

// finished gives the partitions what only upkeep and the server give: refused events, notices that were given up, the index of people, and
// what is left of a person who was forgotten. It returns what all say then.
func (d *divided) finished() *readings {
	d.t.Helper()
	d.give(&engine.Input{By: byOps, Payload: &engine.Control{Outbound: engine.OutboundOnly, Only: []string{"ann", "bob"}}})
	d.give(&engine.Input{By: byOps, Payload: &engine.Note{Did: "start"}})
	d.give(&engine.Input{By: byOps, Payload: &engine.Call{Flow: "one", Profile: "bob", By: "call", Data: []byte(`{"id":"O1","total":3}`)}})
	for n := range 60 {
		x := &store.Refusal{From: "shop", Code: "shape", Type: fmt.Sprint("type ", n%3), Body: fmt.Appendf(nil, `{"n":%d}`, n)}
		part := n % len(d.parts) // where it came to
		if n%3 > 0 {
			x.Profile = everybody[n%len(everybody)]
			part = engine.PartitionOf(x.Profile, len(d.parts))
		}
		d.now = d.now.Add(time.Minute)
		x.At = engine.InstantOf(d.now)
		d.do(d.parts[part].store.NoteArrivals(nil, []*store.Refusal{x}, 0))
	}
	for _, m := range d.parts {
		due, _, err := m.store.DueNotices("bi", engine.InstantOf(d.now), 1<<20)
		d.do(err)
		var results []store.NoticeResult
		for _, n := range due {
			if diceOf(n.Profile).IntN(2) == 0 {
				results = append(results, store.NoticeResult{Notice: n, Error: "503", GaveUp: n.At.Add(time.Hour)})
			}
		}
		d.do(m.store.SettleNotices(results))
		for more := true; more; {
			more, err = m.store.IndexPeople()
			d.do(err)
		}
	}
	a := &readings{d: d, s: d.joined(), says: map[string][]string{}, times: map[string][]engine.Instant{}}
	for _, ask := range []func(){a.entries, a.runs, a.people, a.counts, a.campaigns, a.events, a.commands, a.state} {
		ask()
	}
	d.give(&engine.Input{By: byOps, Payload: &engine.ProfileChange{Profile: "bob", Forget: true}})
	for _, m := range d.parts {
		for more := true; more; {
			var err error
			more, err = m.store.Erase()
			d.do(err)
		}
	}
	a.when = "bob is forgotten: "
	for _, ask := range []func(){a.entries, a.people, a.refusals, a.commands} {
		ask()
	}
	for _, lines := range a.says {
		slices.Sort(lines)
	}
	return a
}

// do fails the test for an error.
func (d *divided) do(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// joined is the store of all partitions.
func (d *divided) joined() *store.Store {
	var parts []*store.Store
	for _, m := range d.parts {
		parts = append(parts, m.store)
	}
	return store.Join(parts)
}

// readings are what a store says when it is asked, by the question, without what may differ between installations: IDs of runs, numbers,
// and the order between people.
type readings struct {
	d    *divided
	s    *store.Store
	when string // what was done before these were read

	journal map[uint64]*engine.Journaled
	says    map[string][]string
	times   map[string][]engine.Instant // of lists that are newest first
}

// say notes one thing that the store says.
func (a *readings) say(question string, what ...any) {
	question = a.when + question
	a.says[question] = append(a.says[question], a.nameless(fmt.Sprint(what...)))
}

// timed notes the instants of the next entries of a list, newest first.
func (a *readings) timed(question string, at ...engine.Instant) {
	a.times[a.when+question] = append(a.times[a.when+question], at...)
}

func (a *readings) sayJSON(question string, what any) {
	a.d.t.Helper()
	raw, err := json.Marshal(what)
	a.d.do(err)
	a.say(question, string(raw))
}

var anyRunID = regexp.MustCompile(`\b[0-9A-HJKMNP-TV-Z]{26}\b`)

// nameless has what a run is in place of its ID.
func (a *readings) nameless(text string) string {
	return anyRunID.ReplaceAllStringFunc(text, func(id string) string {
		run, err := engine.ParseRunID(id)
		if err != nil {
			return id
		}
		name, ok := a.d.parts[0].names[run]
		if len(a.d.parts) > 1 && ok && !a.d.bare {
			name = a.d.parts[run.Partition()].names[run]
		}
		return fmt.Sprintf("%s/%s/%s at %s", name.flow, name.profile, name.key, run.Time())
	})
}

func (a *readings) run(r *engine.Run) string {
	return fmt.Sprintf("%s %s, %s, %s, %d, %s, %s, %d messages", r.ID, r.Version, r.Status, r.Outcome, r.At, r.Deadline, r.Ended, len(r.Messages))
}

func (a *readings) runs() {
	outcomes := []string{"", engine.OutcomeFailed, "done"}
	filters := map[string]store.RunFilter{"all": {}, "of a flow": {Flow: "two"}, "live": {Status: "live"}, "ended": {Status: "ended"}, "live of bob": {Profile: "bob", Status: "live"},
		"with a key": {Key: "O1"}, "live with a key": {Key: "O1", Status: "live"}, "live with a key of a flow": {Flow: "one", Key: "O0", Status: "live"}, "failed": {Outcome: outcomes[1]}, "done": {Outcome: outcomes[2]},
		"with a failed message": {MessageStatus: "failed"}, "with a read one": {MessageStatus: "read"}, "started late": {StartedFrom: engine.InstantOf(a.d.now.Add(-11 * 24 * time.Hour))},
		"started early": {StartedBefore: engine.InstantOf(a.d.now.Add(-11 * 24 * time.Hour))}, "ended late": {EndedFrom: engine.InstantOf(a.d.now.Add(-10 * 24 * time.Hour))}}
	for _, p := range everybody {
		filters["of "+p] = store.RunFilter{Profile: p}
	}
	groups, more, err := a.s.FailureGroups(store.FailureQuery{Limit: 1000, Look: 1000})
	a.d.do(err)
	a.say("FailureGroups: more", more)
	for _, g := range groups {
		a.say("FailureGroups", g.ID, " ", g.Failure.Flow, " ", g.Failure.Version, " ", g.Failure.Step, " ", g.Failure.Status, ": ", g.Runs, ", newest ", g.Newest.Started())
		a.timed("FailureGroups", g.Newest.Started())
	}
	slices.SortFunc(groups, func(x, y *store.FailureGroup) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	for _, g := range groups[:min(5, len(groups))] {
		filters["of failure "+g.ID.String()] = store.RunFilter{Failure: g.ID.String()}
	}
	for what, f := range filters {
		a.list("List "+what, f, 500)
	}
	a.list("List by pages of 3", store.RunFilter{}, 3)
	for question, selected := range map[string]func(store.RunFilter, []byte, int) (store.Selection, error){"SelectFailed": a.s.SelectFailed, "SelectLive": a.s.SelectLive} {
		for after, more := []byte(nil), true; more; more = after != nil {
			sel, err := selected(store.RunFilter{}, after, 10)
			a.d.do(err)
			for _, r := range sel.Runs {
				a.say(question, a.run(r))
			}
			after = sel.Next
		}
	}
	live, err := a.s.Live(engine.RunID{}, -1)
	a.d.do(err)
	asking, err := a.s.Asking()
	a.d.do(err)
	for _, id := range live {
		a.say("Live", id)
	}
	a.say("Asking", len(asking))
	due, next, err := a.s.Due(math.MaxInt64, 1<<20)
	a.d.do(err)
	for _, t := range due {
		a.say("Due", t.Due, " ", t.Run)
	}
	a.say("Due: next", next)
	outbox, err := a.s.Outbox(engine.OutboxRef{}, 1<<20)
	a.d.do(err)
	for _, x := range outbox {
		a.say("Outbox", x.Run, " ", x.Message, " ", x.Account, " ", x.Claimed)
	}
	has, err := a.s.HasKey(engine.FlowKey{Flow: "one", Key: "O1"})
	a.d.do(err)
	a.say("HasKey", has)
}

// list lists runs page by page.
func (a *readings) list(question string, f store.RunFilter, limit int) {
	for before, more := (engine.RunID{}), true; more; more = before != (engine.RunID{}) {
		page, err := a.s.List(store.Query{RunFilter: f, Before: before, Limit: limit})
		a.d.do(err)
		for _, r := range page.Runs {
			a.say(question, a.run(r))
			a.timed(question, r.Started())
			again, err := a.s.Run(r.ID)
			a.d.do(err)
			a.say("Run", a.run(again))
		}
		before = page.Next
	}
}

func (a *readings) people() {
	queries := map[string]store.PeopleQuery{"all": {Limit: 2}, "b": {Prefix: "b", Limit: 2}, "plan": {Field: "plan", Value: "pro", Limit: 1}, "name": {Field: "name", Value: "N"}, "zone": {Field: "timezone", Value: "Europe/London"}}
	for what, q := range queries {
		for more := true; more; more = q.After != "" {
			page, err := a.s.ListPeople(q)
			a.d.do(err)
			for _, p := range page.People {
				a.sayJSON("ListPeople "+what, []any{p.ID, p.Attributes, p.OptOuts})
			}
			a.say("ListPeople: incomplete", page.Incomplete)
			q.After = page.Next
		}
	}
	order := ""
	a.d.do(a.s.People(func(p *engine.Person) bool {
		order += p.ID + " "
		return true
	}))
	a.say("People", order)
	for _, id := range everybody {
		p, err := a.s.Person(id)
		a.d.do(err)
		if p != nil {
			a.sayJSON("Person", []any{p.ID, p.Attributes, p.OptOuts, p.Caps})
		}
		a.history(id)
	}
}

// eventsOfHistory are those that no run tells of. What an event that names somebody does for the people of other partitions is not
// known where it is in their history. So their history only has that it concerns others, whether these do something or not.
const (
	eventsOfHistory = "History: events"
	eventsOfOthers  = "History: events that concern others"
)

// history reads the history of a person page by page. Its entries of inputs lead to the journal.
func (a *readings) history(profile string) {
	for before, more := []byte(nil), true; more; more = before != nil {
		page, err := a.s.History(profile, before, 4)
		a.d.do(err)
		for _, item := range page.Items {
			if item.Run != nil {
				a.say("History: runs", a.run(item.Run))
				continue
			}
			if j := a.journal[item.Entry.Seq]; j == nil || j.Stamp != item.Entry.At || j.Input.Kind() != item.Input.Kind() {
				a.d.t.Errorf("%s: the journal has no input %d", profile, item.Entry.Seq)
			}
			question := "History: inputs"
			if item.Input.Kind() == engine.InputEvent {
				question = eventsOfHistory
				if slices.ContainsFunc(item.Entry.Decisions, func(d engine.Decision) bool { return d.Follows() }) {
					question = eventsOfOthers
				}
			}
			a.sayJSON(question, []any{profile, item.Entry.At, item.Entry.Ignored, item.Entry.Reason, item.Input.Kind().String(), item.Entry.Campaign != 0, item.Campaign != nil})
		}
		before = page.Next
	}
}

func (a *readings) counts() {
	all, err := a.s.Counts()
	a.d.do(err)
	for _, c := range all {
		a.sayJSON("Counts", c)
		v := engine.FlowVersion{Flow: c.Flow, Version: c.Version}
		of, err := a.s.CountsOf(v)
		a.d.do(err)
		a.sayJSON("CountsOf", of)
		a.d.do(a.s.FlowCounts(v, 0, math.MaxInt64, func(f *store.FlowCounts) bool {
			a.sayJSON("FlowCounts", f)
			return true
		}))
	}
	for _, flow := range []string{"one", "two", "inner"} {
		of, err := a.s.CountsOfFlow(flow)
		a.d.do(err)
		a.sayJSON("CountsOfFlow", of)
		hours, err := a.s.FlowHours(flow, 0)
		a.d.do(err)
		a.sayJSON("FlowHours", hours)
		versions, err := a.s.VersionsOf(flow)
		a.d.do(err)
		a.sayJSON("VersionsOf", versions)
		deploys, err := a.s.FlowDeploys(flow, 10)
		a.d.do(err)
		a.sayJSON("FlowDeploys", deploys)
		at, err := a.s.DeployedSince(flow)
		a.d.do(err)
		a.say("DeployedSince", at)
	}
	used, err := a.s.VersionsInUse()
	a.d.do(err)
	for _, v := range used {
		a.say("VersionsInUse", v)
	}
	stored, err := a.s.StoredVersions()
	a.d.do(err)
	for _, f := range stored {
		a.say("StoredVersions", f.Name, f.Version)
	}
}

func (a *readings) campaigns() {
	say := func(question string, c *store.CampaignProgress) {
		f := *c.Campaign
		held := f.Held(a.installation())
		f.Number, f.Installation, f.Audience, f.Offset, f.Next, f.Named = 0, engine.Installation{}, "", 0, 0, nil
		slices.SortFunc(f.Excluded, func(x, y engine.Excluded) int { return strings.Compare(x.Reason, y.Reason) })
		a.sayJSON(question, []any{f, held, c.Tally})
	}
	for _, flow := range []string{"", "one", "two", "crowd"} {
		for before, more := uint64(0), true; more; {
			page, err := a.s.ListCampaigns(flow, before, 7)
			a.d.do(err)
			for i := range page {
				c := &page[i]
				say("ListCampaigns "+flow, c)
				a.timed("ListCampaigns "+flow, c.Begun)
				before = c.Number
				again, err := a.s.CampaignOf(c.ID)
				a.d.do(err)
				say("CampaignOf", again)
				if flow == "" {
					a.list("List of a campaign", store.RunFilter{CampaignNumber: c.Number}, 500)
				}
			}
			more = len(page) == 7
		}
	}
	newest, err := a.s.NewestCampaigns(20)
	a.d.do(err)
	for _, c := range newest {
		a.say("NewestCampaigns", c.Flow, " ", c.Begun, " ", c.Status, " ", c.Walked)
	}
}

func (a *readings) installation() engine.Installation {
	state, err := a.s.State()
	a.d.do(err)
	return state.Installation
}

func (a *readings) events() {
	now := engine.InstantOf(a.d.now)
	types, err := a.s.EventTypes(now, "", 0)
	a.d.do(err)
	for _, t := range types {
		a.sayJSON("EventTypes", []any{t.Type, t.First, t.Last, t.From, t.Emitted, t.Taken, t.Profile != ""})
		sum := uint64(0)
		for _, day := range t.Days {
			for _, n := range day.VerdictCounts {
				sum += n
			}
		}
		a.say("EventTypes: by day", t.Type, " ", sum)
		one, err := a.s.EventType(t.Type, now)
		a.d.do(err)
		a.say("EventType", one.Type, " ", len(one.Days), " ", one.Totals.Arrived())
	}
	for _, endpoint := range []string{"crm", "bi"} {
		due, _, err := a.s.DueNotices(endpoint, now, 1<<20)
		a.d.do(err)
		for _, n := range due {
			a.say("DueNotices", n.Endpoint, n.Type, n.At, n.Profile, string(n.Data))
		}
	}
	for before, more := []byte(nil), true; more; more = before != nil {
		page, next, err := a.s.FailedNotices(before, 7)
		a.d.do(err)
		for _, n := range page {
			a.say("FailedNotices", n.Type, n.At, n.Profile, string(n.Data))
			a.timed("FailedNotices", n.Failed)
		}
		before = next
	}
	a.refusals()
}

func (a *readings) refusals() {
	for _, profile := range append([]string{""}, everybody...) {
		question := "Refusals"
		if profile != "" {
			question = "Refusals of " + profile
		}
		for before, more := uint64(0), true; more; more = before != 0 {
			page, next, err := a.s.Refusals(store.RefusalQuery{Profile: profile, Before: before, Limit: 7})
			a.d.do(err)
			for _, x := range page {
				a.timed(question, x.At)
				x.Number = 0
				a.sayJSON(question, x)
			}
			before = next
		}
	}
}

func (a *readings) commands() {
	for what, q := range map[string]store.AuditQuery{"all": {Limit: 3}, "of bob": {Profile: "bob", Limit: 3}, "deploys": {Did: engine.DidDeployFlows}, "changes": {Did: engine.DidChangePerson, Limit: 2}} {
		for more := true; more; more = q.Before != 0 {
			page, next, err := a.s.Audit(q)
			a.d.do(err)
			for _, e := range page {
				a.timed("Audit "+what, e.At)
				shown := *e
				shown.Seq = 0
				a.sayJSON("Audit "+what, shown)
			}
			q.Before = next
		}
	}
	var oldest []engine.Instant
	entries, _, err := a.s.AuditFrom(1, 1<<20, func(*engine.AuditEntry) bool { return true })
	a.d.do(err)
	for _, e := range entries {
		oldest = append(oldest, e.At)
		a.say("AuditFrom", e.At, e.Did, e.Profile)
	}
	slices.Reverse(oldest)
	a.timed("AuditFrom", oldest...)
	c := store.DeployCursor{}
	for more := true; more; more = c != (store.DeployCursor{}) {
		items, next, err := a.s.DeployHistory(c, 1)
		a.d.do(err)
		for _, x := range items {
			a.sayJSON("DeployHistory", []any{x.Deploy.At, x.Deploy.By, x.Deploy.After})
			found, _, err := a.s.AuditFrom(x.Deploy.Seq, 1, func(e *engine.AuditEntry) bool { return e.Seq == x.Deploy.Seq })
			a.d.do(err)
			if len(found) != 1 || found[0].Did != engine.DidDeployFlows {
				a.d.t.Errorf("the audit trail has no entry %d of a deploy", x.Deploy.Seq)
			}
		}
		c = next
	}
	for _, id := range []string{"ann", "bob"} {
		place := store.AboutPlace{}
		for more := true; more; more = !place.Ended() {
			found, err := a.s.About(id, &place)
			a.d.do(err)
			for _, x := range found {
				if x.Input == nil {
					a.say("About", id, x.Audit != nil, x.Notice != nil, x.Refusal != nil)
				} else if _, ok := x.Input.Input.Payload.(*engine.Control); ok {
					a.say("About: commands", id, x.Input.Input.Kind())
				}
			}
		}
	}
}

func (a *readings) state() {
	s, err := a.s.State()
	a.d.do(err)
	for i := range s.Schedules {
		s.Schedules[i].Installation = s.Schedules[i].Installation.In(engine.Partition{Of: 2}) // the first part has another fourth byte
	}
	a.sayJSON("State", []any{s.Installation.In(engine.Partition{Of: 2}), s.Stamp, s.Outbound, s.Only, s.Killed, s.Active, s.Schedules, len(s.Open), len(s.Firings), s.Accounts, s.Orphans})
	marks, err := a.s.Marks()
	a.d.do(err)
	a.say("Marks", marks)
	fields, complete, err := a.s.Searchable()
	a.d.do(err)
	a.say("Searchable", fields, complete)
	purged, err := a.s.Purged()
	a.d.do(err)
	a.say("Purged", purged)
}

// entries reads the whole journal.
func (a *readings) entries() {
	var stamps []engine.Instant
	a.journal = map[uint64]*engine.Journaled{}
	a.d.do(a.s.Entries(0, func(j *engine.Journaled) bool {
		stamps, a.journal[j.Seq] = append(stamps, j.Stamp), j
		p, ok := j.Input.Payload.(*engine.Event)
		if ok && p.Passed == nil && p.FanOut == nil && j.Input.Derived == 0 && j.Input.Origin == nil {
			a.say("Entries", j.Stamp, " ", p.Type, " ", p.Profile, " ", string(p.Data))
		}
		return true
	}))
	if len(a.journal) != len(stamps) {
		a.d.t.Errorf("%d inputs of the journal have %d numbers", len(stamps), len(a.journal))
	}
	slices.Reverse(stamps)
	a.timed("Entries", stamps...)
}

// compare holds that the stores say the same, and that lists are newest first. It notes which questions had an answer.
func (a *readings) compare(t *testing.T, other *readings, answered map[string]int) {
	t.Helper()
	for question, lines := range a.times {
		if !slices.IsSortedFunc(lines, func(x, y engine.Instant) int { return int(y - x) }) {
			t.Errorf("%s: not newest first: %s", question, lines)
		}
	}
	for question, lines := range a.says {
		answered[question] += len(lines)
		if strings.HasSuffix(question, eventsOfOthers) {
			continue
		}
		want := other.says[question]
		if strings.HasSuffix(question, eventsOfHistory) {
			want = a.here(want, lines, a.says[strings.Replace(question, eventsOfHistory, eventsOfOthers, 1)])
			want, lines = slices.Compact(want), slices.Compact(slices.Clone(lines)) // one that came back from others has two entries
		}
		tellDifference(t, question, want, lines)
	}
	for question, lines := range other.says {
		if a.says[question] == nil {
			tellDifference(t, question, lines, nil)
		}
	}
}

// here returns the events of a history that is not divided without those of which this one has that they concern others.
func (a *readings) here(want, got, others []string) []string {
	began := func(line string) string { return strings.Join(strings.SplitAfterN(line, ",", 3)[:2], "") } // the person and the instant
	return slices.DeleteFunc(slices.Clone(want), func(line string) bool {
		return !slices.Contains(got, line) && slices.ContainsFunc(others, func(o string) bool { return began(o) == began(line) })
	})
}

func tellDifference(t *testing.T, question string, want, got []string) {
	t.Helper()
	if slices.Equal(want, got) {
		return
	}
	count := map[string]int{}
	for _, line := range want {
		count[line]++
	}
	for _, line := range got {
		count[line]--
	}
	var b bytes.Buffer
	for _, line := range slices.Sorted(maps.Keys(count)) {
		if n := count[line]; n != 0 {
			fmt.Fprintf(&b, "\n  %+d %s", -n, line)
		}
	}
	if b.Len() > 0 {
		t.Errorf("%s: the joined store has more or fewer:%.4000s", question, b.String())
	}
}

// mustAnswer are the methods of a store that readers use, each of which must have had an answer in some history.
var mustAnswer = []string{"List all", "List of a flow", "List live", "List ended", "List of bob", "List with a key", "List live with a key", "List failed",
	"List with a read one", "List by pages", "List of failure", "List of a campaign", "Run", "SelectFailed", "SelectLive", "Live", "Due", "FailureGroups", "ListPeople all",
	"ListPeople plan", "ListPeople b", "People", "Person", "History: runs", "History: inputs", eventsOfHistory, "Counts", "CountsOf", "FlowCounts", "CountsOfFlow",
	"FlowHours", "VersionsOf", "FlowDeploys", "VersionsInUse", "StoredVersions", "ListCampaigns", "CampaignOf", "NewestCampaigns", "EventTypes", "EventType",
	"Refusals", "Refusals of ann", "DueNotices", "FailedNotices", "Audit all", "Audit of bob", "bob is forgotten: Audit of bob", "AuditFrom", "DeployHistory", "About", "About: commands", "State", "Entries"}

func checkAnswered(t *testing.T, answered map[string]int) {
	t.Helper()
	for _, question := range mustAnswer {
		n := 0
		for asked, lines := range answered {
			if strings.HasPrefix(asked, question) {
				n += lines
			}
		}
		if n == 0 && !testing.Short() {
			t.Errorf("%s: nothing was ever read", question)
		}
	}
}
