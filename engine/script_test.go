package engine_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"nudge/audience"
	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
	"nudge/store"
	"nudge/store/memory"
)

var update = flag.Bool("update", false, "write what the engine decided into the scripts")

// TestScripts runs every story in testdata. A story is a list of commands, each with the
// engine's decisions below it, indented. The commands are defined in world.do.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			runScript(t, path)
		})
	}
}

func runScript(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, archive)
	story := &archive.Files[len(archive.Files)-1]
	if story.Name != "story" {
		t.Fatalf("%s: the last section is %q, want story", path, story.Name)
	}
	want := string(story.Data)
	var got strings.Builder
	for line := range strings.Lines(want) {
		switch {
		case strings.HasPrefix(line, "  "):
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "#"):
			got.WriteString(line)
		default:
			got.WriteString(line)
			w.out.Reset()
			w.do(strings.TrimSpace(line))
			for said := range strings.Lines(w.out.String()) {
				got.WriteString("  " + said)
			}
		}
	}
	w.check()
	if got.String() == want {
		return
	}
	if *update {
		story.Data = []byte(got.String())
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s: the engine decided otherwise (-want +got); with -update the script takes it over\n%s",
		path, cmp.Diff(strings.Split(want, "\n"), strings.Split(got.String(), "\n")))
}

// world is a loop over a store in memory, a clock set by hand, and a provider that answers
// as the story says.
type world struct {
	t       *testing.T
	files   fstest.MapFS
	kv      *memory.KV
	store   *store.Store
	loop    *runner.Loop
	senders int
	account runner.AccountSettings // how the account behaves from the next start on
	asks    []engine.StatusQuery   // by their number in the story
	now     time.Time
	next    engine.Instant
	runs    []engine.RunID       // by their number in the story
	numbers map[engine.RunID]int // of runs, from 1
	posts   []engine.Post        // by their number in the story
	fetches []engine.FetchPost   // by their number in the story
	shelf   *audience.Snapshots  // the snapshots
	seen    map[engine.RunID]int
	frozen  []engine.SnapshotRequest // requested snapshots
	auto    bool                     // the provider accepts every post
	fails   string                   // the person whose messages it reports as failed
	out     bytes.Buffer
}

func newWorld(t *testing.T, archive *txtar.Archive) *world {
	w := &world{t: t, files: fstest.MapFS{}}
	for _, f := range archive.Files {
		w.files[f.Name] = &fstest.MapFile{Data: f.Data}
		if f.Name == "project" { // the files of a folder, with only the named flows
			w.read(strings.Fields(string(f.Data)))
		}
	}
	w.begin(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
	return w
}

// begin resets the world: an empty store with the project deployed.
func (w *world) begin(now time.Time) {
	w.t.Helper()
	w.kv, w.senders, w.seen, w.now, w.next = new(memory.KV), 64, map[engine.RunID]int{}, now, 0
	w.runs, w.posts, w.fetches, w.numbers = nil, nil, nil, map[engine.RunID]int{}
	if err := store.Create(w.kv, engine.Installation{1, 2, 3}); err != nil {
		w.t.Fatal(err)
	}
	w.open()
	w.deploy(w.files)
	w.out.Reset()
}

// read reads the project files in a folder, and only the named flows.
func (w *world) read(words []string) {
	w.t.Helper()
	dir, only := words[0], words[1:]
	for _, pattern := range []string{"*.yaml", "flows/*.yaml", "templates/*.yaml"} {
		found, err := fs.Glob(os.DirFS(dir), pattern)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, name := range found {
			flow := strings.TrimSuffix(filepath.Base(name), ".yaml")
			if filepath.Dir(name) == "flows" && !slices.Contains(only, flow) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				w.t.Fatal(err)
			}
			w.files[name] = &fstest.MapFile{Data: text}
		}
	}
}

