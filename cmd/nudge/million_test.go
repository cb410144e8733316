//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nudge/client"
	"nudge/runner"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/store"
)

// rowCount is how many people the campaign of TestMillion has. The whole thing is
//
//	go test ./cmd/nudge -run TestMillion -rows 1000000 -campaign-kills 10 -timeout 2h -v
var (
	rowCount      = flag.Int("rows", 1500, "people of the campaign of TestMillion")
	campaignKills = flag.Int("campaign-kills", 5, "how often TestMillion kills the program")
)

const (
	campaignSpeed = 200       // times real time: an unknown message is held for 4.5 s
	maxResident   = 200 << 10 // KiB: what the process has in memory, of its own and of mapped files

	// Over partitions as much may be its own; and of all files together so much is mapped at most (bolt.maxMapped), with what
	// they read until the next look.
	maxMappedFiles = (256 + 128) << 10
)

// TestMillion runs a campaign through the real program and the sandbox, and kills the
// program at random moments. At every look the people add up to the audience (I9). At the
// end everybody got one message, except where the outcome of the message is unknown, and
// nobody got two.
func TestMillion(t *testing.T) {
	t.Parallel() // it waits most of the time
	newMillion(t, *rowCount).goes()
}

// TestMillionDivided does so over four partitions.
func TestMillionDivided(t *testing.T) {
	t.Parallel() // it waits most of the time
	m := newMillion(t, *rowCount)
	m.write("nudge.yaml", m.read("nudge.yaml")+"partitions: 4\n")
	m.mapped = maxMappedFiles
	m.goes()
}

// goes runs the campaign to its end.
func (m *million) goes() {
	m.begin()
	m.opened, m.stopAll = func() *store.Store { return openedStore(m.t, filepath.Join(m.dir, "data")) }, m.stop
	m.replace = func() {
		m.kill()
		m.begin()
	}
	m.runsTo()
}

// runsTo runs the campaign to its end, once the program is there.
func (m *million) runsTo() {
	t := m.t
	m.start()
	looks := m.live()
	if err := m.sandbox.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, _ := m.look()
	m.stopAll()
	missed := m.judge(c)
	t.Logf("%d rows in %s, %d kills, %d looks: %v, %d of the unknown were not messaged; at most %d MiB of its own, %d MiB with the mapped file",
		*rowCount, time.Since(m.began).Round(time.Second), *campaignKills, looks, c.Outcomes, missed, m.anonymous>>10, m.resident>>10)
}

// million is a campaign whose program is killed, with the world around it.
type million struct {
	*killed
	rows     int
	campaign string
	began    time.Time

	mu     sync.Mutex // guards counts
	counts []uint8    // messages that the provider took, by person

	replace func() // kills the program, and starts it again
	stopAll func() // stops the program

	anonymous, resident int // KiB at most
	mapped              int // KiB of files that are allowed beside its own memory
}

