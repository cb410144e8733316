package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nudge/client"
	"nudge/docs/pagetest"
	"nudge/flows"
)

// followed are pages that are read from top to bottom: their files are written, and their commands run, in
// an empty folder.
var followed = []string{"docs/testing.md", "docs/proofs.md", "docs/changing-flows.md"}

// commandShown is a command of a page and what the page says that it prints.
type commandShown struct {
	command, want string
	code          int  // with which it exits
	lines         bool // the page shows some of the lines only
}

// shownBy are the commands with output of a block. A mark says with what the command exits, or of which
// command the text is: "exits with 1", "exits with 1: nudge test", "lines of: nudge health".
func shownBy(b pagetest.Block) (all []commandShown) {
	code := 0
	mark := b.Mark
	if rest, ok := strings.CutPrefix(mark, "exits with "); ok {
		var number string
		number, mark, _ = strings.Cut(rest, ": ")
		code, _ = strconv.Atoi(number)
	}
	command, lines := strings.CutPrefix(mark, "lines of: ")
	if strings.HasPrefix(command, "nudge ") {
		return []commandShown{{command, b.Text, code, lines}}
	}
	if b.Language != "console" {
		return nil
	}
	for _, part := range strings.Split("\n"+b.Text, "\n$ ")[1:] {
		commands := commandsOf(pagetest.Block{Language: "sh", Text: strings.SplitAfter(part, "\n")[0]})
		_, want, _ := strings.Cut(part, "\n")
		if strings.Count(part[:strings.IndexByte(part+"\n", '\n')], "'")%2 == 1 { // a quote that goes on
			whole, rest, _ := strings.Cut(part, "'\n")
			commands, want = []string{strings.Join(strings.Fields(whole), " ") + "'"}, rest
		}
		if want != "" && !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		if len(commands) == 1 {
			all = append(all, commandShown{commands[0], want, code, false})
		}
	}
	return all
}

// changing are what differs from one run of a command to the next.
var changing = regexp.MustCompile(`\b01[0-9A-HJKMNP-TV-Z]{24}\b|\bnudge_[A-Z2-7]{26}\b`)

// check runs the command. What the mask matches may differ.
func (s commandShown) check(mask *regexp.Regexp) error {
	_, text, ok := strings.Cut(s.command, "nudge ")
	if !ok {
		return nil // of another program
	}
	var args []string
	for _, word := range shellWords(text) {
		args = append(args, strings.Trim(word, `'`))
	}
	var out, errs bytes.Buffer
	if code := run(args, strings.NewReader(""), &out, &errs); code != s.code {
		return fmt.Errorf("%s exits with %d, want %d: %s%s", s.command, code, s.code, &out, &errs)
	}
	blank := regexp.MustCompile(` +\n`)
	got, want := blank.ReplaceAllString(out.String(), "\n"), blank.ReplaceAllString(s.want, "\n")
	if both := got + errs.String(); both == want {
		return nil
	}
	if mask != nil {
		got, want = mask.ReplaceAllString(got, "ID"), mask.ReplaceAllString(want, "ID")
	}
	if s.lines {
		return hasLines(s.command, got, want)
	}
	if got != want {
		return fmt.Errorf("%s prints\n%s\nthe page shows\n%s", s.command, got, want)
	}
	return nil
}

// hasLines reports whether a text has lines, one after the other. A line that ends with "…" goes on.
func hasLines(command, text, lines string) error {
	rest := strings.Split(text, "\n")
	for _, line := range strings.Split(strings.TrimRight(lines, "\n"), "\n") {
		begin, open := strings.CutSuffix(line, "…")
		i := slices.IndexFunc(rest, func(got string) bool { return got == line || open && strings.HasPrefix(got, begin) })
		if i < 0 {
			return fmt.Errorf("%s prints\n%s\nwithout the line\n%s", command, text, line)
		}
		rest = rest[i+1:]
	}
	return nil
}

