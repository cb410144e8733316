package console_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/client"
	"nudge/console"
	"nudge/flows"
	"nudge/flows/graph"
	"nudge/server"
)

var update = flag.Bool("update", false, "write the pages of testdata")

// trialEnding is a flow with two texts, each for half of the people.
const trialEnding = `flow: trial_ending
about: Two texts for the end of a trial, each to half of the people, and one more on the last day.
trigger: { event: trial.ending }
exit: [ { event: plan.bought, as: bought, goal: true } ]
steps:
  - id: text
    split:
      - { as: friendly, weight: 50, then: [ { id: friendly, send: hello } ] }
      - { as: brisk, weight: 50, then: [ { id: brisk, send: hello } ] }
  - id: choice
    wait:
      - { failed: any, then: [ { exit: undeliverable } ] }
      - { reply: any, then: [ { id: handover, send: hello }, { exit: handed_over } ] }
      - after: 2d
  - id: last_day
    send: hello
  - wait: 1d
  - exit: not_bought
`

func flowOf(t *testing.T, yaml string) *flows.Flow {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimPrefix(yaml, "flow: "), "\n")
	p, list := flows.Load(fstest.MapFS{"templates/hello.yaml": {Data: []byte("body: Hello\n")}, "flows/" + name + ".yaml": {Data: []byte(yaml)}})
	must(t, list.Err())
	return p.Flows[0]
}

// send makes the counts of a send: of all runs with its message, how many it was sent to, how many read it and reached the goal.
func send(step string, runs, sent, read, goal int64, unsent map[string]int64) *client.SendCounts {
	return &client.SendCounts{Step: step, Runs: runs, Sent: sent, Read: read, Goal: goal, Replied: read / 40, Unsent: unsent, Status: map[string]int64{"read": read, "delivered": sent - read, "unsent": runs - sent}}
}

// trialCounts are people in the flow: 12,480 started, and all of them are somewhere.
func trialCounts() *client.FlowCounts {
	friendly := send("friendly", 6231, 6198, 4102, 806, map[string]int64{"opted_out": 21, "capped": 12})
	brisk := send("brisk", 6249, 6214, 4474, 1007, map[string]int64{"opted_out": 24, "capped": 11})
	return &client.FlowCounts{
		Flow: "trial_ending", Version: "9c41aaaabbbbcccc", Active: true, Since: client.Time{Time: time.Date(2026, 11, 13, 0, 0, 0, 0, time.UTC)}, Elsewhere: 212,
		Versions: []client.CountedVersion{{Version: "9c41aaaabbbbcccc", Started: 20000, Live: 1847}, {Version: "7d10aaaabbbbcccc", Started: 900, Live: 212}},
		Counts: client.Counts{
			Started: 12480, Here: 1635, Ended: 10845, Goal: 1813,
			Outcomes: []client.OutcomeCount{{Name: "not_bought", Runs: 8584}, {Name: "bought", Runs: 1813}, {Name: "handed_over", Runs: 263}, {Name: "undeliverable", Runs: 181}, {Name: "failed", Runs: 4}},
			Steps: []client.StepCounts{
				{Step: "text", Verb: "split", Came: 12480, Arms: []client.LineCount{{As: "friendly", Taken: 6231}, {As: "brisk", Taken: 6249}}},
				{Step: "friendly", Verb: "send", Came: 6231, Send: friendly},
				{Step: "brisk", Verb: "send", Came: 6249, Send: brisk},
				{Step: "choice", Verb: "wait", Came: 12480, Here: 1204, Lines: []client.LineCount{{On: "failed", As: "failed", Taken: 185}, {On: "reply", As: "reply", Taken: 263}, {On: "after", As: "after", Taken: 9417}}},
				{Step: "exit_1", Verb: "exit", Came: 185},
				{Step: "handover", Verb: "send", Came: 263, Send: send("handover", 263, 263, 201, 0, nil)},
				{Step: "exit_2", Verb: "exit", Came: 263},
				{Step: "last_day", Verb: "send", Came: 9417, Send: send("last_day", 9417, 9296, 5113, 402, map[string]int64{"late": 121})},
				{Step: "wait_2", Verb: "wait", Came: 9417, Here: 431, Lines: []client.LineCount{{On: "after", As: "after", Taken: 8584}}},
				{Step: "exit_3", Verb: "exit", Came: 8584},
			},
			Exits: []client.ExitCounts{{On: "event plan.bought", As: "bought", Goal: true, Taken: 1813, From: []client.FromCount{{Step: "choice", Taken: 1411}, {Step: "wait_2", Taken: 402}}}},
			Splits: []client.SplitCounts{{Step: "text", Arms: []client.ArmCounts{
				{Arm: "friendly", Weight: 50, Runs: 6231, Goal: 806, Sends: []client.SendCounts{*friendly}},
				{Arm: "brisk", Weight: 50, Runs: 6249, Goal: 1007, Sends: []client.SendCounts{*brisk}},
			}, Comparisons: []client.Comparison{{What: "goal", A: "brisk", B: "friendly", ShareA: client.Interval{Of: 6249, Share: .1611, Low: .1522, High: .1705}, ShareB: client.Interval{Of: 6231, Share: .1294, Low: .1213, High: .1379},
				Difference: 3.2, Low: 1.9, High: 4.4, Clear: true, Says: "brisk leads by 3.2 points (1.9 to 4.4)"}}}},
		},
	}
}

