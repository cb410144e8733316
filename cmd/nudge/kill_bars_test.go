//go:build linux

package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nudge/client"
)

const (
	barRows    = 400 // people of the campaign of TestBarsAddUp
	barsLooker = "the token of somebody who looks"
	barsSender = "the token of the shop"

	barsFlow = `flow: follow
trigger: { event: order, key: event.id }
exit:
  - { event: bought, key: event.id, as: bought, goal: true }
  - { event: returned, key: event.id, as: returned }
steps:
  - id: text
    split:
      - { as: friendly, weight: 1, then: [ { send: first } ] }
      - { as: brisk, weight: 2, then: [ { send: reminder } ] }
  - wait: [ { read: any }, { failed: any, then: [ { exit: undeliverable } ] }, { after: 3h } ]
  - send: last
  - wait: [ { read: last }, { after: 1h } ]
`
	barsCampaign = `flow: wave
trigger: { at: 2020-01-01 09:00, audience: people.csv }
data: { id: string }
steps:
  - send: first
  - wait: [ { read: first }, { failed: first }, { after: 4h } ]
`
)

// barKillPoints are those of a program whose disk is as it is.
var barKillPoints = slices.DeleteFunc(slices.Clone(killPoints), func(point string) bool { return strings.HasPrefix(point, "disk:") })

// TestBarsAddUp kills a serving process with SIGKILL again and again, while people enter a flow with a split, a wait, exits and a goal, and a
// campaign. After each start somebody logs in to the console, and opens the first page, the flow and the campaign. On each of them the
// parts of every bar add up to its whole, which was counted by itself, and nobody is missing whose event was answered.
func TestBarsAddUp(t *testing.T) {
	b := newBars(t, seedOfKills(t))
	b.begin()
	began := time.Now()
	a, err := client.New(client.Config{Server: "http://" + b.address, Token: barsSender})
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.StartCampaign(t.Context(), client.CampaignStart{Flow: "wave", ID: "one"})
	if err != nil {
		t.Fatal(err)
	}
	b.campaign = c.ID
	over := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() { b.keepSending(over) })
	times := max(1, *kills/4)
	for n := range times {
		point := barKillPoints[n%len(barKillPoints)]
		b.set(point)
		b.die(point)
		b.begin()
		b.look(int(b.answered.Load()), -1)
	}
	close(over)
	load.Wait()
	b.untilNobodyLives()
	bars := b.look(b.events, b.events)
	if err := b.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	b.process.Wait()
	t.Logf("%d kills in %s, %d events answered, %d pages; at the end %v", times, time.Since(began).Round(time.Millisecond), b.events, b.pages, bars)
}

// bars is a process that is killed while somebody looks.
type bars struct {
	*killed
	campaign string
	answered atomic.Int64 // events that start a run
	pages    int          // that were looked at
}

func newBars(t *testing.T, seed uint64) *bars {
	b := &bars{killed: newKilled(t, t.TempDir(), builtProgram(t), seed, killSpeed)}
	b.client.Transport = withToken{b.client.Transport, barsSender}
	settings := filepath.Join(b.dir, "nudge.yaml")
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	b.write("nudge.yaml", string(text)+fmt.Sprintf(`  bought: { id: string }
  returned: { id: string }
tokens:
  - { name: looker, token: %s, scopes: [ read ] }
  - { name: shop, token: %s, scopes: [ operate, events ] }
`, barsLooker, barsSender))
	b.write("flows/follow.yaml", barsFlow)
	b.write("flows/wave.yaml", barsCampaign)
	rows := "profile,id\n"
	for n := range barRows {
		rows += fmt.Sprintf("c-%d,O-%d\n", n, n)
	}
	b.write("audiences/people.csv", rows)
	return b
}

// withToken sends each request with a token.
type withToken struct {
	next  http.RoundTripper
	token string
}

func (w withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+w.token)
	return w.next.RoundTrip(r)
}

// keepSending sends events until it is over: of those who have ordered, some buy, and some return.
func (b *bars) keepSending(over chan struct{}) {
	dice := rand.New(rand.NewPCG(1, 2))
	for {
		b.post(b.events, b.events+16, 5*time.Millisecond)
		b.events += 16
		b.answered.Store(int64(b.events))
		for kind, n := range map[string]int{"bought": dice.IntN(b.events), "returned": dice.IntN(b.events)} {
			for !b.leaves(kind, n) {
				<-time.After(5 * time.Millisecond) // it is down
			}
		}
		select {
		case <-over:
			return
		default:
		}
	}
}

// leaves makes somebody leave the flow, and reports whether that was answered.
func (b *bars) leaves(kind string, n int) bool {
	body := fmt.Sprintf(`{"id":"%s-%d","type":"%s","profile":"p-%d","data":{"id":"O-%d"}}`, kind, n, kind, n, n)
	response, err := b.client.Post("http://"+b.address+"/v1/events", "application/json", strings.NewReader(body))
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil && response.StatusCode == http.StatusOK
}

// look logs in as a browser does, and checks the bars of the pages. The flow has at least so many people, and at most, unless that is -1.
func (b *bars) look(least, most int) (flow []int) {
	b.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: patience}
	answer, err := browser.PostForm("http://"+b.address+"/console/login", url.Values{"token": {barsLooker}})
	if err != nil {
		b.t.Fatalf("%v\n%s", err, b.said())
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		b.t.Fatalf("the login was answered with %d", answer.StatusCode)
	}
	for path, bars := range map[string]int{"/console/": 2, "/console/flows/follow?since=all": 1, "/console/flows/follow?view=table": 1, "/console/campaigns": 1, "/console/campaigns/" + b.campaign: 1} {
		all := b.barsOf(browser, path)
		if len(all) != bars {
			b.t.Errorf("%s has %d bars, want %d", path, len(all), bars)
		}
		for _, bar := range all {
			switch {
			case strings.Contains(path, "campaigns") && bar[0] != barRows:
				b.t.Errorf("%s: the bar is of %d people, and the audience has %d", path, bar[0], barRows)
			case strings.Contains(path, "flows"):
				if flow = bar; bar[0] < least || most >= 0 && bar[0] > most {
					b.t.Errorf("%s: the bar is of %d people, and %d events were answered", path, bar[0], least)
				}
			}
		}
	}
	return flow
}

var (
	barOfPage  = regexp.MustCompile(`(?s)<svg class="bar" data-whole="(\d+)".*?</svg>`)
	partOfPage = regexp.MustCompile(`data-part="(\d+)"`)
)

// barsOf opens a page and returns its bars, each as its whole and its parts, which must add up to it.
func (b *bars) barsOf(browser *http.Client, path string) (all [][]int) {
	b.t.Helper()
	answer, err := browser.Get("http://" + b.address + path)
	if err != nil {
		b.t.Fatalf("%v\n%s", err, b.said())
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %d, %v", path, answer.StatusCode, err)
	}
	b.pages++
	for _, found := range barOfPage.FindAllStringSubmatch(string(page), -1) {
		whole, _ := strconv.Atoi(found[1])
		bar, sum := []int{whole}, 0
		for _, part := range partOfPage.FindAllStringSubmatch(found[0], -1) {
			n, _ := strconv.Atoi(part[1])
			bar, sum = append(bar, n), sum+n
		}
		if sum != whole {
			b.t.Errorf("%s: the parts %v of a bar add up to %d, not to %d", path, bar[1:], sum, whole)
		}
		all = append(all, bar)
	}
	return all
}
