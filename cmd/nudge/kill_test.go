//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/store"
	"nudge/store/bolt"
)

// The counts of TestKill. Before a release it is
//
//	go test ./cmd/nudge -run TestKill -kills 2000 -timeout 1h -v
var (
	kills    = flag.Int("kills", 10, "how often TestKill kills the process")
	killSeed = flag.Uint64("kill-seed", 0, "what the tests with kills do when, who does it and what the provider does follow from it, but for what the machine decides; 0: another one each time, which is printed")
	killRuns = flag.Int("kill-runs", 500, "runs of TestKill before the first kill; more follow while it is killed again and again")
)

const (
	killSpeed  = 4000 // times real time: an hour takes 0.9 s
	killSecret = "the secret of the killed one"
)

// seedOfKills is the seed of a test, which it prints if it fails.
func seedOfKills(t *testing.T) uint64 {
	seed := *killSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-kill-seed %d", seed)
	return seed
}

// TestKill kills a serving process with SIGKILL at random instants and at every point of
// killPoints, while events and receipts keep arriving. Then it compares the client's record, the
// provider's and the store: no answered event and no accepted receipt is lost, every run ends in a
// legal way, and every second message is the next attempt after an outcome that the timeline calls
// unknown.
func TestKill(t *testing.T) {
	t.Parallel() // it waits most of the time
	seed := seedOfKills(t)
	newKilled(t, t.TempDir(), faultyProgram(t), seed, killSpeed).lives(*kills)
}

// TestKillDivided does so over four partitions, with events of people that start runs for others, most of whom are of another
// partition than who names them.
func TestKillDivided(t *testing.T) {
	t.Parallel() // it waits most of the time
	k := newKilled(t, t.TempDir(), faultyProgram(t), seedOfKills(t), killSpeed)
	k.divide(4)
	k.lives((*kills + 1) / 2)
}

// divide makes the store have partitions, and the events be of others than the runs.
func (k *killed) divide(partitions int) {
	k.t.Helper()
	for name, change := range map[string][2]string{
		"nudge.yaml":        {"order: { id: string }\n", fmt.Sprintf("order: { id: string, to: string }\npartitions: %d\n", partitions)},
		"flows/follow.yaml": {"trigger: { event: order, key: event.id }", "trigger: { event: order, key: event.id, to: event.to }"},
	} {
		text := k.read(name)
		if !strings.Contains(text, change[0]) {
			k.t.Fatalf("%s lacks %q", name, change[0])
		}
		k.write(name, strings.Replace(text, change[0], change[1], 1))
	}
	k.others = true
	k.from = len(killPoints) / 2 * k.dice.IntN(2) // it dies half as often, so at one half of the points or the other
}

func (k *killed) read(name string) string {
	k.t.Helper()
	text, err := os.ReadFile(filepath.Join(k.dir, name))
	if err != nil {
		k.t.Fatal(err)
	}
	return string(text)
}

// lives kills the process so many times, and judges what is left.
func (k *killed) lives(kills int) {
	t := k.t
	k.begin()
	k.events = *killRuns
	k.post(0, k.events, 0)
	if live := k.live(); live < k.events/2 {
		t.Errorf("only %d runs are in flight at the first kill", live)
	}
	over := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() { k.keepPosting(over) })
	next := func(n int) string { return killPoints[(k.from+n)%len(killPoints)] }
	k.set(next(0))
	for n := range kills {
		k.die(next(n))
		if n+1 < kills {
			k.start(k.set(next(n + 1)))
		}
	}
	k.begin()
	close(over)
	load.Wait()
	k.finish()
	k.judge()
	k.allSprung(t)
}

// keepPosting posts events from 16 callers, about fifty a second, until it is over.
func (k *killed) keepPosting(over chan struct{}) {
	for more := true; more; {
		k.post(k.events, k.events+16, 20*time.Millisecond)
		k.events += 16
		select {
		case <-over:
			more = false
		default:
		}
	}
}