// fakeAPI answers what the map asks for.
type fakeAPI struct {
	flow   *flows.Flow
	counts *client.FlowCounts
	story  *client.PlayedStory
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := func(of any) { _ = json.NewEncoder(w).Encode(of) }
	switch path := r.URL.Path; {
	case path == "/v1/token":
		answer(map[string]any{"name": "mira", "may": []string{"read", "operate"}, "server": map[string]any{"project": "acme"}})
	case path == "/v1/flows":
		answer(map[string]any{"flows": []client.FlowVersion{{Flow: f.counts.Flow, Version: f.counts.Version, Active: true, Live: 1847, Started: 20000, Parked: map[string]uint64{"choice": 1416, "wait_2": 431}}}})
	case strings.HasSuffix(path, "/counts"):
		answer(f.counts)
	case strings.HasSuffix(path, "/drawing"):
		o := graph.Options{Numbers: r.URL.Query().Get("numbers") == "true", Most: 60, Open: strings.Split(r.URL.Query().Get("open"), ",")}
		if r.URL.Query().Has("since") {
			o.Left = func(exit int) (steps []string) {
				for _, from := range f.counts.Counts.Exits[exit].From {
					steps = append(steps, from.Step)
				}
				return steps
			}
		}
		answer(server.FlowDrawing{Flow: f.flow.Name, Version: f.counts.Version, About: f.flow.About, Active: true, Drawing: *graph.Lay(f.flow, o)})
	case path == "/v1/runs/failures":
		answer(client.FailureList{Groups: []client.FailureGroup{{ID: "f1", What: "run", Status: "failed", Reason: "data.days is absent", Flow: f.flow.Name, Step: "brisk", Runs: 4}}})
	case path == "/v1/runs":
		answer(client.RunPage{})
	case strings.HasSuffix(path, "/stories"):
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		answer(map[string]any{"type": "urn:nudge:problem:not-found", "status": http.StatusNotFound, "code": "not-found", "detail": "the project folder has no flow"})
	case strings.Contains(path, "/stories/"):
		answer(f.story)
	default:
		http.NotFound(w, r)
	}
}

// page is a page over an API that says what a test wants.
func page(t *testing.T, api http.Handler, path string) string {
	t.Helper()
	c, err := console.New(console.Config{API: api, Now: func() time.Time { return time.Date(2026, 11, 27, 15, 24, 0, 0, time.UTC) }})
	must(t, err)
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d\n%s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// golden holds the main part of a page as it was looked at.
func golden(t *testing.T, name, page string) {
	t.Helper()
	_, main, _ := strings.Cut(page, `<div class="head">`)
	main, _, found := strings.Cut(main, "</main>")
	if !found {
		t.Fatalf("the page has no main part:\n%s", page)
	}
	file := "testdata/" + name + ".html"
	if *update {
		must(t, os.WriteFile(file, []byte(main), 0o644))
	}
	kept, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(kept), main); diff != "" {
		t.Errorf("%s (-want +got), -update takes it over:\n%s", file, diff)
	}
}