// newTold returns a world in which one message to ann is pending.
func newTold(t *testing.T) *world {
	w := newWorld(t, txtar.Parse([]byte(`
-- flows/tell.yaml --
flow: tell
trigger: { event: told }
steps:
  - send: hello
  - wait: [ { read: hello }, { after: 1d } ]
-- templates/hello.yaml --
body: Hello
`)))
	w.do("event told by ann")
	return w
}

// open continues from the store, like a process that starts.
func (w *world) open() {
	w.t.Helper()
	var core *engine.Engine
	w.store, core = reopen(w.t, w.kv)
	lane := w.account
	lane.Account, lane.Places = engine.AnyAccount, w.senders
	w.loop = runner.NewLoopOf(w.store, core, []runner.AccountSettings{lane})
	if w.shelf == nil {
		w.shelf = audience.NewSnapshots(audience.Sources{Project: w.files})
	}
	w.shelf.People = w.store
	w.loop.UseAudiences(w.shelf)
	step, err := w.loop.Recover(w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.show(step)
}

func (w *world) deploy(files fstest.MapFS) {
	w.t.Helper()
	project, list := flows.Load(files)
	if list.HasErrors() {
		w.t.Fatalf("the project does not load:\n%v", list)
	}
	deploy := &engine.Deploy{}
	for _, f := range project.Flows {
		deploy.Flows = append(deploy.Flows, f.Bundle)
	}
	w.apply(&engine.Input{Payload: deploy})
}

// apply applies inputs in one step and shows the result.
func (w *world) apply(inputs ...*engine.Input) {
	w.t.Helper()
	group := &runner.Group{Inputs: inputs}
	if inputs[0].Kind() == engine.InputResult {
		group.Frees = 1
	}
	w.step(group)
}

func (w *world) step(groups ...*runner.Group) {
	w.t.Helper()
	step, err := w.loop.Step(w.now, groups)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, g := range groups {
		for i := range g.Answers {
			w.answer(&g.Answers[i])
		}
	}
	w.show(step)
	w.next = step.Next
	for len(w.frozen) > 0 {
		w.freeze()
	}
	if step.Again {
		w.step()
	}
	if !w.auto {
		return
	}
	for _, p := range step.Posts {
		w.apply(&engine.Input{Payload: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt,
			Result: channels.Result{Outcome: channels.Accepted, ProviderID: "m"}}})
		if p.Content.To == w.fails {
			w.apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: p.Content.Ref, Status: channels.Failed}}})
		}
	}
}

func (w *world) answer(a *engine.Answer) {
	switch {
	case a.Refused != nil:
		fmt.Fprintf(&w.out, "refused (%s, %s): %s\n", a.Refused.Why, a.Refused.Field, a.Refused.Detail)
	case a.Repeated:
		fmt.Fprintf(&w.out, "repeated: the first answer again\n")
	case a.Ignored != "":
		fmt.Fprintf(&w.out, "ignored: %s\n", a.Ignored)
		if a.DidYouMean != "" {
			fmt.Fprintf(&w.out, "did you mean %s?\n", a.DidYouMean)
		}
	}
	for _, d := range a.Decisions {
		if d.Action == engine.DidSkip || d.Action == engine.DidQueue || d.Action == engine.DidFire || d.Action == engine.DidPass {
			fmt.Fprintf(&w.out, "%s %s: %s\n", d.Flow, d.Action, d.Reason)
		}
	}
}

