package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nudge/app"
	"nudge/client"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/whatif/story"
)

// parityProject is a flow that people leave in different ways, and a story of them.
var parityProject = map[string]string{
	"flows/parcel.yaml": `flow: parcel
trigger: { event: parcel.sent, key: event.id, to: event.to }
data: { id: string, to: string, urgent: boolean }
steps:
  - if: data.urgent
    send: soon
  - send: parcel
  - id: told
    wait:
      - read: parcel
      - failed: parcel
        then: [ { exit: unreachable } ]
      - reply: parcel
        if: reply.keyword == "help"
        then: [ { send: helped }, { exit: helped } ]
      - after: 1h
        then: [ { send: reminder }, { wait: 1h } ]
`,
	"templates/soon.yaml":     "body: Very soon\n",
	"templates/parcel.yaml":   "body: \"Parcel {{ data.id }} for {{ profile.id }}\"\n",
	"templates/helped.yaml":   "body: We will help\n",
	"templates/reminder.yaml": "body: \"Still on its way{{ if parcel.delivered }}, as we wrote{{ end }}\"\n",
	"tests/parcel.yaml": `flow: parcel
people:
  ann: { does: "delivered after 10m, reads after 30m" }
  bob: { does: "never reads, delivered after 10m" }
  col: { does: 'fails "no such device" after 10m' }
  dee: { does: 'never reads, delivered after 10m, replies "Help!" after 30m' }
tests:
  - name: everybody
    start: 2026-03-02 10:00 UTC
    story:
      - event: parcel.sent
        data: { id: A, to: ann, urgent: false }
      - event: parcel.sent
        data: { id: B, to: bob, urgent: false }
      - event: parcel.sent
        data: { id: C, to: col, urgent: false }
      - event: parcel.sent
        data: { id: D, to: dee, urgent: false }
      - after: 3h
      - expect: [ parcel, parcel, parcel, parcel, helped, reminder ]
`,
}

// paritySpeed makes an hour of the story a second: nothing in it comes closer together than
// ten minutes, so that a busy machine does not change the order.
const paritySpeed = 3_600

// TestServeLivesTheStory verifies that a story from nudge test happens in the same way,
// except for instants, in the real engine, with a provider behind HTTP and a fast clock.
func TestServeLivesTheStory(t *testing.T) {
	dir := writeProject(t, parityProject)
	played := playOnly(t, dir)
	p, err := app.Load(dir, app.LocalSettings(os.LookupEnv), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	scripts := map[string]people.Script{}
	for _, who := range played.Test.File.People {
		scripts[who.Name] = who.Script
	}
	clock := app.NewSteeredClock(played.Test.Start, paritySpeed, true)
	local, err := app.StartLocal(t.Context(), app.LocalConfig{
		Project: p, DataDir: t.TempDir(),
		People: func(m sandbox.Message) people.Script { return scripts[m.Profile] }, Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
	}()
	clock.Hold(false)
	a := clientOf(t, local.URL())
	for _, ev := range played.Test.Opening() { // time passes by itself here
		if _, err := a.SendEvent(t.Context(), client.Event{Type: ev.Type, Profile: ev.Profile, Data: json.RawMessage(ev.Data)}); err != nil {
			t.Fatal(err)
		}
	}
	lived := liveOut(t, local.Instance, len(scripts))
	for who, want := range livesOf(played) {
		if got := lived[who]; !slices.Equal(got, want) {
			t.Errorf("%s lived\n%s\nand played\n%s", who, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// liveOut waits until this many runs have ended, and returns their timelines.
func liveOut(t *testing.T, i *app.Instance, runs int) map[string][]string {
	t.Helper()
	f := newFollower(i.Store())
	lives, ended := map[string][]string{}, 0
	for deadline := time.Now().Add(patience); ended < runs; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d runs have ended: %v", ended, runs, lives)
		}
		news, err := f.next()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range news {
			lives[n.run.Profile] = append(lives[n.run.Profile], n.text)
			if strings.HasPrefix(n.text, "ended: ") {
				ended++
			}
		}
	}
	for who, life := range lives {
		lives[who] = withoutInstants(life)
	}
	return lives
}

func livesOf(r *story.Result) map[string][]string {
	lives := map[string][]string{}
	for _, l := range r.Timeline {
		if l.Kind == story.LineRun {
			lives[l.Profile] = append(lives[l.Profile], strings.TrimPrefix(l.Text, l.Flow+" for "+l.Profile+" "))
		}
	}
	for who, life := range lives {
		lives[who] = withoutInstants(life)
	}
	return lives
}

var instants = regexp.MustCompile(`, until \S+$`)

// withoutInstants is a life without what two of them may differ in: instants, the
// provider's ids, and whether its answer or its first webhook came sooner. What follows
// the end of a run may come after the look at it.
func withoutInstants(life []string) (same []string) {
	for _, line := range life {
		if strings.Contains(line, "accepted by the provider as") || strings.HasSuffix(line, " sent") {
			continue
		}
		same = append(same, instants.ReplaceAllString(line, ", until …"))
		if strings.HasPrefix(line, "ended: ") {
			return same
		}
	}
	return same
}

// TestSimulateTellsAsTestDoes verifies that both verbs print the same timeline, byte for
// byte, for the same story.
func TestSimulateTellsAsTestDoes(t *testing.T) {
	dir := writeProject(t, parityProject)
	var tested struct {
		Tests []struct{ Timeline json.RawMessage }
	}
	var told struct{ Timeline json.RawMessage }
	outputOf(t, &tested, "test", dir, "-o", "json")
	outputOf(t, &told, "simulate", "-C", dir, "--story", "tests/parcel.yaml#everybody", "-o", "json")
	if got, want := compact(t, told.Timeline), compact(t, tested.Tests[0].Timeline); got != want || len(got) < 1000 {
		t.Errorf("simulate tells\n%s\nand test\n%s", got, want)
	}
}

func compact(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func outputOf(t *testing.T, into any, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(args, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("%v: %d: %s", args, code, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

func writeProject(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// playOnly plays the only test of a project.
func playOnly(t *testing.T, dir string) *story.Result {
	t.Helper()
	p, err := app.Load(dir, app.LocalSettings(os.LookupEnv), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	suite, list := story.Load(p.Folder, p.Project)
	if list.HasErrors() {
		t.Fatal(list)
	}
	result, err := story.Play(suite.Tests()[0], story.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := result.Failure; f != nil {
		t.Fatalf("%s: %s\n%s", f.Span, f.Message, strings.Join(f.Diff, "\n"))
	}
	return result
}