// TestFlowMap holds the map of a flow with everybody in it.
func TestFlowMap(t *testing.T) {
	api := &fakeAPI{flow: flowOf(t, trialEnding), counts: trialCounts()}
	golden(t, "flow", page(t, api, "/console/flows/trial_ending?step=brisk"))
}

var (
	ribbonWidth = regexp.MustCompile(`class="rib [^"]*" d="[^"]*" stroke-width="([^"]*)"`)
	partOfBar   = regexp.MustCompile(`<b>([0-9,]+)</b> [a-z_ ]+</span><small>`)
)

// TestMapAddsUp holds that the parts of the bar are everybody, that no line is thinner than can be seen or wider than
// everybody, and that a flow in which nobody is has its map too.
func TestMapAddsUp(t *testing.T) {
	api := &fakeAPI{flow: flowOf(t, trialEnding), counts: trialCounts()}
	text := page(t, api, "/console/flows/trial_ending")
	sum := 0
	for _, m := range partOfBar.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
		must(t, err)
		sum += n
	}
	if sum != 12480 {
		t.Errorf("the parts of the bar are %d people, not 12,480", sum)
	}
	lines := ribbonWidth.FindAllStringSubmatch(text, -1)
	if len(lines) < 15 {
		t.Errorf("the map has %d lines", len(lines))
	}
	for _, m := range lines {
		if w, err := strconv.ParseFloat(m[1], 64); err != nil || w < 1.5 || w > 26 {
			t.Errorf("a line has the width %s", m[1])
		}
	}
	api.counts = &client.FlowCounts{Flow: "trial_ending", Version: "9c41aaaabbbbcccc", Active: true, Counts: client.Counts{Exits: []client.ExitCounts{{As: "bought"}}}}
	(&shown{t: t, status: 200, body: page(t, api, "/console/flows/trial_ending")}).has(200, `<b>0</b> runs started`, "rib  none", `id="step-choice"`)
}

// TestMapTable holds that the table says what the map says, and stands in its place where one asks for it.
func TestMapTable(t *testing.T) {
	api := &fakeAPI{flow: flowOf(t, trialEnding), counts: trialCounts()}
	text := &shown{t: t, status: 200, body: page(t, api, "/console/flows/trial_ending?view=table")}
	text.has(200, `<details class="card" id="table" open>`, "1,204", "+212 from before", "reply 263", "1,411 from choice").hasNot(`class="fm"`)
}

// TestMapOpens holds that a large flow closes its steps, and that each leads to the same map with it open.
func TestMapOpens(t *testing.T) {
	steps := ""
	for i := range 20 {
		steps += fmt.Sprintf("  - id: ask_%d\n    wait: [ { event: yes, then: [ { id: said_%d, send: hello } ] }, { after: 1d } ]\n", i, i)
	}
	flow := flowOf(t, "flow: large\ntrigger: { event: order }\nsteps:\n"+steps)
	counts := &client.FlowCounts{Flow: "large", Version: "9c41aaaabbbbcccc", Active: true, Counts: client.Counts{Started: 7, Steps: []client.StepCounts{
		{Step: "ask_0", Verb: "wait", Came: 7, Here: 2}, {Step: "said_0", Verb: "send", Came: 5, Here: 1},
	}}}
	api := &fakeAPI{flow: flow, counts: counts}
	text := &shown{t: t, status: 200, body: page(t, api, "/console/flows/large")}
	text.has(200, "1 step inside", "3 here", `href="/console/flows/large?open=ask_0"`).hasNot(`id="step-said_0"`)
	text = &shown{t: t, status: 200, body: page(t, api, "/console/flows/large?open=ask_0")}
	text.has(200, `id="step-said_0"`, "2 here", `href="/console/flows/large?open=ask_0%2Cask_1"`).hasNot(`id="step-said_1"`)
}