// follow writes the files of a page and runs its commands.
func follow(t *testing.T, p pagetest.Page) error {
	t.Chdir(t.TempDir())
	ran := 0
	for _, b := range p.Blocks() {
		if p.IsGenerated(b.Begin) {
			continue
		}
		if b.Language == "yaml" {
			file, text := b.File("")
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
				return fmt.Errorf("%s:%d: %w", p.Name, b.Line, err)
			}
			continue
		}
		for _, s := range shownBy(b) {
			if p.Name == "docs/changing-flows.md" && ran == 0 {
				if _, list := flows.Load(os.DirFS("shop")); list.HasErrors() {
					return list.Err()
				}
				aWeek(t, "shop", "data")
			}
			if ran++; strings.HasPrefix(s.command, "nudge deploys ") {
				continue // see play
			}
			if err := s.check(nil); err != nil {
				return fmt.Errorf("%s:%d: %w", p.Name, b.Line, err)
			}
		}
	}
	if ran < 2 {
		return fmt.Errorf("%s: only %d commands were run", p.Name, ran)
	}
	return followedBy(p)
}

// followedBy holds what a page does not show: that its tests cover its flows, and that the stories of its
// proofs are tests which pass.
func followedBy(p pagetest.Page) error {
	switch p.Name {
	case "docs/testing.md":
		if got := printed("test", "--cover"); !strings.Contains(got, "13 tests: 13 passed") || strings.Contains(got, "never tested") {
			return fmt.Errorf("all files of %s together: %s", p.Name, got)
		}
	case "docs/proofs.md":
		stories := strings.Split(p.Text, "\nflow: order\npeople:\n")[1:]
		for _, story := range stories {
			story, _, _ = strings.Cut(story, "\n  broken ")
			story, _, _ = strings.Cut(story, "\n```")
			if err := os.MkdirAll("tests", 0o755); err != nil {
				return err
			}
			if err := os.WriteFile("tests/proof.yaml", []byte("flow: order\npeople:\n"+story+"\n"), 0o644); err != nil {
				return err
			}
			if got := printed("test"); !strings.Contains(got, "1 test: 1 passed") {
				return fmt.Errorf("%s: the story of a proof: %s", p.Name, got)
			}
		}
		if len(stories) == 0 {
			return fmt.Errorf("%s shows no story of a proof", p.Name)
		}
	}
	return nil
}

// printed is what nudge prints, whatever it exits with.
func printed(args ...string) string {
	var out bytes.Buffer
	run(args, strings.NewReader(""), &out, &out)
	return out.String()
}

// play runs the commands of a page against a server that gives the same answers to everybody.
func play(t *testing.T, p pagetest.Page) error {
	answers := played[p.Name]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[r.Method+" "+r.URL.Path]
		if !ok {
			http.Error(w, "{}", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer)
	}))
	defer server.Close()
	t.Chdir(t.TempDir())
	t.Setenv("NUDGE_SERVER", server.URL)
	for _, b := range p.Blocks() {
		if p.IsGenerated(b.Begin) {
			continue
		}
		for _, s := range shownBy(b) {
			if s.want == "" || slices.Contains(followed, p.Name) && !strings.HasPrefix(s.command, "nudge deploys ") {
				continue
			}
			if err := s.check(changing); err != nil {
				return fmt.Errorf("%s:%d: %w", p.Name, b.Line, err)
			}
		}
	}
	return nil
}

// live runs the commands of an example's page with nudge dev, which the page begins with.
func live(t *testing.T, p pagetest.Page) error {
	example := filepath.Dir(p.Name)
	dir := copyProject(t, os.DirFS(filepath.Join(root, example)))
	out := make(lines, 1000)
	d := &devSession{
		options: devOptions{dir: dir, listen: "127.0.0.1:0", local: "127.0.0.1:0"},
		out:     out, errs: io.Discard, log: slog.New(slog.DiscardHandler), look: make(chan time.Time), save: make(chan time.Time),
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	server := strings.Fields(out.expect(t, "nudge is ready: api "))[4]
	t.Setenv("NUDGE_SERVER", server)
	err := liveCommands(t, clientOf(t, server), p, example)
	stop()
	return errors.Join(err, <-done)
}

// followsEvent is the line of an answer that says what an event did.
var followsEvent = regexp.MustCompile(`(?m)^  \w+ (?:started|exited|advanced|collected|queued|fired)\b`)

func liveCommands(t *testing.T, server *client.Client, p pagetest.Page, example string) error {
	begun := false
	for _, b := range p.Blocks() {
		for _, s := range shownBy(b) {
			if err := untilSent(t.Context(), server); begun && err != nil {
				return err
			}
			switch {
			case s.command == "nudge dev "+example:
				begun = true
			case strings.Contains(s.command, "CAMPAIGN"): // a name that the reader puts in
			case s.want != "":
				if err := s.check(changing); err != nil {
					return err
				}
			default:
				var out, errs bytes.Buffer
				var args []string
				for _, word := range shellWords(strings.TrimPrefix(s.command, "nudge ")) {
					args = append(args, strings.Trim(word, `'`))
				}
				code := run(args, strings.NewReader(""), &out, &errs)
				if code != 0 || strings.HasPrefix(s.command, "nudge events send ") && !followsEvent.Match(out.Bytes()) {
					return fmt.Errorf("%s exits with %d, and says %s%s", s.command, code, &out, &errs)
				}
			}
		}
	}
	if !begun {
		return fmt.Errorf("%s does not say how to run it", p.Name)
	}
	return nil
}

// untilSent waits until no message is on its way, as somebody does who types the next command.
func untilSent(ctx context.Context, server *client.Client) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		page, err := server.Runs(ctx, client.RunQuery{RunFilter: client.RunFilter{Status: "live"}})
		if err != nil || !slices.ContainsFunc(page.Runs, func(r client.Run) bool { return r.Status == "sending" }) {
			return err
		}
	}
	return errors.New("a message is not sent")
}

