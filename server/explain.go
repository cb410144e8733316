package server

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/lang/shape"
	"nudge/store"
	"nudge/whatif/explain"
)

// explainPages is how many pages of a person's history an explanation reads; it ends there, and says how far it
// looked back.
const explainPages = 5

// Explanation says why a person did or did not get the messages of a flow or a campaign.
type Explanation struct {
	Profile  string         `json:"profile"`
	Flow     string         `json:"flow"`
	Campaign string         `json:"campaign,omitempty"`
	Answer   string         `json:"answer"`         // in a sentence
	Lines    []HistoryLine  `json:"lines"`          // what it follows from, newest first
	Since    engine.Instant `json:"since,omitzero"` // how far back it looked, if the history goes on behind that
}

var explainParameters = []string{"flow", "campaign"}

// getExplanation answers from the person's history. It replays nothing.
func (s *Server) getExplanation(w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	if err := onlyParameters(values, explainParameters); err != nil {
		s.fail(w, r, err)
		return
	}
	x := &explanation{Explanation: Explanation{Profile: r.PathValue("id"), Flow: values.Get("flow"), Campaign: values.Get("campaign"), Lines: []HistoryLine{}}}
	if (x.Flow == "") == (x.Campaign == "") {
		s.fail(w, r, wrongParameter("flow", "or campaign must say what is asked about"))
		return
	}
	if x.Campaign != "" {
		c, err := s.campaign(x.Campaign)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		x.Flow, x.of = c.Flow, &c
	}
	v, err := s.viewOf(w)
	if err == nil {
		err = s.explain(x, v)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, x.Explanation)
}

// explanation is one in the making.
type explanation struct {
	Explanation
	of      *Campaign   // that is asked about; nil: all that the flow did
	started []string    // by what the flow starts: types of events
	run     *engine.Run // the newest that is asked about
	why     string      // of the newest input that started nothing
	whyAt   engine.Instant
	secrets []string // of the run and its person
}

// explain reads the history from its end back, until a page is wholly before the campaign that is asked about.
func (s *Server) explain(x *explanation, v *view) error {
	f, err := v.activeFlow(x.Flow)
	if err != nil {
		return err
	}
	if f != nil {
		for _, t := range f.Triggers {
			x.started = append(x.started, t.Event)
		}
	}
	person, err := s.config.Store.Person(x.Profile)
	if err != nil {
		return err
	}
	before := []byte(nil)
	for range explainPages {
		page, err := s.config.Store.History(x.Profile, before, store.MaxHistory)
		if err != nil {
			return err
		}
		s.config.Runner.Suspect(page.Damaged...)
		x.Since = 0
		for i := range page.Items {
			if err := s.explainBy(x, &page.Items[i], person, v); err != nil {
				return err
			}
		}
		if before = page.Next; before == nil || x.of != nil && x.Since < x.of.Begun {
			x.Since = 0
			break
		}
	}
	slices.SortStableFunc(x.Lines, func(a, b HistoryLine) int { return cmp.Compare(b.At, a.At) })
	if x.run != nil {
		if x.secrets, err = v.secrets(x.run.Flow, x.run.Data, person); err != nil {
			return err
		}
	}
	x.Answer, err = s.answerOf(x)
	return err
}

// explainBy takes what an item of the history says of the question.
func (s *Server) explainBy(x *explanation, item *store.HistoryItem, person *engine.Person, v *view) error {
	if r := item.Run; r != nil {
		if x.Since = r.Ended; r.Flow != x.Flow || x.of != nil && r.Campaign != x.of.number {
			return nil
		}
		if x.run == nil || r.Live() && !x.run.Live() || r.Live() == x.run.Live() && r.Started() > x.run.Started() {
			x.run = r
		}
		f, err := s.flows.of(r)
		if err != nil {
			return err
		}
		lines, err := linesOfRun(r, f, person, v)
		if err == nil {
			err = s.sawOfRun(lines, r, f, person, v)
		}
		x.Lines = append(x.Lines, lines...)
		return err
	}
	e := item.Entry
	x.Since = e.At
	why := x.concerns(item)
	if why == "" {
		return nil
	}
	line, err := lineOfInput(item, person, v)
	if err == nil {
		line.Conditions, err = s.sawOfInput(x, item, person, v)
	}
	if x.Lines = append(x.Lines, line); err == nil && e.At > x.whyAt {
		x.why, x.whyAt = shape.Hide(why, v.secretsOfInput(item.Input, person)), e.At
	}
	return err
}