// TestSplit holds what is said of arms: who leads, and that few people tell nothing.
func TestSplit(t *testing.T) {
	api := &fakeAPI{flow: flowOf(t, trialEnding), counts: trialCounts()}
	c := &api.counts.Counts.Splits[0].Comparisons[0]
	c.Clear, c.Says = false, "too few to tell: 40 and 38 runs, each arm needs 100"
	text := &shown{t: t, status: 200, body: page(t, api, "/console/flows/trial_ending")}
	text.has(200, `<p class="verdict even">too few to tell: 40 and 38 runs`, `class="iv "`).hasNot("verdict\">", `class="pt g"`, " pts<")
}

// TestLead: the message of the arm that leads has a chip, unless the arm leads only some of the others.
func TestLead(t *testing.T) {
	api := &fakeAPI{flow: flowOf(t, trialEnding), counts: trialCounts()}
	(&shown{t: t, status: 200, body: page(t, api, "/console/flows/trial_ending")}).has(200, `>&#43;3.2 pts</text></a>`, "leads by &#43;3.2 pts")
	s := &api.counts.Counts.Splits[0]
	second := s.Comparisons[0]
	second.B, second.Difference = "calm", 1.4
	s.Comparisons = append(s.Comparisons, second)
	(&shown{t: t, status: 200, body: page(t, api, "/console/flows/trial_ending")}).has(200, `>&#43;1.4 pts</text></a>`)
	s.Comparisons[1].Clear = false
	(&shown{t: t, status: 200, body: page(t, api, "/console/flows/trial_ending")}).hasNot(" pts<")
}

// TestDrops holds that a message that failed is seen where people drop, though no rule kept it from being sent.
func TestDrops(t *testing.T) {
	api := &fakeAPI{flow: flowOf(t, trialEnding), counts: trialCounts()}
	text := &shown{t: t, status: 200, body: page(t, api, "/console/flows/trial_ending")}
	text.hasNot("7 failed</a>")
	for i := range api.counts.Counts.Steps {
		if send := api.counts.Counts.Steps[i].Send; send != nil {
			send.Status["failed"] = 7
		}
	}
	text = &shown{t: t, status: 200, body: page(t, api, "/console/flows/trial_ending")}
	text.has(200, "message_status=failed", "7 failed</a>")
}

// TestStoriesElsewhere: a flow that the server's project folder does not have is no error of the page, and the page says where its stories are.
func TestStoriesElsewhere(t *testing.T) {
	api := &fakeAPI{flow: flowOf(t, trialEnding), counts: trialCounts()}
	for _, tab := range []string{"stories", "proof?prove=1"} {
		text := &shown{t: t, status: 200, body: page(t, api, "/console/flows/trial_ending/"+tab)}
		text.has(200, "it was deployed from elsewhere", "nudge test").hasNot("cannot be shown", "no test yet")
	}
}

// TestMapBroad: a map that is a little too wide for the page shrinks, and one that would be too small to read scrolls.
func TestMapBroad(t *testing.T) {
	for lines, want := range map[int]string{1: `class="fm"`, 5: `class="fm broad"`, 9: `class="fm"`} {
		steps := "  - wait:\n"
		for i := range lines {
			steps += fmt.Sprintf("      - { event: e%d, then: [ { id: said_%d, send: hello } ] }\n", i, i)
		}
		flow := flowOf(t, "flow: wide\ntrigger: { event: order }\nsteps:\n"+steps+"      - after: 1d\n")
		api := &fakeAPI{flow: flow, counts: &client.FlowCounts{Flow: "wide", Version: "9c41aaaabbbbcccc", Active: true}}
		(&shown{t: t, status: 200, body: page(t, api, "/console/flows/wide")}).has(200, want)
	}
}

