package simtest

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// command is one line of a story.
type command struct {
	word string // what to do
	rest string // all after it
	arg  string // the first word of the rest
	more string // what follows that
}

// commands is what each word does.
var commands = map[string]func(*scenario, command) error{
	"event": (*scenario).events, "events": (*scenario).events,
	"call":  (*scenario).call,
	"reply": (*scenario).reply,

	"accept": (*scenario).end, "refuse": (*scenario).end, "defer": (*scenario).end, "lose": (*scenario).end,
	"sent": (*scenario).tell, "delivered": (*scenario).tell, "read": (*scenario).tell, "failed": (*scenario).tell, "expired": (*scenario).tell,
	"hook":     (*scenario).hook,
	"told":     (*scenario).told,
	"answer":   (*scenario).answerFetch,
	"provider": (*scenario).setProvider,
	"account":  (*scenario).setAccount,
	"senders":  (*scenario).setSenders,

	"after": (*scenario).after,
	"at":    (*scenario).until,
	"clock": (*scenario).jump,

	"outbound": (*scenario).setOutbound,
	"kill": func(s *scenario, c command) error {
		on := c.arg == "on"
		return s.apply(&engine.Input{Payload: &engine.Control{Kill: &on}})
	},
	"profile": func(s *scenario, c command) error {
		return s.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: c.arg, Set: json.RawMessage(c.more)}})
	},
	"forget": func(s *scenario, c command) error {
		return s.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: c.rest, Forget: true}})
	},
	"deploy": func(s *scenario, c command) error {
		return s.apply(&engine.Input{Payload: cmp.Or(s.deploys[c.rest], &engine.Deploy{})}) // no files, no flows
	},
	"damage": func(s *scenario, c command) error {
		s.damage(s.run(c.rest), 100)
		return nil
	},
	"cancel": func(s *scenario, c command) error {
		return s.apply(&engine.Input{Payload: &engine.Cancel{Run: s.run(c.rest)}})
	},
	"retry": func(s *scenario, c command) error {
		name, reason, _ := strings.Cut(c.rest, " ")
		retry, _, err := s.store.Retry(s.run(name), reason)
		if err != nil || retry == nil {
			return err
		}
		return s.apply(&engine.Input{Payload: retry})
	},
	"campaign": (*scenario).campaign,
	"move":     (*scenario).move,

	"restart":  (*scenario).restart,
	"restored": (*scenario).restore,

	"show": changesNothing, "person": changesNothing,
}

func changesNothing(*scenario, command) error { return nil }

// do carries out one command.
func (s *scenario) do(line string) error {
	c := command{}
	c.word, c.rest, _ = strings.Cut(line, " ")
	c.arg, c.more, _ = strings.Cut(c.rest, " ")
	if do := commands[c.word]; do != nil {
		return do(s, c)
	}
	return errWord
}

// events gives some events, all of them or none.
func (s *scenario) events(c command) error {
	var inputs []*engine.Input
	for _, one := range strings.Split(c.rest, "||") {
		inputs = append(inputs, eventOf(strings.TrimSpace(one)))
	}
	return s.apply(inputs...)
}

func (s *scenario) call(c command) error {
	ev := eventOf(c.rest).Payload.(*engine.Event)
	return s.apply(&engine.Input{Payload: &engine.Call{Flow: ev.Type, Profile: ev.Profile, By: "call", Data: ev.Data}})
}

func (s *scenario) reply(c command) error {
	reply := channels.Reply{Profile: c.arg, Text: c.more, At: s.now}
	if in, ok := strings.CutPrefix(c.more, "in "); ok {
		reply.Conversation, reply.Text, _ = strings.Cut(in, ": ")
	}
	if to, ok := strings.CutPrefix(reply.Text, "to "); ok {
		reply.AnswersID, reply.Text, _ = strings.Cut(to, ": ")
	}
	if with, ok := strings.CutPrefix(reply.Text, "with "); ok {
		beside, text, _ := strings.Cut(with, "}: ")
		if err := json.Unmarshal([]byte(beside+"}"), &reply); err != nil {
			return err
		}
		reply.Text = text
	}
	return s.apply(&engine.Input{Payload: &engine.Reply{Reply: reply}})
}

