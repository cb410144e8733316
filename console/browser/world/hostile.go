package world

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"nudge/app"
	"nudge/client"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

// Texts that people, products and the provider may send, and that a page must survive.
const (
	Script  = `<script>alert(1)</script><img src=x onerror=alert(2)>"'><svg onload=alert(3)>{{7*7}}`
	Mark    = `<script>alert(8)</script>"'&lt;`         // short, and no template
	Right   = "\u202eمرحبا بالعالم\u2066 שלום <b>x</b>" // right to left, with marks that turn what follows
	Control = "a\u0001b\u0007c\u001b[31md\u200b\ufeffe\u2028f"
)

// Long is a text of 10 kB without a place to break.
var Long = strings.Repeat("wide", 2500)

// LongName is a name of a flow as the language allows it.
var LongName = "f" + strings.Repeat("_very_long_name", 4)

// hostileIDs are people. An ID has no control characters and 256 bytes at most.
var hostileIDs = []string{Script, "abc \u202eمرحبا d", "a/b?c=d#e%2f%00", "../../etc", strings.Repeat("w", 256), "javascript:alert(4)"}

// hostileProject is a project whose own texts are hostile.
func hostileProject() fstest.MapFS {
	quoted := func(text string) string {
		raw, err := json.Marshal(text)
		if err != nil {
			panic("world: " + err.Error()) // it is a text
		}
		return string(raw)
	}
	file := func(format string, args ...any) *fstest.MapFile {
		return &fstest.MapFile{Data: fmt.Appendf(nil, format, args...)}
	}
	return fstest.MapFS{
		"nudge.yaml": file("project: p%s\nfrom: { id: %s, name: %s }\nprofile: { first_name: search optional string }\nevents: { go: { text: string } }\ncategories: { some: { at_most: 1 per 7d } }\n",
			strings.Repeat("_long", 12), quoted(Mark), quoted(Mark)),
		"flows/" + LongName + ".yaml": file(`flow: %s
about: %s
trigger: { event: go, key: event.text }
steps:
  - send: hostile
  - wait: [ { failed: hostile, then: [ { exit: not_reached } ] }, { reply: hostile, if: reply.text contains "never", then: [ { exit: answered } ] }, { after: 30d } ]
`, LongName, quoted(Mark+Right)),
		"flows/capped.yaml": file("flow: capped\nabout: %s\ntrigger: { event: capped.go }\ncategory: some\nsteps: [ { send: { body: %s }, id: one }, { set: { x: \"= data.list[0]\" } }, { wait: 1d } ]\ndata: { list: [string] }\n",
			quoted(Right), quoted("<i>one</i>")),
		"templates/hostile.yaml": file(`parts:
  - { type: text/plain, text: "{{ data.text }}" }
  - { name: %s, type: image/png, url: "javascript:alert(5)" }
  - { type: text/html, text: %s }
alert: { title: %s, body: "{{ profile.first_name | default \"x\" }}" }
metadata: { x: "{{ data.text }}" }
`, quoted(Mark), quoted(Mark), quoted(Mark)),
	}
}

// hostileDeed is what hostile people do, and what the provider says of them.
func hostileDeed(m sandbox.Message) people.Script {
	return people.Script{
		{Does: people.Delivers, After: time.Second}, {Does: people.Replies, After: time.Minute, Text: Script}, {Does: people.Replies, After: 2 * time.Minute, Text: Right + Control},
		{Does: people.Replies, After: 3 * time.Minute, Text: Long}, {Does: people.Fails, After: 4 * time.Minute, Text: Script},
	}
}

// Hostile starts a server without tokens on which every text that comes from outside is hostile.
func Hostile(ctx context.Context, folder string) (*World, error) {
	f := &filler{ctx: ctx, clock: app.NewSteeredClock(began, 1, true), project: hostileProject()}
	var err error
	if f.World, err = local(ctx, folder, f.project, f.clock, hostileDeed); err != nil {
		return nil, err
	}
	for i, who := range hostileIDs {
		e := eventOf("go", who, map[string]any{"text": []string{Script, Right, Control, Long[:200]}[i%4], Script: Script})
		e.ID, e.ProfileData = fmt.Sprint(Script, i), json.RawMessage(`{"first_name":"<script>alert(6)</script>","javascript:alert(7)":"\u202e"}`)
		f.post(e, eventOf("capped.go", who, map[string]any{"x": Long, "list": []any{}}))
	}
	f.post(eventOf(Script, hostileIDs[0], map[string]any{"text": Long}), eventOf(Right, hostileIDs[1], nil))
	f.refused(eventOf("go", hostileIDs[0], map[string]any{"text": 1, Script: Long}), eventOf("go", Control, map[string]any{"text": "x"}))
	f.jump(time.Hour)
	f.project["templates/hostile.yaml"].Data = append(f.project["templates/hostile.yaml"].Data, "title: \"<b>{{ data.text }}</b>\"\n"...)
	d := f.proposal(f.project, Script+Long[:200])
	page, err := f.API.Runs(ctx, client.RunQuery{RunFilter: client.RunFilter{Flow: LongName}, Limit: 1})
	f.try(err)
	if f.err == nil && len(page.Runs) == 0 {
		f.err = fmt.Errorf("there is no run of %s", LongName)
	}
	if f.err != nil {
		f.Stop() // the first mistake says more
		return nil, fmt.Errorf("the hostile world cannot be filled: %w", f.err)
	}
	f.Places = map[string]string{"run": page.Runs[0].ID, "person": hostileIDs[0], "flow": LongName, "event": Script, "template": "hostile", "deploy": d.ID}
	return f.World, nil
}