// trialStory is a story that ends where it breaks a promise.
func trialStory() *client.PlayedStory {
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	step := func(id string) client.StoryStep { return client.StoryStep{Run: 1, Flow: "trial_ending", Step: id} }
	return &client.PlayedStory{
		Story: client.Story{Name: "four messages", Kind: "counterexample"}, Flow: "trial_ending", Version: "9c41aaaabbbbcccc", Text: "- event: trial.ending\n", Total: 3,
		Frames: []client.StoryFrame{
			{At: at, Input: "event trial.ending", Steps: []client.StoryStep{step("text"), step("brisk"), step("choice")}, Entries: []client.StoryEntry{{Text: "started"}},
				Messages: []client.StoryMessage{{Run: 1, Step: "brisk", To: "ann", Text: "Hello"}}, Runs: []client.StoryRun{{Run: 1, Flow: "trial_ending", Profile: "ann", Step: "choice"}}},
			{At: at.Add(48 * time.Hour), Steps: []client.StoryStep{step("last_day"), step("wait_2")}, Entries: []client.StoryEntry{{Text: "choice ended: after"}},
				Runs: []client.StoryRun{{Run: 1, Flow: "trial_ending", Profile: "ann", Step: "wait_2"}}},
			{At: at.Add(50 * time.Hour), Input: "event plan.bought", Entries: []client.StoryEntry{{Text: "ended: bought"}}, Conditions: []client.StoryEntry{{Text: `if plan == "pro" is true`}},
				Runs: []client.StoryRun{{Run: 1, Flow: "trial_ending", Profile: "ann", Outcome: "bought", Goal: true}}},
		},
	}
}

// TestStoryPlayer holds the frames of a story on the map: what is done, where it is, and where it goes wrong.
func TestStoryPlayer(t *testing.T) {
	api := &fakeAPI{flow: flowOf(t, trialEnding), counts: trialCounts(), story: trialStory()}
	path := "/console/flows/trial_ending/stories/four%20messages"
	text := &shown{t: t, status: 200, body: page(t, api, path)}
	text.has(200, `id="step-brisk" class="send done"`, `id="step-choice" class="wait now"`, `id="step-friendly" class="send bare"`, `id="line-text-2" class="choose done"`, "data-next").hasNot("data-previous", "Write this test")
	last := page(t, api, path+"?at=3")
	text = &shown{t: t, status: 200, body: last}
	text.has(200, `id="left-1" class="good now bad"`, "taken bad", "here it goes wrong", "Write this test", "2 h later", "data-previous").hasNot("data-next")
	golden(t, "story", last)
	text = &shown{t: t, status: 200, body: page(t, api, path+"?at=99")}
	text.has(200, "3 of 3")
}

// TestFlowPages visits the pages of a flow on a real server.
func TestFlowPages(t *testing.T) {
	w := start(t, shop)
	w.ship("A-1", "ann")
	eventually(t, "the message has gone out", func() bool { return w.runOf("ann").Status == "waiting" })
	v := w.visitor("")
	v.get("/console/flows").has(200, `<a href="/console/flows/order">order</a>`, `class="spark"`)
	v.get("/console/flows/order").has(200, "<b>1</b> runs started", `id="step-shipped"`, "1 here", "order.returned").hasNot(" style=")
	v.get("/console/flows/order?step=wait_1").has(200, `class="wait sel"`, `<h2 id="step-panel">wait_1</h2>`, "ann")
	v.get("/console/flows/order?step=shipped").has(200, "Your order A-1 is on its way.")
	v.get("/console/flows/order?step=none&since=all&open=x").has(200)
	v.get("/console/flows/order/runs").has(200, "ann")
	v.get("/console/flows/order/versions").has(200, "active", "1")
	v.get("/console/flows/order/proof").has(200, "Prove it now")
	v.get("/console/flows/order/stories").has(200, "no project on disk")
	v.get("/console/stories").has(200, "/console/flows/order/stories")
	v.get("/console/flows/order?since=soon").has(400, "since must be a time such as")
	for _, path := range []string{"", "/versions", "/stories/x"} {
		if p := v.get("/console/flows/%3Cscript%3Ealert(1)" + path); p.status == 200 || strings.Contains(p.body, "<script>alert") {
			t.Errorf("%s: %d", path, p.status)
		}
	}
}