// show writes what changed: every new entry of every run's timeline, and the posts.
func (w *world) show(step *runner.Step) {
	for _, p := range step.Panics {
		fmt.Fprintf(&w.out, "panic: %s\n", strings.SplitN(p, "\n", 2)[0])
	}
	for _, q := range step.Damaged {
		fmt.Fprintf(&w.out, "%s is quarantined\n", w.name(q.Run))
	}
	for _, c := range step.Changes {
		r := c.After
		if w.numbers[r.ID] == 0 {
			w.runs = append(w.runs, r.ID)
			w.numbers[r.ID] = len(w.runs)
		}
		f := w.loop.Core().Flow(engine.FlowVersion{Flow: r.Flow, Version: r.Version})
		for _, e := range r.Timeline[w.seen[r.ID]:] {
			fmt.Fprintf(&w.out, "%s %s of %s: %s\n", clock(e.At), w.name(r.ID), r.Profile, engine.Describe(f, e))
		}
		w.seen[r.ID] = len(r.Timeline)
	}
	for _, p := range step.Fetches {
		w.fetches = append(w.fetches, p)
		fmt.Fprintf(&w.out, "fetch %d: %s %s %s\n", len(w.fetches), p.Request.Method, p.Request.URL, p.Request.Body)
	}
	for _, q := range step.Asks {
		w.asks = append(w.asks, q)
		fmt.Fprintf(&w.out, "ask %d: how does %s stand?\n", len(w.asks), q.ProviderID)
	}
	w.frozen = append(w.frozen, step.Freezes...)
	if step.Lapsed > 0 {
		fmt.Fprintf(&w.out, "receipts of %d messages dropped\n", step.Lapsed)
	}
	for _, p := range step.Posts {
		w.posts = append(w.posts, p)
		text := p.Content.Body
		for _, part := range p.Content.Parts {
			text += "[" + part.Type + " " + part.Data + part.URL + "]"
		}
		fmt.Fprintf(&w.out, "post %d to %s: %s\n", len(w.posts), p.Content.To, text)
	}
}