// killed is a process that is killed, with the world around it.
type killed struct {
	t       *testing.T
	dice    *rand.Rand
	dir     string
	binary  string
	address string
	sandbox *sandbox.Sandbox
	process *exec.Cmd
	client  *http.Client
	mu      sync.Mutex            // guards taken
	taken   map[channels.Ref]bool // Read receipts that were answered with 200, by run and message
	output  string                // the file that all processes write to, for a failure
	witness func(string)          // is told of each answer and each message at once; may be nil
	trap    *trap
	events  int                 // how many were answered
	others  bool                // events name somebody else than the person of the run
	from    int                 // the point of killPoints where it is killed first
	unit    string              // of the time that people take
	opened  func() *store.Store // opens the store, which no process serves
}

// newKilled makes a world whose clocks go so many times as fast as ours.
func newKilled(t *testing.T, dir, binary string, seed uint64, speed float64) *killed {
	k := &killed{t: t, dice: rand.New(rand.NewPCG(seed, 1)), dir: dir, binary: binary, output: filepath.Join(dir, "stderr"),
		taken: map[channels.Ref]bool{}, client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	k.trap = &trap{sprung: map[string]int{}}
	k.opened, k.unit = k.store, "m"
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that stays the same over restarts
	if err != nil {
		t.Fatal(err)
	}
	k.address = l.Addr().String()
	l.Close()
	relay := httptest.NewServer(http.HandlerFunc(k.relay))
	t.Cleanup(relay.Close)
	k.sandbox, err = sandbox.New(sandbox.Config{
		WebhookURL: relay.URL, Secret: killSecret, Seed: seed,
		Clock: runner.NewClock(time.Now(), speed), People: k.people, Fault: faultsOfKill,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.sandbox.Close)
	provider := httptest.NewServer(k.trap.provider(k.sandbox.Handler()))
	t.Cleanup(provider.Close)
	k.write("nudge.yaml", fmt.Sprintf(`account: { url: %s, path: /cpaas, token: a-token-of-ours }
webhooks: { secrets: [ %s ] }
listen: %s
clock: { speed: %g }
on_unknown: resend
events:
  order: { id: string }
`, provider.URL, killSecret, k.address, speed))
	k.write("flows/follow.yaml", `flow: follow
trigger: { event: order, key: event.id }
steps:
  - send: first
  - wait:
      - read: first
      - failed: first
        then: [ { exit: undeliverable } ]
      - after: 8h
        then: [ { send: reminder }, { wait: [ { read: any }, { after: 6h } ] } ]
  - send: last
  - wait: [ { read: last }, { failed: last }, { after: 6h } ]
`)
	for _, name := range []string{"first", "reminder", "last"} {
		k.write("templates/"+name+".yaml", "body: \""+name+" of {{ data.id }}\"\n")
	}
	return k
}

// relay passes a webhook to the process and records the receipts that it accepted. The
// provider retries the others until it gives up.
func (k *killed) relay(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		k.t.Error(err)
		return
	}
	request, err := http.NewRequest("POST", "http://"+k.address+"/webhooks/comapi", bytes.NewReader(body))
	if err != nil {
		k.t.Error(err)
		return
	}
	request.Header = r.Header.Clone()
	k.trap.reach("webhook arrives")
	response, err := k.client.Do(request)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	response.Body.Close()
	if response.StatusCode == http.StatusOK {
		k.note(body)
		k.trap.reach("webhook answered")
	}
	w.WriteHeader(response.StatusCode)
}

func (k *killed) note(body []byte) {
	var event struct {
		Name    string
		Payload struct{ Metadata struct{ Nudge channels.Ref } }
	}
	if err := json.Unmarshal(body, &event); err != nil {
		k.t.Error(err)
	}
	if event.Name == "message.read" {
		ref := event.Payload.Metadata.Nudge
		k.mu.Lock()
		k.taken[channels.Ref{Run: ref.Run, Message: ref.Message}] = true
		k.mu.Unlock()
		k.saw("read %s %d", ref.Run, ref.Message)
	}
}

// saw tells the witness.
func (k *killed) saw(format string, args ...any) {
	if k.witness != nil {
		k.witness(fmt.Sprintf(format, args...))
	}
}

// people is called with each message that the provider takes.
func (k *killed) people(m sandbox.Message) people.Script {
	var metadata struct{ Nudge channels.Ref }
	if err := json.Unmarshal(m.Metadata, &metadata); err != nil {
		k.t.Error(err)
	}
	k.saw("post %s %d %d", metadata.Nudge.Run, metadata.Nudge.Message, metadata.Nudge.Attempt)
	n := hashOf(m.Profile)
	return scriptOfKill(n, fmt.Sprintf("delivered after %d%[2]s, reads after %[3]d%[2]s", n%90, k.unit, 100+n%500))
}

// scriptOfKill is what people do: what the text says, or they never read, or cannot be reached.
func scriptOfKill(n uint32, text string) people.Script {
	switch n % 10 {
	case 0:
		text = "never reads"
	case 1:
		text = "fails after 5m"
	}
	script, err := people.ParseScript(text)
	if err != nil {
		panic(err)
	}
	return script
}

// faultsOfKill are those of a provider on a bad day. Where it loses both its answer
// and its webhooks, nothing can prove a message, and it is sent again.
func faultsOfKill(m sandbox.Message) sandbox.Fault {
	n := hashOf(m.Profile + m.Text)
	return sandbox.Fault{DropResponse: n%50 == 0, LoseWebhooks: n%100 == 0, WebhooksFirst: n%7 == 0, Duplicate: n%5 == 0}
}

func hashOf(text string) uint32 {
	h := fnv.New32a()
	io.WriteString(h, text)
	return h.Sum32() >> 4
}

func (k *killed) write(name, text string) {
	k.t.Helper()
	path := filepath.Join(k.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		k.t.Fatal(err)
	}
}

// begin starts the process and returns once it is ready.
func (k *killed) begin() {
	k.t.Helper()
	if !k.start("") {
		k.process.Wait()
		k.t.Fatalf("it did not start:\n%s", k.said())
	}
}

// start starts the process, with a fault of its disk or none, and reports whether it got ready.
// If not, it is about to end.
func (k *killed) start(fault string) (ready bool) {
	k.t.Helper()
	k.process = exec.Command(k.binary, "serve", "-c", filepath.Join(k.dir, "nudge.yaml"))
	k.process.Env = append(os.Environ(), "NUDGE_DISK_FAULT="+fault)
	stderr, err := os.OpenFile(k.output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		k.t.Fatal(err)
	}
	defer stderr.Close()
	k.process.Stderr = stderr
	out, err := k.process.StdoutPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := k.process.Start(); err != nil {
		k.t.Fatal(err)
	}
	process := k.process
	k.trap.watch(process.Process)
	k.t.Cleanup(func() { process.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "ready") {
			return true
		}
	}
	return false
}

func (k *killed) kill() {
	k.t.Helper()
	if err := k.process.Process.Signal(syscall.SIGKILL); err != nil {
		k.t.Fatal(err)
	}
	k.process.Wait()
}

// post posts events until each was answered with 200, from 16 callers, each of which
// makes a pause after one.
func (k *killed) post(from, to int, pause time.Duration) {
	numbers := make(chan int)
	var callers sync.WaitGroup
	for range 16 {
		callers.Go(func() {
			for i := range numbers {
				for !k.event(i) {
					<-time.After(5 * time.Millisecond) // it is down: try again, as a client does
				}
			}
		})
	}
	for i := from; i < to; i++ {
		numbers <- i
		if pause > 0 {
			<-time.After(pause)
		}
	}
	close(numbers)
	callers.Wait()
}

// event posts one event and reports whether it was answered.
func (k *killed) event(i int) bool {
	body := fmt.Sprintf(`{"id":"e-%d","type":"order","profile":"p-%d","data":{"id":"O-%d"}}`, i, i, i)
	if k.others {
		body = fmt.Sprintf(`{"id":"e-%d","type":"order","profile":"buyer-%d","data":{"id":"O-%d","to":"p-%d"}}`, i, i, i, i)
	}
	k.trap.reach("event arrives")
	response, err := k.client.Post("http://"+k.address+"/v1/events", "application/json", strings.NewReader(body))
	if err != nil {
		return false
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 400 && response.StatusCode < 500 && response.StatusCode != 429 {
		k.t.Errorf("event %d: %d %s", i, response.StatusCode, answer)
		return true
	}
	if err != nil || response.StatusCode != http.StatusOK {
		return false
	}
	k.saw("event %d", i)
	k.trap.reach("event answered")
	return true
}

// live asks the process how many runs are live.
func (k *killed) live() int {
	n, err := k.liveRuns()
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

func (k *killed) liveRuns() (int, error) {
	response, err := k.client.Get("http://" + k.address + "/v1/flows")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var answer struct{ Flows []struct{ Live int } }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || len(answer.Flows) != 1 {
		return 0, fmt.Errorf("%d %v: %w", response.StatusCode, answer, err)
	}
	return answer.Flows[0].Live, nil
}

// finish waits until no run is live and every webhook is delivered, and ends the last
// process in the same way as an operator.
func (k *killed) finish() {
	k.t.Helper()
	// After thousands of kills the provider has as many webhooks to repeat.
	ctx, cancel := context.WithTimeout(k.t.Context(), 2*time.Minute+time.Duration(*kills)*200*time.Millisecond)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for k.live() > 0 {
		select {
		case <-ctx.Done():
			k.t.Fatalf("%d runs still live, such as %s\n%s", k.live(), k.sample(), k.said())
		case <-tick.C:
		}
	}
	if err := k.sandbox.Settle(ctx); err != nil {
		k.t.Fatal(err)
	}
	if err := errors.Join(k.process.Process.Signal(syscall.SIGTERM), k.process.Wait()); err != nil {
		k.t.Fatalf("the last stop: %v\n%s", err, k.said())
	}
}

// sample is a run that lives, as the API shows it.
func (k *killed) sample() string {
	var page struct{ Runs []struct{ ID string } }
	if err := json.Unmarshal(k.get("/v1/runs?status=live&limit=1"), &page); err != nil || len(page.Runs) == 0 {
		return "none"
	}
	return string(k.get("/v1/runs/" + page.Runs[0].ID))
}

// said returns the end of the processes' stderr.
func (k *killed) said() string {
	text, err := os.ReadFile(k.output)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}

func (k *killed) get(path string) []byte {
	response, err := k.client.Get("http://" + k.address + path)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil
	}
	return body
}

// sends are the attempts of one message of one run, as the provider saw them.
type sends struct {
	attempts []int
}

// judge compares three records: the answered events, the messages at the provider, and the
// store.
func (k *killed) judge() {
	runs := k.runs()
	started := map[string]int{}
	for _, r := range runs {
		started[r.Profile]++
	}
	for i := range k.events {
		if n := started[fmt.Sprint("p-", i)]; n != 1 {
			k.t.Errorf("event %d was answered and started %d runs, want 1", i, n)
		}
	}
	seen := k.seen()
	var outcomes = map[string]int{}
	unknown, resent, duplicates := 0, 0, 0
	for _, r := range runs {
		outcomes[r.Outcome]++
		k.legal(r)
		for n := range r.Messages {
			m := &r.Messages[n]
			key := channels.Ref{Run: r.ID.String(), Message: n + 1}
			s := seen[key]
			if s == nil {
				s = &sends{}
			}
			doubts, again := doubted(r, n+1)
			unknown, resent = unknown+doubts, resent+again
			if len(s.attempts) > 1 {
				duplicates += len(s.attempts) - 1
			}
			k.explained(r, n+1, s, doubts)
			if k.taken[key] && m.Status != engine.Read {
				k.t.Errorf("run %s: the Read of message %d was taken, and the store says %s: a receipt is lost", r.ID, n+1, m.Status)
			}
		}
	}
	k.t.Logf("%d kills: %d events answered, %d Read receipts taken, %d runs ended %v, %d posts seen by the provider, %d outcomes unknown, %d resent, %d of them second messages",
		*kills, k.events, len(k.taken), len(runs), outcomes, len(k.sandbox.Messages()), unknown, resent, duplicates)
	if len(k.taken) == 0 || unknown == 0 || duplicates == 0 {
		k.t.Error("no outcome was ever unknown, or nothing was ever sent twice: the kills proved nothing")
	}
}

// store opens the store, which no process may have open.
func (k *killed) store() *store.Store {
	k.t.Helper()
	return openedStore(k.t, filepath.Join(k.dir, "data"))
}

// openedStore opens the store in a data folder, which no process may have open.
func openedStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	files, err := bolt.OpenAll(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	all, err := store.OpenAll(files.KVs())
	if err != nil {
		t.Fatal(err)
	}
	return store.Join(all)
}

// runs reads all runs, after a check of the whole store.
func (k *killed) runs() (all []*engine.Run) {
	k.t.Helper()
	s := k.opened()
	defer s.Close()
	report, err := s.Check()
	if err != nil || len(report.Problems) > 0 || report.Live > 0 {
		k.t.Errorf("the store: %v, %d live, problems %q", err, report.Live, report.Problems)
	}
	return allRuns(k.t, s)
}

// seen returns the provider's view, by run and message.
func (k *killed) seen() map[channels.Ref]*sends {
	seen := map[channels.Ref]*sends{}
	for _, m := range k.sandbox.Messages() {
		var metadata struct{ Nudge channels.Ref }
		if err := json.Unmarshal(m.Metadata, &metadata); err != nil {
			k.t.Fatal(err)
		}
		key := channels.Ref{Run: metadata.Nudge.Run, Message: metadata.Nudge.Message}
		if seen[key] == nil {
			seen[key] = &sends{}
		}
		seen[key].attempts = append(seen[key].attempts, metadata.Nudge.Attempt)
	}
	return seen
}

// legal verifies that a run ended in a way that its flow allows.
func (k *killed) legal(r *engine.Run) {
	first, last := r.Timeline[0], engine.Entry{}
	for _, e := range r.Timeline {
		if e.Kind == engine.KindEnded {
			last = e
		}
		if e.Kind == engine.KindError || e.Kind == engine.KindQuarantined {
			k.t.Errorf("run %s: %s", r.ID, e.Detail)
		}
	}
	if first.Kind != engine.KindStarted || last.Detail != r.Outcome {
		k.t.Errorf("run %s: begins with %s and ends with %q, outcome %q", r.ID, first.Kind, last.Detail, r.Outcome)
	}
	var steps []int
	for _, m := range r.Messages {
		steps = append(steps, m.Step)
	}
	path := fmt.Sprint(steps, r.Outcome)
	if legal := []string{"[0]undeliverable", "[0 5]completed", "[0 3 5]completed"}; !slices.Contains(legal, path) {
		k.t.Errorf("run %s: messages of steps %s is no path of the flow", r.ID, path)
	}
}

// doubted counts the unknown outcomes of a message, and how often it was sent again.
func doubted(r *engine.Run, message int) (unknown, resent int) {
	for _, e := range r.Timeline {
		if e.Message == message && e.Kind == engine.KindUnknown {
			unknown++
		}
		if e.Message == message && e.Kind == engine.KindResend {
			resent++
		}
	}
	return unknown, resent
}

// explained compares the provider's view of a message with its timeline: no attempt came
// twice, and every attempt except the last one has an unknown outcome.
func (k *killed) explained(r *engine.Run, message int, s *sends, unknown int) {
	slices.Sort(s.attempts)
	if len(slices.Compact(slices.Clone(s.attempts))) != len(s.attempts) {
		k.t.Errorf("run %s: message %d was posted as attempts %v: one came twice", r.ID, message, s.attempts)
	}
	if n := len(s.attempts); n > 0 && s.attempts[n-1] > r.Message(message).Attempt {
		k.t.Errorf("run %s: the provider saw attempt %d of message %d, the store knows %d", r.ID, s.attempts[n-1], message, r.Message(message).Attempt)
	}
	if len(s.attempts)-1 > unknown {
		k.t.Errorf("run %s: message %d was posted as attempts %v, but only %d outcomes are unknown", r.ID, message, s.attempts, unknown)
	}
}