// concerns returns why an input started nothing, if it is one that is asked about.
func (x *explanation) concerns(item *store.HistoryItem) string {
	e := item.Entry
	if e.Campaign != 0 {
		if x.of != nil && e.Campaign == x.of.number || x.of == nil && item.Campaign != nil && item.Campaign.Flow == x.Flow {
			return "left out of a campaign: " + explain.LeftOut(e.Reason)
		}
		return ""
	}
	if x.of != nil {
		return ""
	}
	for _, d := range e.Decisions {
		if d.Flow == x.Flow {
			return strings.TrimSuffix(string(d.Action)+": "+d.Reason, ": ")
		}
	}
	if ev, ok := item.Input.Payload.(*engine.Event); ok && e.Ignored != "" && slices.Contains(x.started, ev.Type) {
		return e.Ignored
	}
	return ""
}

// answerOf is the explanation in a sentence.
func (s *Server) answerOf(x *explanation) (string, error) {
	if x.run == nil || !x.run.Live() && x.whyAt > x.run.Started() {
		said, more := x.without(), ""
		var err error
		if said == outsiders {
			more, err = s.audienceTakes(x)
		}
		return said + more, err
	}
	f, err := s.flows.of(x.run)
	if err != nil {
		return "", err
	}
	var said []string
	for _, m := range x.run.Messages {
		text := stepName(f, m.Step) + " is " + m.Status.String()
		if m.Status == engine.Failed {
			text = stepName(f, m.Step) + " failed"
		}
		if m.Reason != "" {
			text += " (" + shape.Hide(m.Reason, x.secrets) + ")"
		}
		said = append(said, text)
	}
	if len(said) == 0 {
		said = []string{"it has sent nothing"}
	}
	where := fmt.Sprintf("ended as %s at %s", x.run.Outcome, x.run.Ended)
	if x.run.Live() {
		where = "is at " + stepName(f, x.run.At)
	}
	return fmt.Sprintf("the run %s started at %s and %s; %s", x.run.ID, x.run.Started(), where, strings.Join(said, ", ")), nil
}

// outsiders is the answer about somebody of whom a campaign knows nothing.
const outsiders = "they are not among the people of the campaign, or its rows are no longer kept"

// audienceTakes says whom the audience of a campaign takes, and whether it would take the person now, if it is made of what is known of people.
func (s *Server) audienceTakes(x *explanation) (string, error) {
	c, err := s.config.Store.CampaignOf(x.of.ID)
	if c == nil || err != nil {
		return "", err
	}
	f, err := s.flows.version(engine.FlowVersion{Flow: c.Flow, Version: c.Version})
	if f == nil || err != nil || c.Trigger >= len(f.Triggers) || f.Triggers[c.Trigger].Schedule == nil || f.Triggers[c.Trigger].Schedule.Audience.If == nil {
		return "", err
	}
	request := engine.SnapshotRequest{Flow: f, Schedule: f.Triggers[c.Trigger].Schedule, At: engine.InstantOf(s.now())}
	takes := fmt.Sprintf("; its condition is %s, ", request.Schedule.Audience.If)
	person, err := s.config.Store.Person(x.Profile)
	switch {
	case err != nil:
		return "", err
	case person == nil:
		return takes + "and nothing is known of them", nil
	case request.Condition(person).Holds:
		return takes + "which is true for them now", nil
	}
	return takes + "which is false for them now", nil
}

// without is the answer where no run is the newest that happened.
func (x *explanation) without() string {
	switch back := x.Since; {
	case x.why != "":
		return fmt.Sprintf("at %s no run of %s started: %s", x.whyAt, x.Flow, x.why)
	case back != 0:
		return fmt.Sprintf("nothing about %s is in their history back to %s", x.Flow, back)
	case x.of != nil && x.of.Audience > x.of.Taken:
		return fmt.Sprintf("the campaign has not come to them: it has taken %d of %d rows", x.of.Taken, x.of.Audience)
	case x.of != nil:
		return outsiders
	}
	return fmt.Sprintf("nothing that could start %s for them is in their history", x.Flow)
}