// hook brings a receipt that names its message by the provider's ID alone.
func (s *scenario) hook(c command) error {
	id, reason, _ := strings.Cut(c.more, " ")
	return s.receipt(c.arg, &channels.Receipt{ProviderID: id, Reason: reason})
}

func (s *scenario) after(c command) error {
	d, err := flows.ParseDuration(c.rest)
	if err != nil {
		return err
	}
	return s.pass(d.After(s.now, time.UTC))
}

func (s *scenario) until(c command) error {
	at, err := s.weekday(c.arg, c.more)
	if err != nil {
		return err
	}
	return s.pass(at)
}

func (s *scenario) setOutbound(c command) error {
	o, err := engine.ParseOutbound(c.arg)
	if err != nil {
		return err
	}
	return s.apply(&engine.Input{Payload: &engine.Control{Outbound: o, Only: strings.Fields(c.more)}})
}

func (s *scenario) setSenders(c command) error {
	n, err := strconv.Atoi(c.rest)
	s.senders = n
	return err
}

func (s *scenario) setProvider(c command) error {
	s.auto, s.fails = true, strings.TrimPrefix(strings.TrimPrefix(c.rest, "accepts"), " and fails ")
	return nil
}

func (s *scenario) setAccount(c command) error {
	s.account = runner.AccountSettings{ByID: strings.Contains(c.rest, "correlates"), Verify: strings.Contains(c.rest, "verifies"), Asks: strings.Contains(c.rest, "asks")}
	return nil
}

// restart kills the process, and starts the next one.
func (s *scenario) restart(command) error {
	if s.loop != nil {
		s.kill()
	}
	return s.group(nil)
}