// damage flips a bit of a live run's record.
func (w *world) damage(id engine.RunID) {
	w.t.Helper()
	if err := w.kv.Update(func(tx store.Writer) error {
		record := bytes.Clone(tx.Get(store.Runs, id[:]))
		record[len(record)/2] ^= 1
		return tx.Put(store.Runs, id[:], record)
	}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) name(id engine.RunID) string {
	return "r" + strconv.Itoa(w.numbers[id])
}

func clock(i engine.Instant) string { return strings.ToLower(i.Time().Format("Mon 15:04:05")) }

// do carries out one command.
func (w *world) do(line string) {
	w.t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "event": // event TYPE [by PROFILE] [id ID] [{data}]
		w.apply(w.event(rest))
	case "events": // events A || B: both in one group
		var inputs []*engine.Input
		for _, one := range strings.Split(rest, "||") {
			inputs = append(inputs, w.event(strings.TrimSpace(one)))
		}
		w.apply(inputs...)
	case "accept", "refuse", "defer", "lose": // accept POST [reason]
		w.result(word, rest)
	case "sent", "delivered", "read", "failed", "expired": // read POST [reason]
		w.receipt(word, rest)
	case "reply": // reply PROFILE [in CONVERSATION:] [to ID:] [with {parts and metadata}:] text
		w.reply(rest)
	case "after": // after DURATION
		d, err := flows.ParseDuration(rest)
		if err != nil {
			w.t.Fatal(err)
		}
		w.passUntil(d.After(w.now, time.UTC))
	case "at": // at WEEKDAY HH:MM: the next such instant
		w.passUntil(w.weekday(rest))
	case "start": // start DATE HH:MM: starts a new story in a new world
		now, err := time.Parse("2006-01-02 15:04", rest)
		if err != nil {
			w.t.Fatal(err)
		}
		w.check()
		w.begin(now)
	case "provider": // provider accepts [and fails PERSON]: it answers by itself from now on
		w.auto, w.fails = true, strings.TrimPrefix(strings.TrimPrefix(rest, "accepts"), " and fails ")
	case "damage": // damage RUN: a bit of its record flips
		w.damage(w.run(rest))
	case "cancel": // cancel RUN
		w.apply(&engine.Input{Payload: &engine.Cancel{Run: w.run(rest)}})
	case "claim": // claim RUN MESSAGE: a free place for a planned message; r9 is nobody's
		name, number, _ := strings.Cut(rest, " ")
		w.apply(&engine.Input{Payload: &engine.Claim{OutboxRef: engine.OutboxRef{Run: w.runOrNone(name), Message: w.number(number)}}})
	case "result": // result RUN MESSAGE ATTEMPT accepted | refused | returned: whatever was posted
		words := strings.Fields(rest)
		res := &engine.SendResult{Run: w.runOrNone(words[0]), Message: w.number(words[1]), Attempt: w.number(words[2])}
		switch words[3] {
		case "accepted":
			res.Outcome, res.ProviderID = channels.Accepted, "m"
		case "refused":
			res.Outcome, res.Reason = channels.Refused, "no such person"
		case "returned":
			res.Returned = true
		}
		w.apply(&engine.Input{Payload: res})
	case "retry": // retry RUN [reason]
		name, reason, _ := strings.Cut(rest, " ")
		retry, _, err := w.store.Retry(w.run(name), reason)
		if err != nil {
			w.t.Fatal(err)
		}
		if retry == nil {
			retry = &engine.Retry{Run: w.run(name)}
		}
		w.apply(&engine.Input{Payload: retry})
	case "outbound": // outbound live | hold | only PROFILE…
		mode, only, _ := strings.Cut(rest, " ")
		o, err := engine.ParseOutbound(mode)
		if err != nil {
			w.t.Fatal(err)
		}
		w.apply(&engine.Input{Payload: &engine.Control{Outbound: o, Only: strings.Fields(only)}})
	case "profile": // profile PERSON {changes}
		who, set, _ := strings.Cut(rest, " ")
		w.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: who, Set: json.RawMessage(set)}})
	case "forget": // forget PERSON
		w.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: rest, Forget: true}})
	case "campaign": // campaign start, alone FLOW | pause, resume, cancel, end or show ID
		w.campaign(rest)
	case "clock": // clock DURATION | -DURATION: the clock jumps while nothing runs
		w.jump(rest)
	case "restored": // restored: the store is a copy of a backup
		w.restore()
	case "person": // person PERSON: what is known
		w.person(rest)
	case "call": // call FLOW by PERSON [{data}]
		ev := w.event(rest).Payload.(*engine.Event)
		w.apply(&engine.Input{Payload: &engine.Call{Flow: ev.Type, Profile: ev.Profile, By: "call", Data: ev.Data}})
	case "answer": // answer FETCH STATUS|held [{json}]: an HTTP service answers; 0: no answer; held: it may not be asked yet
		w.answerFetch(rest)
	case "kill": // kill on | off
		on := rest == "on"
		w.apply(&engine.Input{Payload: &engine.Control{Kill: &on}})
	case "account": // account [correlates] [verifies] [asks]: from the next start on
		w.account = runner.AccountSettings{ByID: strings.Contains(rest, "correlates"), Verify: strings.Contains(rest, "verifies"), Asks: strings.Contains(rest, "asks")}
	case "hook": // hook STATUS ID [reason]: a receipt that names the message only by the provider's ID
		words := strings.SplitN(rest, " ", 3)
		w.apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{
			ProviderID: words[1], Status: statuses[words[0]], Reason: strings.Join(words[2:], ""), At: w.now}}})
	case "told": // told ASK STATUS | nothing | failed | busy: the provider answers
		w.told(rest)
	case "senders": // senders N: from the next start on
		w.senders = w.number(rest)
	case "restart":
		w.open()
		w.step()
	case "deploy": // deploy FOLDER: replaces the files by those of the folder
		files := fstest.MapFS{}
		for name, f := range w.files {
			if below, ok := strings.CutPrefix(name, rest+"/"); ok {
				files[below] = f
			}
		}
		w.deploy(files)
	case "move": // as the server does after a deploy: every parked run gets a move
		for _, id := range w.runs {
			w.apply(&engine.Input{Payload: &engine.Move{Run: id, Version: w.versionOf(id)}})
		}
	case "show": // show RUN: shows the run's state
		w.stand(w.run(rest))
	default:
		w.t.Fatalf("unknown command %q", line)
	}
}

