package explain

import (
	"cmp"
	"fmt"
	"strings"

	"nudge/engine"
	"nudge/whatif/story"
)

// campaign is a campaign of the flow that is asked about.
type campaign struct {
	id      string
	rows    int  // of its audience, once that is frozen; in a divided installation, those of the person's partition
	total   int  // rows of all partitions
	bad     int  // rows that could not be read
	settled bool // it is known whether the person was among its people
}

// exclusion is why a person of an audience started no run.
type exclusion struct {
	campaign uint64
	reason   string
}

// excluded keeps what the engine says of the person, until the input is told.
func (t *teller) excluded(number uint64, profile, reason string) {
	if profile == t.question.Profile && t.campaigns[number] != nil {
		t.exclusions = append(t.exclusions, exclusion{number, reason})
	}
}

// leftOut is each reason in words.
var leftOut = map[string]string{
	engine.LeftDuplicate: "the campaign had them already",
	engine.LeftCondition: "the schedule's if is false",
	engine.LeftAudience:  "the audience's if is false",
	engine.LeftBroken:    "a condition could not be evaluated",
	engine.LeftRunning:   "a run is live",
	engine.LeftLimit:     "a limit: at_most, or too many live runs",
	engine.LeftLate:      "their own time was longer ago than max_delay",
	engine.LeftPast:      "their own time had passed when the schedule was taken up",
	engine.LeftNoTime:    "they have no time of day of their own",
	engine.LeftExited:    "an event had come by which every run leaves",
	engine.LeftFault:     "a fault of ours",
}

// LeftOut returns the reason why a campaign left somebody out in words.
func LeftOut(reason string) string { return cmp.Or(leftOut[reason], reason) }

// campaignInput shows what an input did to campaigns of the flow, as far as it concerns the
// person. It reports whether the input was one of a campaign's.
func (t *teller) campaignInput(a *applied, looks []engine.Condition, texts []string) (bool, error) {
	if t.question.Run != (engine.RunID{}) {
		return false, nil
	}
	switch p := a.Input.Payload.(type) {
	case *engine.Tick:
		if p.Flow == t.question.Flow {
			t.missedCampaigns(a)
		}
		return true, t.beginCampaigns(a)
	case *engine.CampaignControl:
		if c := t.campaigns[p.Campaign]; c != nil && !c.settled && p.Do == engine.CampaignCancel {
			t.settle(a, c, fmt.Sprintf("campaign %s was cancelled before its row for %s was read, if there is one", c.id, t.question.Profile))
		}
		return true, t.beginCampaigns(a)
	case *engine.Event:
		return false, t.beginCampaigns(a)
	case *engine.Snapshot:
		err := t.joins(a, p)
		t.frozen(a, p)
		return true, err
	case *engine.Rows:
		t.rows(a, p, looks, texts)
		return true, nil
	}
	return false, nil
}

// missedCampaigns shows why a schedule that was due did not begin a campaign.
func (t *teller) missedCampaigns(a *applied) {
	for _, d := range a.Outcome.Answer.Decisions {
		if d.Flow == t.question.Flow && d.Action == engine.DidSkip {
			t.say(a, 0, story.LineSkip, "a campaign of "+d.Flow+" was skipped: "+d.Reason)
		}
	}
}