func eventOf(text string) *engine.Input {
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

func (s *scenario) postNumbered(text string) *engine.Post {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(s.posts) {
		return nil // in this history it was not posted
	}
	return &s.posts[n-1]
}

// end ends a post: the provider accepts, refuses or defers the message, or nobody knows.
func (s *scenario) end(c command) error {
	p := s.postNumbered(c.arg)
	if p == nil || s.loop == nil {
		return nil
	}
	r := channels.Result{Outcome: channels.Accepted, ProviderID: "m" + c.arg, Reason: c.more, Conversation: strings.TrimPrefix(c.more, "in ")}
	switch c.word {
	case "refuse":
		r.Outcome = channels.Refused
	case "lose":
		r.Outcome = channels.Unknown
	case "defer":
		wait, reason, _ := strings.Cut(c.more, " ")
		d, err := time.ParseDuration(wait)
		if err != nil {
			return err
		}
		r = channels.Result{Outcome: channels.Deferred, RetryAfter: d, Reason: reason}
	}
	return s.group(s.resultOf(*p, r))
}

// tell brings a receipt of a post.
func (s *scenario) tell(c command) error {
	p := s.postNumbered(c.arg)
	if p == nil {
		return nil
	}
	return s.receipt(c.word, &channels.Receipt{Ref: p.Content.Ref, Reason: c.more})
}

// receipt brings a receipt of the status of that name.
func (s *scenario) receipt(status string, rc *channels.Receipt) error {
	rc.Status, rc.At = statusNamed(status), s.now
	if rc.Status == 0 {
		return errWord
	}
	return s.apply(&engine.Input{Payload: &engine.Receipt{Receipt: *rc}})
}

func statusNamed(word string) channels.Status {
	for status := channels.Sent; status <= channels.Expired; status++ {
		if status.String() == word {
			return status
		}
	}
	return 0
}

// run is the run of a name in the story, which counts them as they started.
func (s *scenario) run(name string) engine.RunID {
	n, _ := strconv.Atoi(strings.TrimPrefix(name, "r"))
	if ids := slices.SortedFunc(maps.Keys(s.names), engine.RunID.Compare); n >= 1 && n <= len(ids) {
		return ids[n-1]
	}
	return engine.RunID{15: byte(n)} // none
}

// told lets the provider answer a question.
func (s *scenario) told(c command) error {
	n, err := strconv.Atoi(c.arg)
	if err != nil || n > len(s.asks) {
		return err // in this history it was not asked
	}
	q := s.asks[n-1]
	in := &engine.StatusAnswer{Run: q.Run, Message: q.Message, Receipt: channels.Receipt{ProviderID: q.ProviderID, Status: statusNamed(c.more), At: s.now}}
	if failed, is := strings.CutPrefix(c.more, "failed "); is {
		in.Failed = failed
	}
	in.Busy = c.more == "busy"
	return s.apply(&engine.Input{Payload: in})
}

// restore goes on with the store as a backup that was put back: it has another installation.
func (s *scenario) restore(command) error {
	if s.loop != nil {
		s.kill()
	}
	s.renew()
	return s.group(nil)
}

// answerFetch lets a service answer.
func (s *scenario) answerFetch(c command) error {
	n, err := strconv.Atoi(c.arg)
	if err != nil || n > len(s.fetches) {
		return err
	}
	p := s.fetches[n-1]
	status, body, _ := strings.Cut(c.more, " ")
	if status == "held" {
		return s.apply(&engine.Input{Payload: &engine.FetchResult{Run: p.Run, Step: p.Step, Attempt: p.Attempt, Held: true, Error: "the store was restored"}})
	}
	code, err := strconv.Atoi(status)
	if err != nil {
		return err
	}
	result := &engine.FetchResult{Run: p.Run, Step: p.Step, Attempt: p.Attempt, Status: code}
	if body != "" {
		result.JSON = json.RawMessage(body)
	}
	if code == 0 {
		result.Error = "connection refused"
	}
	return s.apply(&engine.Input{Payload: result})
}

// weekday is the next instant that a clock shows on a day of the week.
func (s *scenario) weekday(name, clock string) (time.Time, error) {
	for n := range 8 {
		at, err := time.Parse("2006-01-02 15:04", s.now.AddDate(0, 0, n).Format("2006-01-02 ")+clock)
		if err != nil || strings.EqualFold(at.Format("Mon"), name) && at.After(s.now) {
			return at, err
		}
	}
	return time.Time{}, errWord
}

// jump sets the clock, as of a machine that slept or was set.
func (s *scenario) jump(c command) error {
	text, back := strings.CutPrefix(c.rest, "-")
	d, err := flows.ParseDuration(text)
	if err != nil {
		return err
	}
	if back {
		d.Days, d.Clock = -d.Days, -d.Clock
	}
	s.now = d.After(s.now, time.UTC)
	return s.restart(c)
}

// campaign does what an operator does with a campaign.
func (s *scenario) campaign(c command) error {
	steer := &engine.CampaignControl{Campaign: s.campaigns[c.more]}
	switch c.arg {
	case "start":
		steer.Do, steer.Flow = engine.CampaignStart, c.more
	case "alone":
		steer.Do, steer.Flow = engine.CampaignStartAlone, c.more
	case "pause":
		steer.Do = engine.CampaignPause
	case "resume":
		steer.Do = engine.CampaignResume
	case "cancel", "end":
		steer.Do, steer.EndRuns = engine.CampaignCancel, c.arg == "end"
	default:
		return nil // show
	}
	return s.apply(&engine.Input{Payload: steer})
}

// move offers the runs to the active versions, as the server does after a deploy.
func (s *scenario) move(command) error {
	for _, id := range slices.SortedFunc(maps.Keys(s.names), engine.RunID.Compare) {
		if err := s.up(); err != nil {
			return err
		}
		r, err := s.store.Run(id)
		if err != nil || r == nil {
			return broken("I8", "run %s cannot be read: %v", id, err)
		}
		for _, v := range s.loop.Core().State.Active {
			if v.Flow != r.Flow {
				continue
			}
			if err := s.apply(&engine.Input{Payload: &engine.Move{Run: id, Version: v.Version}}); err != nil {
				return err
			}
		}
	}
	return nil
}
