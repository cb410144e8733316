package simtest

import (
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

// do carries out one command.
func (s *scenario) do(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	first, more, _ := strings.Cut(rest, " ")
	on := first == "on"
	switch word {
	case "event", "events":
		var inputs []*engine.Input
		for _, one := range strings.Split(rest, "||") {
			inputs = append(inputs, eventOf(strings.TrimSpace(one)))
		}
		return s.apply(inputs...)
	case "call":
		ev := eventOf(rest).Payload.(*engine.Event)
		return s.apply(&engine.Input{Payload: &engine.Call{Flow: ev.Type, Profile: ev.Profile, By: "call", Data: ev.Data}})
	case "accept", "refuse", "defer", "lose":
		return s.end(word, first, more)
	case "sent", "delivered", "read", "failed", "expired":
		return s.tell(word, first, more)
	case "reply":
		reply := &channels.Reply{Profile: first, Text: more, At: s.now}
		if in, ok := strings.CutPrefix(more, "in "); ok {
			reply.Conversation, reply.Text, _ = strings.Cut(in, ": ")
		}
		return s.apply(&engine.Input{Payload: &engine.Reply{Reply: *reply}})
	case "after":
		d, err := flows.ParseDuration(rest)
		if err != nil {
			return err
		}
		return s.pass(d.After(s.now, time.UTC))
	case "outbound":
		o, err := engine.ParseOutbound(first)
		if err != nil {
			return err
		}
		return s.apply(&engine.Input{Payload: &engine.Control{Outbound: o, Only: strings.Fields(more)}})
	case "kill":
		return s.apply(&engine.Input{Payload: &engine.Control{Kill: &on}})
	case "profile":
		return s.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: first, Set: json.RawMessage(more)}})
	case "forget":
		return s.apply(&engine.Input{Payload: &engine.ProfileChange{Profile: rest, Forget: true}})
	case "restart":
		if s.loop != nil {
			s.kill()
		}
		return s.group(nil)
	case "deploy":
		return s.apply(&engine.Input{Payload: s.deploys[rest]})
	case "senders":
		n, err := strconv.Atoi(rest)
		s.senders = n
		return err
	case "provider":
		s.auto, s.fails = true, strings.TrimPrefix(strings.TrimPrefix(rest, "accepts"), " and fails ")
	case "at":
		at, err := s.weekday(first, more)
		if err != nil {
			return err
		}
		return s.pass(at)
	case "clock":
		return s.jump(rest)
	case "campaign":
		return s.campaign(first, more)
	case "move":
		return s.move()
	case "restored":
		return s.restore()
	case "account":
		s.account = runner.AccountSettings{ByID: strings.Contains(rest, "correlates"), Verify: strings.Contains(rest, "verifies"), Asks: strings.Contains(rest, "asks")}
	case "hook":
		id, reason, _ := strings.Cut(more, " ")
		return s.receipt(first, &channels.Receipt{ProviderID: id, Reason: reason})
	case "told":
		return s.told(first, more)
	case "answer":
		return s.answerFetch(first, more)
	case "cancel":
		return s.apply(&engine.Input{Payload: &engine.Cancel{Run: s.run(rest)}})
	case "show", "person": // they change nothing
	default:
		return errWord
	}
	return nil
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

func (s *scenario) end(word, post, more string) error {
	p := s.postNumbered(post)
	if p == nil || s.loop == nil {
		return nil
	}
	r := channels.Result{Outcome: channels.Accepted, ProviderID: "m" + post, Reason: more}
	switch word {
	case "refuse":
		r.Outcome = channels.Refused
	case "lose":
		r.Outcome = channels.Unknown
	case "defer":
		wait, reason, _ := strings.Cut(more, " ")
		d, err := time.ParseDuration(wait)
		if err != nil {
			return err
		}
		r = channels.Result{Outcome: channels.Deferred, RetryAfter: d, Reason: reason}
	}
	return s.group(s.resultOf(*p, r))
}

func (s *scenario) tell(word, post, reason string) error {
	p := s.postNumbered(post)
	if p == nil {
		return nil
	}
	return s.receipt(word, &channels.Receipt{Ref: p.Content.Ref, Reason: reason})
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
func (s *scenario) told(ask, answer string) error {
	n, err := strconv.Atoi(ask)
	if err != nil || n > len(s.asks) {
		return err // in this history it was not asked
	}
	q := s.asks[n-1]
	in := &engine.StatusAnswer{Run: q.Run, Message: q.Message, Receipt: channels.Receipt{ProviderID: q.ProviderID, Status: statusNamed(answer), At: s.now}}
	if failed, is := strings.CutPrefix(answer, "failed "); is {
		in.Failed = failed
	}
	in.Busy = answer == "busy"
	return s.apply(&engine.Input{Payload: in})
}

// restore goes on with the store as a backup that was put back: it has another installation.
func (s *scenario) restore() error {
	if s.loop != nil {
		s.kill()
	}
	s.renew()
	return s.group(nil)
}

func (s *scenario) answerFetch(fetch, more string) error {
	n, err := strconv.Atoi(fetch)
	if err != nil || n > len(s.fetches) {
		return err
	}
	p := s.fetches[n-1]
	status, body, _ := strings.Cut(more, " ")
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
func (s *scenario) jump(by string) error {
	text, back := strings.CutPrefix(by, "-")
	d, err := flows.ParseDuration(text)
	if err != nil {
		return err
	}
	if back {
		d.Days, d.Clock = -d.Days, -d.Clock
	}
	s.now = d.After(s.now, time.UTC)
	if s.loop != nil {
		s.kill()
	}
	return s.group(nil)
}

// campaign does what an operator does with a campaign.
func (s *scenario) campaign(verb, name string) error {
	steer := &engine.CampaignControl{Campaign: s.campaigns[name]}
	switch verb {
	case "start":
		steer.Do, steer.Flow = engine.CampaignStart, name
	case "pause":
		steer.Do = engine.CampaignPause
	case "resume":
		steer.Do = engine.CampaignResume
	case "cancel", "end":
		steer.Do, steer.EndRuns = engine.CampaignCancel, verb == "end"
	default:
		return nil // show
	}
	return s.apply(&engine.Input{Payload: steer})
}

// move offers the runs to the active versions, as the server does after a deploy.
func (s *scenario) move() error {
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