func (w *world) event(text string) *engine.Input {
	words, data, hasData := strings.Cut(text, "{")
	fields := strings.Fields(words)
	ev := &engine.Event{Type: fields[0]}
	in := &engine.Input{Payload: ev}
	for i := 1; i+1 < len(fields); i += 2 {
		switch fields[i] {
		case "by":
			ev.Profile = fields[i+1]
		case "id":
			in.ID = fields[i+1]
		}
	}
	if hasData {
		ev.Data = json.RawMessage("{" + data)
	}
	return in
}

func (w *world) number(text string) int {
	w.t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) run(name string) engine.RunID {
	w.t.Helper()
	n := w.number(strings.TrimPrefix(name, "r"))
	if n > len(w.runs) {
		return engine.RunID{15: byte(n)}
	}
	return w.runs[n-1]
}

// versionOf returns the active version of a run's flow.
func (w *world) versionOf(id engine.RunID) string {
	r, err := w.store.Run(id)
	if err != nil || r == nil {
		w.t.Fatalf("run %s: %v", id, err)
	}
	for _, v := range w.loop.Core().State.Active {
		if v.Flow == r.Flow {
			return v.Version
		}
	}
	return ""
}

func (w *world) post(text string) (engine.Post, string) {
	w.t.Helper()
	first, rest, _ := strings.Cut(text, " ")
	n := w.number(first)
	if n > len(w.posts) {
		w.t.Fatalf("there is no post %d", n)
	}
	return w.posts[n-1], rest
}

func (w *world) result(word, text string) {
	w.t.Helper()
	p, rest := w.post(text)
	result := &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt}
	switch word {
	case "accept": // accept POST [in CONVERSATION]
		result.Result = channels.Result{Outcome: channels.Accepted, ProviderID: "m" + strings.Fields(text)[0],
			Conversation: strings.TrimPrefix(rest, "in ")}
	case "refuse":
		result.Result = channels.Result{Outcome: channels.Refused, Reason: rest}
	case "lose":
		result.Result = channels.Result{Outcome: channels.Unknown, Reason: rest}
	case "defer":
		wait, reason, _ := strings.Cut(rest, " ")
		d, err := time.ParseDuration(wait)
		if err != nil {
			w.t.Fatal(err)
		}
		result.Result = channels.Result{Outcome: channels.Deferred, RetryAfter: d, Reason: reason}
	}
	w.apply(&engine.Input{Payload: result})
}

func (w *world) answerFetch(text string) {
	w.t.Helper()
	words := strings.SplitN(text, " ", 3)
	p := w.fetches[w.number(words[0])-1]
	result := &engine.FetchResult{Run: p.Run, Step: p.Step, Attempt: p.Attempt, Held: words[1] == "held"}
	if result.Held {
		result.Error = "the store was restored"
		w.apply(&engine.Input{Payload: result})
		return
	}
	result.Status = w.number(words[1])
	if len(words) > 2 {
		result.JSON = json.RawMessage(words[2])
	}
	if result.Status == 0 {
		result.Error = "connection refused"
	}
	w.apply(&engine.Input{Payload: result})
}

func (w *world) person(id string) {
	p, err := w.store.Person(id)
	if err != nil {
		w.t.Fatal(err)
	}
	if p == nil {
		w.out.WriteString("nothing is known\n")
		return
	}
	fmt.Fprintf(&w.out, "%s; opted out of %q; %d starts counted, %d in the queue\n", p.Attributes, p.OptOuts, len(p.Starts), len(p.Queue))
}

var statuses = map[string]channels.Status{"sent": channels.Sent, "delivered": channels.Delivered,
	"read": channels.Read, "failed": channels.Failed, "expired": channels.Expired}

