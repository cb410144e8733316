package console

import (
	"html/template"
	"regexp"
	"slices"
	"strings"
	"time"

	"nudge/client"
)

// whyPart is the question why a person got something, or did not, and its answer.
type whyPart struct {
	Choices []whatChoice
	Asked   string // what is asked about; empty: nothing yet
	Answer  part[*client.Explanation]
	Says    string // the answer
	Run     string // that it is about; empty: none
	Checks  []check
	Lines   []client.HistoryLine // the newest of those that the answer follows from
	More    int                  // lines besides
	Wrong   *problemPage         // why nothing can be asked
}

// whatChoice is something that can be asked about.
type whatChoice struct {
	Value, Label string
	Current      bool
}

// check is something that had to be so for a person to get it.
type check struct {
	Good        bool
	Label, Text string
	Condition   *client.Condition // that decided, in place of a text
	At          client.Time       // when it did
}

const (
	whyCampaigns = 20 // newest campaigns that can be asked about
	whyLines     = 6  // lines of an answer
	whyDecided   = 6  // conditions of an answer, the newest
)

func (v *visit) whyOf(id string, s *client.Standing) whyPart {
	w := whyPart{Asked: v.query("what")}
	flows, err := v.api.Flows(v.ctx())
	if err != nil {
		p := problemData(err)
		w.Wrong = &p
		return w
	}
	for _, f := range flows {
		if value := "flow:" + f.Flow; f.Active {
			w.Choices = append(w.Choices, whatChoice{value, f.Flow, w.Asked == value})
		}
	}
	if page, err := v.api.Campaigns(v.ctx(), client.CampaignQuery{Limit: whyCampaigns}); err == nil { // else only flows are offered
		for _, c := range page.Campaigns {
			value := "campaign:" + c.ID
			w.Choices = append(w.Choices, whatChoice{value, "campaign " + c.ID, w.Asked == value})
		}
	}
	if w.Asked == "" {
		return w
	}
	kind, name, _ := strings.Cut(w.Asked, ":")
	q := client.ExplainQuery{Flow: name}
	if kind == "campaign" {
		q = client.ExplainQuery{Campaign: name}
	}
	w.Answer = partOf(v.api.Explain(v.ctx(), id, q))
	if x := w.Answer.Of; x != nil {
		w.Says, w.Run = upper(x.Answer), runOf(x)
		lines := x.Lines
		if w.Run != "" { // the page links to it
			w.Says = upper(strings.Replace(x.Answer, "the run "+w.Run, "the run", 1))
			lines = slices.DeleteFunc(slices.Clone(lines), func(line client.HistoryLine) bool { return line.Run != w.Run })
		}
		w.Lines = lines[:min(len(lines), whyLines)]
		w.More = len(x.Lines) - len(w.Lines)
		w.Checks = v.checksOf(x, lines, s)
	}
	return w
}

// runOf is the run that an answer is about; empty if it is about none.
func runOf(x *client.Explanation) string {
	for i := range x.Lines {
		if id := x.Lines[i].Run; id != "" && strings.Contains(x.Answer, "the run "+id) {
			return id
		}
	}
	return ""
}

// checksOf are what had to be so: whom the campaign reached, the conditions of the lines that the answer is about,
// and the rules of the category as they are now.
func (v *visit) checksOf(x *client.Explanation, lines []client.HistoryLine, s *client.Standing) (all []check) {
	if x.Campaign != "" {
		c := check{Label: "In the audience", Text: "of " + x.Campaign, Good: len(x.Lines) > 0}
		if !c.Good {
			c.Text = "nothing in their history names " + x.Campaign
		}
		all = append(all, c)
	}
	for i := range x.Lines {
		if line := &x.Lines[i]; line.Kind == "campaign" {
			all = append(all, check{Label: "Left out", Text: after(line.Text, "left out of the campaign "+line.Campaign)})
			break
		}
	}
	all = append(all, decided(lines)...)
	if s == nil {
		return all
	}
	if s.Held != "" {
		all = append(all, check{Label: "Stops it now", Text: "nothing goes out to them: " + s.Held})
	}
	f, err := v.api.Flow(v.ctx(), x.Flow, "")
	if err != nil {
		return all // its category is not known; the answer stands without
	}
	for i := range s.Categories {
		if c := &s.Categories[i]; c.Category == f.Category {
			all = append(all, v.checksOfCategory(c)...)
		}
	}
	return all
}

// decided are the newest conditions that decided, with what they saw. Of what started nothing it is the newest.
func decided(lines []client.HistoryLine) (all []check) {
	for i := range lines {
		line := &lines[i]
		for k := range line.Conditions {
			if c := &line.Conditions[k]; len(all) < whyDecided {
				all = append(all, check{Good: c.Holds, Label: "Condition", Condition: c, At: line.At})
			}
		}
		if line.Run == "" && len(all) > 0 {
			break
		}
	}
	return all
}

func (v *visit) checksOfCategory(c *client.CategoryStanding) []check {
	if c.Always {
		return []check{{Good: true, Label: "May be sent", Text: c.Category + " always goes out: it has no cap, no hours and no opt-out"}}
	}
	out := check{Label: "Not opted out", Text: "of " + c.Category, Good: true}
	if c.OptedOut {
		out = check{Label: "Opted out", Text: "of " + c.Category + ": " + optedHow(v, c)}
	}
	all := []check{out}
	for _, limit := range c.Caps {
		one := check{Label: "Within the cap", Text: v.Num(limit.Used) + " of " + limit.Cap + " used", Good: limit.Used < limit.AtMost}
		if !one.Good {
			one.Label = "Stops it now"
			one.Text = "the cap of " + c.Category + ": " + one.Text
			if !limit.Frees.IsZero() {
				one.Text += ", free again " + v.clock(limit.Frees.Time)
			}
		}
		all = append(all, one)
	}
	if !c.Open {
		late := check{Label: "Stops it now", Text: "it is outside of the hours of " + c.Category}
		if !c.Opens.IsZero() {
			late.Text += ", which begin " + v.clock(c.Opens.Time)
		}
		all = append(all, late)
	}
	return all
}

// instants are times as the API writes them into sentences.
var instants = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)`)

// Timed prepares a text from outside as Shown does, and writes the instants in it by the page's clock.
func (v *visit) Timed(text string) template.HTML {
	text = Shown(text)
	var out strings.Builder
	last := 0
	for _, at := range instants.FindAllStringIndex(text, -1) {
		t, err := time.Parse(time.RFC3339, text[at[0]:at[1]])
		if err != nil {
			continue
		}
		out.WriteString(template.HTMLEscapeString(text[last:at[0]]))
		out.WriteString(string(v.At(t)))
		last = at[1]
	}
	out.WriteString(template.HTMLEscapeString(text[last:]))
	return template.HTML(out.String())
}
