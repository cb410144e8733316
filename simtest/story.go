package simtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// story tells moves in the words of the engine's scripts (engine/testdata), with what
// has no word there in comments.
func story(moves []move) string {
	t := &teller{m: newMachine(), files: map[string]string{}, settings: map[string]any{}}
	for i := range moves {
		t.tell(&moves[i])
	}
	var b strings.Builder
	if raw, err := yaml.Marshal(t.settings); err == nil {
		fmt.Fprintf(&b, "-- nudge.yaml --\n%s", raw)
	}
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		fmt.Fprintf(&b, "-- %s --\n%s", name, t.files[name])
	}
	return b.String() + "-- story --\n" + t.words.String()
}

// teller plays the moves while it tells them, to know what posts and runs are called.
type teller struct {
	m        *machine
	words    strings.Builder
	files    map[string]string
	settings map[string]any
	now      time.Time
}

func (t *teller) say(format string, args ...any) { fmt.Fprintf(&t.words, format+"\n", args...) }

func (t *teller) tell(mv *move) {
	if !mv.at.IsZero() {
		if t.now.IsZero() {
			t.say("start %s", mv.at.Format("2006-01-02 15:04"))
		} else if d := mv.at.Sub(t.now); d > 0 {
			t.say("after %s", flows.Duration{Clock: d.Truncate(time.Millisecond)})
		} else if d < 0 {
			t.say("# the clock goes back by %s", -d)
		}
		t.now = mv.at
	}
	if mv.fault.kind != noFault {
		t.say("# %s, at operation %d of the disk", faultNames[mv.fault.kind], mv.fault.at)
	}
	switch mv.kind {
	case moveStart:
		t.say("# accounts %+v\naccount%s\nsenders %d\nrestart", mv.lanes, accountOf(mv.lanes[0]), mv.lanes[0].Places)
	case moveKill:
		t.say("# the process dies")
	case moveDamage:
		if id, ok := t.m.ids[mv.run]; ok {
			t.say("damage %s", id)
		}
	case moveMend:
		t.say("# damaged records that nobody has read yet are put back")
	case moveBackUp:
		t.say("# a backup is made")
	case movePutBack:
		t.say("# backup %d is put back", mv.backup+1)
		if mv.renews {
			t.say("restored")
		}
	}
	for _, g := range mv.groups {
		var said []string
		for i := range g.inputs {
			if in := t.m.again(&g.inputs[i]); in != nil {
				said = append(said, t.input(in))
			}
		}
		if len(said) > 1 && strings.HasPrefix(said[0], "event ") {
			t.say("events %s", strings.ReplaceAll(strings.Join(said, " || "), "event ", ""))
		} else {
			t.say("%s", strings.Join(said, "\n"))
		}
	}
	if err := t.m.play(mv); err != nil {
		t.say("# %s", strings.SplitN(err.Error(), "\n", 2)[0])
	}
}

func (t *teller) input(in *engine.Input) string {
	id := ""
	if in.ID != "" {
		id = " id " + in.ID
	}
	switch p := in.Payload.(type) {
	case *engine.Event:
		return fmt.Sprintf("event %s by %s%s %s", p.Type, p.Profile, id, p.Data)
	case *engine.Reply:
		return t.reply(p)
	case *engine.Receipt:
		if p.Ref.IsZero() {
			return fmt.Sprintf("hook %s %s %s", p.Status, p.ProviderID, p.Reason)
		}
		return fmt.Sprintf("%s %d %s", p.Status, t.post(p.Ref), p.Reason)
	case *engine.SendResult:
		return t.result(p)
	case *engine.Cancel:
		return fmt.Sprintf("cancel %s", p.Run)
	case *engine.Retry:
		return fmt.Sprintf("retry %s %s", p.Run, p.Reason)
	case *engine.Call:
		return fmt.Sprintf("call %s by %s %s", p.Flow, p.Profile, p.Data)
	case *engine.Control:
		return t.control(p)
	case *engine.ProfileChange:
		if p.Forget {
			return "forget " + p.Profile
		}
		return fmt.Sprintf("profile %s %s", p.Profile, p.Set)
	case *engine.Deploy:
		t.take(p)
		return "# deploy"
	case *engine.CampaignControl:
		if p.Do == engine.CampaignStart {
			return "campaign start " + p.Flow
		}
		if p.Do == engine.CampaignStartAlone {
			return "campaign alone " + p.Flow
		}
		return fmt.Sprintf("campaign %s %s", p.Do, t.m.campaignNamed(p.Campaign))
	case *engine.Move:
		return "move"
	case *engine.StatusAnswer:
		return t.answer(p)
	case *engine.FetchResult:
		return fmt.Sprintf("# a fetch of run %s is answered: %d %s %s", p.Run, p.Status, p.JSON, p.Error)
	}
	raw, _ := json.Marshal(in)
	return fmt.Sprintf("# %s", raw)
}