func instant(text string) client.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return client.Time{Time: at}
}

// played are the answers of a server, by page and route.
var played = map[string]map[string]any{
	"docs/runs.md": {
		"GET /v1/runs/failures": &client.FailureList{Groups: []client.FailureGroup{{
			ID: "9b9b0bbd2d2e4f2c", What: "message", Status: "failed", Reason: "no number #", Flow: "order_shipped", Version: "0a1b2c3d4e5f6071", Step: "shipped",
			Runs: 41, Newest: client.FailureExample{Run: "01JD0Q7V6T3M5R8W9X0Y1Z2A3B", Profile: "ann", At: instant("2026-11-30T09:12:00Z")},
		}}},
		"POST /v1/runs/retry": &client.BulkCount{Runs: 41, At: instant("2026-11-30T09:30:00Z"), Looked: 41, Examples: []client.Run{{
			ID: "01JD0Q7V6T3M5R8W9X0Y1Z2A3B", Flow: "order_shipped", Profile: "ann", Key: "7", Started: instant("2026-11-30T09:12:00Z"), Status: "ended", Outcome: "failed",
		}}},
	},
	"docs/campaigns.md": {
		"POST /v1/campaigns/preview": &client.Preview{
			Flow: "flash_sale", Rows: 4, Bad: 1, BadRows: []client.BadRow{{Line: 5, What: `points must be a number, got "lots"`}}, Tried: 4,
			Outcomes: map[string]int{"sends at once": 2, "left out: duplicate": 1, "left out: if": 1},
			Examples: map[string][]string{"left out: duplicate": {"ann"}, "left out: if": {"cid"}},
			Forecast: []client.Forecast{{From: instant("2026-11-27T10:00:00Z"), Messages: 2, PerMinute: 2}}, Last: instant("2026-11-27T10:00:00Z"),
			Samples: []client.Sample{
				{Profile: "ann", Step: "offer", Messages: 1, Text: "Ann, today only: your 120 points count double."},
				{Profile: "bob", Step: "offer", Absent: []string{"data.first_name"}, Messages: 1, Text: "Hello, today only: your 40 points count double."},
			},
		},
		"GET /v1/campaigns/weekly_report@2026-03-09T09:00": &client.CampaignDetail{
			Campaign: client.Campaign{
				ID: "weekly_report@2026-03-09T09:00", Flow: "weekly_report", Version: "0f3c5b1d2a4e6879", Status: "started",
				Begun: instant("2026-03-08T19:00:00Z"), Local: true, Audience: 5, Taken: 5, Live: 5, Outcomes: map[string]uint64{"planned": 5},
			},
			Started: client.CampaignStarted{How: "schedule", At: instant("2026-03-08T19:00:00Z")},
			Wave: []client.CampaignHour{
				{From: instant("2026-03-08T20:00:00Z"), People: 1}, {From: instant("2026-03-09T03:00:00Z"), People: 1},
				{From: instant("2026-03-09T09:00:00Z"), People: 2}, {From: instant("2026-03-09T13:00:00Z"), People: 1},
			},
		},
	},
	"docs/cluster.md": {"GET /v1/cluster": shownCluster()},
	"docs/operations.md": {
		"GET /v1/audit": &client.AuditPage{Entries: []client.AuditEntry{{
			At: instant("2026-11-30T09:12:40Z"), By: client.Actor{Name: "ops", Address: "127.0.0.1:51234"}, Did: "pause campaign",
			On: "sale@2026-11-30T09:00:00.000Z", Reason: "wrong text", Before: []byte(`{"paused":false}`), After: []byte(`{"paused":true}`),
		}}},
		"GET /v1/events/types": &client.EventTypes{Types: []client.EventType{
			{
				Type: "order.shipped", Used: true, Last: instant("2026-11-30T09:12:40.018Z"), From: "shop", Day: client.EventCounts{Started: 912, Nothing: 3, Duplicate: 11, Refused: 2},
				ByHour: []uint64{20, 20, 10, 10, 10, 10, 20, 30, 50, 60, 70, 70, 80, 70, 70, 60, 60, 50, 50, 40, 40, 30, 30, 20},
			},
			{
				Type: "order.returnd", DidYouMean: "order.returned", Last: instant("2026-11-30T08:55:03.1Z"), From: "erp", Day: client.EventCounts{Nothing: 1},
				ByHour: append(make([]uint64, 23), 1),
			},
		}},
		"GET /v1/health": &client.Health{
			At: instant("2027-03-09T12:00:00Z"), Needs: []client.HealthNeed{{
				What: "account", Detail: "nothing goes to the account main: requests fail: 503 overloaded; 1204 messages wait", Since: instant("2027-03-09T11:52:48Z"),
			}},
			Outbound: client.HealthOutbound{Mode: "live"},
			Accounts: []client.HealthAccount{{
				Account: "main", Held: true, Since: instant("2027-03-09T11:52:48Z"), Why: "requests fail: 503 overloaded", Next: instant("2027-03-09T12:01:12Z"), Waiting: 1204,
			}},
			Store: client.HealthStore{FileBytes: 8124 << 20 / 10, FreeBytes: 96 << 20, DiskBytes: pointer(int64(413827) << 20 / 10), DiskLeast: 1 << 30},
		},
	},
	"docs/templates.md": {
		"GET /v1/templates/shipped": &client.Template{Name: "shipped", Uses: []client.TemplateCases{{Cases: []client.TemplateCase{{
			Locale: "en", Language: "en", Absent: []string{"profile.first_name"}, Warnings: []string{"a gap is left: …Hi , your order is…"},
			Message: &client.TemplateMessage{Body: "Hi , your order is on its way."},
		}}}}},
	},
	"docs/changing-flows.md": {
		"GET /v1/deploys/12": &client.Deploy{
			ID: "12", State: "open", At: instant("2026-03-05T09:12:40Z"), By: client.Actor{Name: "ann"}, Note: "remind earlier",
			Changes: []client.FlowChange{{Flow: "order_shipped", Before: "0f78b6b213875f15", After: "d791e2ef13a2b7f4", Files: []string{"flows/order_shipped.yaml", "templates/reminder.yaml"}}},
			Verdict: "2 runs moved, 7 ended; 16 messages would have been 18: 3 new, 1 gone, 5 at another time; no promise can be broken, 3 bounds changed",
		},
	},
}

// shownCluster is three nodes that have sixteen partitions.
func shownCluster() *client.Cluster {
	c := &client.Cluster{Node: "nudge-1", At: instant("2026-11-30T09:30:00Z"), Nodes: []client.Node{
		{Name: "nudge-1", ID: "A", Address: "10.0.0.5:43607", State: "serves", Since: instant("2026-11-30T09:12:40Z"), Expires: instant("2026-11-30T09:30:10Z"), Partitions: 6},
		{Name: "nudge-2", ID: "B", Address: "10.0.0.6:42027", State: "serves", Since: instant("2026-11-30T09:13:20Z"), Expires: instant("2026-11-30T09:30:08Z"), Partitions: 5},
		{Name: "nudge-3", ID: "C", Address: "10.0.0.7:42887", State: "serves", Since: instant("2026-11-30T09:14:02Z"), Expires: instant("2026-11-30T09:30:09Z"), Partitions: 5},
	}}
	for _, n := range c.Nodes {
		for range n.Partitions {
			c.Partitions = append(c.Partitions, client.Partition{Partition: len(c.Partitions), Node: n.Name, ID: n.ID})
		}
	}
	return c
}

func pointer[T any](v T) *T { return &v }