// beginCampaigns takes up campaigns that began. For one over stored profiles the condition
// decides now who is among its people, so it is shown with the values of the person. If
// everybody has an own time, it decides then.
func (t *teller) beginCampaigns(a *applied) error {
	for i := range a.Outcome.Snapshots {
		request := &a.Outcome.Snapshots[i]
		if request.Flow.Name != t.question.Flow || t.campaigns[request.Campaign] != nil {
			continue
		}
		loaded, err := t.store.Load(&engine.Needs{Campaigns: []uint64{request.Campaign}})
		if err == nil {
			err = t.begins(a, loaded.Campaigns[0].ID, request)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// joins takes up a campaign that another partition has begun, when this one gets the rows of its people.
func (t *teller) joins(a *applied, s *engine.Snapshot) error {
	if s.Part == nil || s.Part.Flow != t.question.Flow {
		return nil
	}
	loaded, err := t.store.Load(&engine.Needs{Campaigns: []uint64{s.Campaign}})
	if err != nil {
		return err
	}
	request := t.core.SnapshotOf(loaded.Campaigns[0])
	return t.begins(a, s.Part.ID, &request)
}

// begins takes up a campaign.
func (t *teller) begins(a *applied, id string, request *engine.SnapshotRequest) error {
	c := &campaign{id: id}
	t.campaigns[request.Campaign] = c
	t.answer.Asked++
	t.say(a, 0, story.LineInput, "campaign "+c.id+" begins")
	if request.Schedule.Audience.If == nil {
		return nil
	}
	person, err := t.store.Person(t.question.Profile)
	if err != nil {
		return err
	}
	if person == nil {
		t.settle(a, c, fmt.Sprintf("not among the people of %s: %s has no stored profile", c.id, t.question.Profile))
		return nil
	}
	if request.Local {
		return nil // the condition is asked at the person's own time
	}
	look := request.Condition(person)
	t.say(a, 0, story.LineCondition, "audience "+story.Explain(look))
	if !look.Holds {
		t.settle(a, c, fmt.Sprintf("not among the people of %s: the audience's if is false", c.id))
	}
	return nil
}

// frozen notes how many people a campaign has.
func (t *teller) frozen(a *applied, s *engine.Snapshot) {
	c := t.campaigns[s.Campaign]
	if c == nil {
		return
	}
	c.rows, c.total, c.bad = s.Rows, s.Rows, s.Bad
	switch {
	case s.Part != nil:
		c.total = s.Part.Total
	case len(s.Dealt) > 0:
		c.rows = s.Dealt[t.core.State.Partition.Number]
	}
	switch {
	case s.Failed != "":
		t.settle(a, c, fmt.Sprintf("the audience of %s could not be read: %s", c.id, s.Failed))
	case c.rows == 0:
		t.settle(a, c, t.absent(c))
	}
}

// rows shows the person's row, or after the last one that there was none.
func (t *teller) rows(a *applied, p *engine.Rows, looks []engine.Condition, texts []string) {
	c := t.campaigns[p.Campaign]
	if c == nil {
		return
	}
	for i := range p.Rows {
		if row := &p.Rows[i]; row.Profile == t.question.Profile {
			c.settled = true
			t.say(a, 0, story.LineInput, strings.TrimRight(fmt.Sprintf("campaign %s comes to %s %s", c.id, row.Profile, row.Data), " "))
		}
	}
	for i := range looks {
		if looks[i].Campaign == p.Campaign && looks[i].Profile == t.question.Profile {
			t.say(a, 0, story.LineCondition, texts[i])
		}
	}
	for _, e := range t.exclusions {
		t.say(a, 0, story.LineSkip, fmt.Sprintf("left out of %s: %s", c.id, leftOut[e.reason]))
	}
	if p.From+len(p.Rows) >= c.rows {
		t.settle(a, c, t.absent(c))
	}
}

// absent says that no row of an audience names the person.
func (t *teller) absent(c *campaign) string {
	text := fmt.Sprintf("not among the people of %s: none of its %d rows is for %s", c.id, c.total, t.question.Profile)
	if c.bad > 0 {
		text += fmt.Sprintf("; %d more could not be read", c.bad)
	}
	return text
}

// settle shows why the person was not among the people of a campaign, once.
func (t *teller) settle(a *applied, c *campaign, why string) {
	if !c.settled {
		c.settled = true
		t.say(a, 0, story.LineSkip, why)
	}
}

// ofAnother reports whether a condition is that of another person's row.
func (t *teller) ofAnother(c *engine.Condition) bool {
	return c.Campaign != 0 && c.Run == nil && c.Profile != t.question.Profile
}