func (t *teller) reply(p *engine.Reply) string {
	text := "reply " + p.Profile + " "
	if p.Conversation != "" {
		text += "in " + p.Conversation + ": "
	}
	if len(p.Parts) > 0 || p.Metadata != nil {
		text += "with " + string(jsonOf(channels.Reply{Parts: p.Parts, Metadata: p.Metadata})) + ": "
	}
	return text + p.Text
}

func (t *teller) control(c *engine.Control) string {
	if c.Kill != nil && *c.Kill {
		return "kill on"
	}
	if c.Kill != nil && c.Outbound == 0 {
		return "kill off"
	}
	return strings.TrimSpace(fmt.Sprintf("outbound %s %s", c.Outbound, strings.Join(c.Only, " ")))
}

func (t *teller) result(r *engine.SendResult) string {
	n := t.post(channels.Ref{Installation: t.m.identity.String(), Run: r.Run.String(), Message: r.Message, Attempt: r.Attempt})
	if r.Returned {
		return fmt.Sprintf("# post %d is returned: %s", n, r.Reason)
	}
	switch r.Outcome {
	case channels.Accepted:
		return fmt.Sprintf("accept %d", n)
	case channels.Refused:
		return fmt.Sprintf("refuse %d %s", n, r.Reason)
	case channels.Deferred:
		return fmt.Sprintf("defer %d %s %s", n, r.RetryAfter, r.Reason)
	}
	return fmt.Sprintf("lose %d %s", n, r.Reason)
}

// answer is what the provider says when it is asked.
func (t *teller) answer(in *engine.StatusAnswer) string {
	said := "nothing"
	switch {
	case in.Busy:
		said = "busy"
	case in.Failed != "":
		said = "failed to answer"
	case in.Receipt.Status != 0:
		said = in.Receipt.Status.String()
	}
	return fmt.Sprintf("told %d %s", t.m.questionAbout(in), said)
}

// post is the number of a post in the story.
func (t *teller) post(ref channels.Ref) int {
	return 1 + slices.IndexFunc(t.m.posts, func(p engine.Post) bool { return p.Content.Ref == ref })
}

// take notes the files of a deploy; what its flows need of nudge.yaml becomes one.
func (t *teller) take(d *engine.Deploy) {
	for _, bundle := range d.Flows {
		for _, f := range bundle {
			if f.Name != "nudge.yaml" {
				t.files[f.Name] = f.Text
				continue
			}
			var settings map[string]any
			if yaml.Unmarshal([]byte(f.Text), &settings) == nil {
				merge(t.settings, settings)
			}
		}
	}
}

func merge(into, from map[string]any) {
	for k, v := range from {
		inner, ok := v.(map[string]any)
		if outer, both := into[k].(map[string]any); ok && both {
			merge(outer, inner)
		} else {
			into[k] = v
		}
	}
}

// accountOf are the traits of an account in the words of the scripts, which know of one.
func accountOf(x runner.AccountSettings) (words string) {
	if x.ByID {
		words += " correlates"
	}
	if x.Verify {
		words += " verifies"
	}
	if x.Asks {
		words += " asks"
	}
	return words
}