func newMillion(t *testing.T, rows int) *million {
	dir := t.TempDir()
	m := &million{rows: rows, counts: make([]uint8, rows), began: time.Now(), killed: &killed{
		trap: &trap{sprung: map[string]int{}},
		t:    t, dir: dir, dice: rand.New(rand.NewPCG(seedOfKills(t), 1)),
		client: &http.Client{Timeout: 10 * time.Second}, binary: builtProgram(t), output: filepath.Join(dir, "stderr"),
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port that stays the same over restarts
	if err != nil {
		t.Fatal(err)
	}
	m.address = l.Addr().String()
	l.Close()
	m.sandbox, err = sandbox.New(sandbox.Config{
		WebhookURL: "http://" + m.address + "/webhooks/comapi", Secret: killSecret, People: m.count, Batch: 100,
		Clock: runner.NewClock(time.Now(), campaignSpeed), Keep: 1000,
		Pending: 8 * rows, // what the program is slow to take must not become refusals, of which ten pass in seconds at this speed
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.sandbox.Close)
	provider := httptest.NewServer(m.sandbox.Handler())
	t.Cleanup(provider.Close)
	m.write("nudge.yaml", fmt.Sprintf(`account: { url: %s, path: /cpaas, token: a-token-of-ours }
webhooks: { secrets: [ %s ] }
listen: %s
clock: { speed: %d }
`, provider.URL, killSecret, m.address, campaignSpeed))
	m.write("flows/million.yaml", `flow: million
trigger: { at: 2020-01-01 09:00, audience: people.csv }
data: { name: string, points: number }
steps:
  - send: { body: "{{ data.name }}, {{ data.points }} points" }
`)
	m.audience()
	return m
}

// audience writes the people. Some are in the file twice, and some rows cannot be read.
func (m *million) audience() {
	m.t.Helper()
	dir := filepath.Join(m.dir, "audiences")
	if err := os.Mkdir(dir, 0o700); err != nil {
		m.t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(dir, "people.csv"))
	if err != nil {
		m.t.Fatal(err)
	}
	out := bufio.NewWriter(file)
	fmt.Fprintln(out, "profile,name,points")
	order := m.dice.Perm(m.rows)
	for i, n := range order {
		fmt.Fprintf(out, "p%d,\"Person %d\",%d\n", n, n, n%100)
		switch {
		case i%1000 == 500:
			fmt.Fprintf(out, "p%d,Again,1\n", order[i/2])
		case i%1000 == 700:
			fmt.Fprintf(out, "p%d,Bad,many\n", n)
		}
	}
	if err := errors.Join(out.Flush(), file.Close()); err != nil {
		m.t.Fatal(err)
	}
}

// count notes that the provider took a message. Some people read, some never do.
func (m *million) count(message sandbox.Message) people.Script {
	n, err := strconv.Atoi(strings.TrimPrefix(message.Profile, "p"))
	if err != nil || n >= m.rows {
		m.t.Errorf("a message to %q", message.Profile)
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[n]++
	if n%3 == 0 {
		return people.Script{{Does: people.Delivers, After: time.Second}}
	}
	return people.DefaultScript()
}

func (m *million) start() {
	m.t.Helper()
	response, err := m.client.Post("http://"+m.address+"/v1/campaigns", "application/json", strings.NewReader(`{"flow": "million", "id": "one"}`))
	if err != nil {
		m.t.Fatal(err)
	}
	defer response.Body.Close()
	var c client.Campaign
	if err := json.NewDecoder(response.Body).Decode(&c); err != nil || response.StatusCode != http.StatusCreated {
		m.t.Fatalf("%d %v", response.StatusCode, err)
	}
	m.campaign = c.ID
}

// live looks at the campaign until it is finished, and kills the program at some random
// points of its progress.
func (m *million) live() (looks int) {
	m.t.Helper()
	kills := make([]int, *campaignKills)
	for i := range kills {
		kills[i] = m.dice.IntN(m.rows)
	}
	slices.Sort(kills)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ; ; looks++ {
		<-tick.C
		c, known := m.look()
		if !known {
			continue // a node was killed meanwhile
		}
		m.measure()
		if c.Status == "finished" && len(kills) == 0 {
			return looks
		}
		if c.Status == "failed" {
			m.t.Fatalf("the campaign failed: %s", c.Reason)
		}
		if len(kills) > 0 && c.Taken >= kills[0] {
			kills = kills[1:]
			m.replace()
		}
	}
}

// look reads the campaign and verifies that its people add up. It is not known while a node of several does not answer.
func (m *million) look() (c client.Campaign, known bool) {
	m.t.Helper()
	response, err := m.client.Get("http://" + m.address + "/v1/campaigns/" + m.campaign)
	if err != nil {
		m.t.Fatalf("%v\n%s", err, m.said())
	}
	defer response.Body.Close()
	if m.process == nil && response.StatusCode >= 500 {
		return c, false
	}
	if err := json.NewDecoder(response.Body).Decode(&c); err != nil {
		m.t.Fatal(err)
	}
	sum := uint64(0)
	for _, n := range c.Outcomes {
		sum += n
	}
	if int(sum) != c.Audience {
		m.t.Errorf("%d rows are accounted for, of %d: %v", sum, c.Audience, c.Outcomes)
	}
	return c, true
}

// measure reads how much memory the program has.
func (m *million) measure() {
	m.t.Helper()
	if m.process == nil {
		return // there are several
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.process.Process.Pid))
	if err != nil {
		m.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		switch name {
		case "RssAnon":
			m.anonymous = max(m.anonymous, kib)
		case "VmRSS":
			m.resident = max(m.resident, kib)
		}
	}
}

// stop ends the program as an operator would.
func (m *million) stop() {
	m.t.Helper()
	if err := errors.Join(m.process.Process.Signal(syscall.SIGTERM), m.process.Wait()); err != nil {
		m.t.Fatalf("the last stop: %v\n%s", err, m.said())
	}
}

// judge compares the provider's messages with the campaign, and returns how many people
// got no message.
func (m *million) judge(c client.Campaign) (missed int) {
	t := m.t
	t.Helper()
	for n, count := range m.counts {
		if count == 0 {
			missed++
		}
		if count > 1 {
			t.Errorf("p%d was messaged %d times", n, count)
		}
	}
	duplicates, bad := 0, 0
	for i := range m.rows {
		if i%1000 == 500 {
			duplicates++
		}
		if i%1000 == 700 {
			bad++
		}
	}
	if missed > int(c.Outcomes["unknown"]) {
		t.Errorf("%d people were not messaged, and %d are listed as unknown", missed, c.Outcomes["unknown"])
	}
	if c.Audience != m.rows+duplicates+bad || int(c.Outcomes["bad"]) != bad || int(c.Outcomes["left out: duplicate"]) != duplicates {
		t.Errorf("the audience is %d: %v; want %d people, %d twice, %d bad", c.Audience, c.Outcomes, m.rows, duplicates, bad)
	}
	reached := c.Outcomes["sent"] + c.Outcomes["delivered"] + c.Outcomes["read"] + c.Outcomes["unknown"]
	if int(reached) != m.rows {
		t.Errorf("%d of %d people were written to: %v", reached, m.rows, c.Outcomes)
	}
	if m.resident > maxResident+m.mapped || m.mapped > 0 && m.anonymous > maxResident {
		t.Errorf("the program had %d KiB in memory, %d of them its own; %d and %d of files are allowed", m.resident, m.anonymous, maxResident, m.mapped)
	}
	m.verify()
	return missed
}

// verify checks the store that is left.
func (m *million) verify() {
	t := m.t
	t.Helper()
	s := m.opened()
	defer s.Close()
	report, err := s.Check()
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("the store: %v %q", err, report.Problems)
	}
}