func (w *world) told(text string) {
	w.t.Helper()
	number, said, _ := strings.Cut(text, " ")
	n := w.number(number)
	if n > len(w.asks) {
		w.t.Fatalf("there is no ask %d", n)
	}
	q := w.asks[n-1]
	in := &engine.StatusAnswer{Run: q.Run, Message: q.Message, Receipt: channels.Receipt{ProviderID: q.ProviderID, Status: statuses[said], At: w.now}}
	switch said {
	case "nothing":
		in.Receipt.Reason = "the provider says processing"
	case "failed to answer":
		in.Failed = "connection refused"
	case "busy":
		in.Busy = true
	}
	w.apply(&engine.Input{Payload: in})
}

func (w *world) receipt(word, text string) {
	w.t.Helper()
	p, reason := w.post(text)
	receipt := channels.Receipt{Ref: p.Content.Ref, Status: statuses[word], Reason: reason, At: w.now}
	if who, ok := strings.CutPrefix(reason, "by "); ok { // read POST by PERSON
		receipt.Profile, receipt.Reason = who, ""
	}
	w.apply(&engine.Input{Payload: &engine.Receipt{Receipt: receipt}})
}

func (w *world) reply(text string) {
	who, said, _ := strings.Cut(text, " ")
	reply := &channels.Reply{Profile: who, Text: said, At: w.now}
	if in, ok := strings.CutPrefix(said, "in "); ok {
		reply.Conversation, reply.Text, _ = strings.Cut(in, ": ")
	}
	if to, ok := strings.CutPrefix(reply.Text, "to "); ok {
		reply.AnswersID, reply.Text, _ = strings.Cut(to, ": ")
	}
	if with, ok := strings.CutPrefix(reply.Text, "with "); ok {
		beside, text, _ := strings.Cut(with, "}: ")
		if err := json.Unmarshal([]byte(beside+"}"), reply); err != nil {
			w.t.Fatal(err)
		}
		reply.Text = text
	}
	w.apply(&engine.Input{Payload: &engine.Reply{Reply: *reply}})
}

// weekday returns the next instant of a weekday and time of day.
func (w *world) weekday(text string) time.Time {
	w.t.Helper()
	for n := range 8 {
		day := w.now.AddDate(0, 0, n)
		name, clock, _ := strings.Cut(text, " ")
		at, err := time.Parse("2006-01-02 15:04", day.Format("2006-01-02 ")+clock)
		if err != nil {
			w.t.Fatal(err)
		}
		if strings.ToLower(at.Format("Mon")) == name && at.After(w.now) {
			return at
		}
	}
	w.t.Fatalf("%q is no weekday and time of day", text)
	return time.Time{}
}

// passUntil lets time pass, timer by timer.
func (w *world) passUntil(until time.Time) {
	w.t.Helper()
	for w.next != 0 && !w.next.Time().After(until) {
		w.now = w.next.Time()
		w.step()
	}
	w.now = until
}

func (w *world) stand(id engine.RunID) {
	r, err := w.store.Run(id)
	if err != nil || r == nil {
		w.t.Fatalf("run %s: %v", id, err)
	}
	fmt.Fprintf(&w.out, "%s", r.Status)
	if r.Outcome != "" {
		fmt.Fprintf(&w.out, " %s", r.Outcome)
	}
	if r.Deadline != 0 {
		fmt.Fprintf(&w.out, " until %s", clock(r.Deadline))
	}
	for i, m := range r.Messages {
		fmt.Fprintf(&w.out, "; message %d %s", i+1, m.Status)
	}
	w.out.WriteString("\n")
	for _, v := range r.Vars {
		fmt.Fprintf(&w.out, "%s = %s\n", v.Name, v.Value)
	}
}

// check verifies the store. Every test that opens a store calls it.
func (w *world) check() {
	w.t.Helper()
	report, err := w.store.Check()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range report.Problems {
		w.t.Error("store: ", p)
	}
}

// runOrNone returns the ID of a run of the story, or of none for r9.
func (w *world) runOrNone(name string) engine.RunID {
	w.t.Helper()
	if name == "r9" {
		return engine.RunID{9}
	}
	return w.run(name)
}
