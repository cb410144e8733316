package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"nudge/client"
)

// personPage is all about one person.
type personPage struct {
	ID       string
	Name     string // the ID, where no name is known
	First    string // how the page calls them
	Initials string
	Known    bool // something is known of them
	Nobody   bool // nothing is, and nothing happened to them
	Nearest  []personRow
	Place    string
	There    string // their time
	Writable string // until when they may be written to, or from when on
	Fields   []knownField
	OptOuts  []string
	Why      whyPart
	Show     []choiceLink // what of the feed is shown
	Feed     part[*feed]
	Next     []nextRow
	May      []mayRow
	Standing part[*client.Standing]
	Runs     part[*client.RunPage]
	Private  private
}

// personRuns is how many runs of a person their page shows; the rest is a link away.
const personRuns = 6

// personLook is how many entries of a person are looked at for them.
const personLook = 60

func loadPerson(v *visit) (*content, error) {
	id := v.r.PathValue("id")
	v.reveals(id)
	known, err := v.api.Profile(v.ctx(), id)
	var problem *client.Problem
	if err != nil && !(errors.As(err, &problem) && problem.Status == http.StatusNotFound) {
		return nil, err
	}
	p := personPage{ID: id, Name: nameOf(known), Known: err == nil, Fields: fieldsOf(known), OptOuts: optOutsOf(known)}
	if p.Name == "" {
		p.Name = id
	}
	p.First, p.Initials = textField(known, "first_name"), initials(p.Name)
	if p.First == "" {
		p.First = p.Name
	}
	p.Standing = partOf(v.api.Standing(v.ctx(), id))
	if s := p.Standing.Of; s != nil {
		v.useZone(s.TimeZone)
		p.Place, p.There = cityOf(s.TimeZone), localTime(s.LocalTime)
		p.Writable, p.May, p.Next = v.writable(s), v.mayRows(s, p.OptOuts), v.nextRows(s)
	}
	p.Runs = partOf(v.api.Runs(v.ctx(), client.RunQuery{RunFilter: client.RunFilter{Profile: id}, Limit: personRuns, Look: personLook}))
	p.Show = v.links("show", choice{"", "All"}, choice{"messages", "Messages"}, choice{"unsent", "Not sent"}, choice{"events", "Events"})
	if v.query("show") != "" || v.query("before") != "" {
		p.Next = nil // it stands at the beginning of everything
	}
	p.Feed = partOf(v.feedOf(id, v.query("show"), v.query("before")))
	p.Why = v.whyOf(id, p.Standing.Of)
	if p.Nobody = !p.Known && p.empty(); p.Nobody {
		p.Nearest = v.nearest(id)
	}
	p.Private = v.privateOf(id, p)
	return &content{
		Title: p.Name, Crumbs: []crumb{{"People", Root + "people"}}, Data: p, Live: []string{"person-where", "person-feed", "person-may", "person-runs"},
	}, nil
}

// empty reports whether nothing happened to the person.
func (p *personPage) empty() bool {
	return p.Feed.Of != nil && len(p.Feed.Of.Days) == 0 && p.Feed.Of.Next == "" && p.Runs.Of != nil && len(p.Runs.Of.Runs) == 0
}

// nearest are people whose IDs begin as the given one does, as far as anybody's does.
func (v *visit) nearest(id string) (rows []personRow) {
	api := v.console.clientFor(v.r, v.session.token) // what is revealed is that of one person
	for prefix := id; len(prefix) > 1; {
		_, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-max(size, len(prefix)/4)]
		page, err := api.Profiles(v.ctx(), client.ProfileQuery{Prefix: strings.ToValidUTF8(prefix, ""), Limit: 5})
		if err != nil {
			return nil // the page says what is so without them
		}
		for _, known := range page.Profiles {
			rows = append(rows, rowOf(known))
		}
		if len(rows) > 0 {
			return rows
		}
	}
	return nil
}

// initials are the first letters of the first and the last word of a name.
func initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	if len(words) == 1 {
		return string(unicode.ToUpper(first))
	}
	last, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return string(unicode.ToUpper(first)) + string(unicode.ToUpper(last))
}

// localTime is the hour of a time with its offset.
func localTime(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return t.Format("15:04")
}

// writable says until when somebody may be written to, or from when on.
func (v *visit) writable(s *client.Standing) string {
	if s.Held != "" {
		return "nothing goes out to them: " + s.Held
	}
	var closes, opens time.Time
	any, always := false, len(s.Categories) == 0
	for _, c := range s.Categories {
		switch {
		case c.OptedOut && !c.Always:
		case c.Open && c.Closes.IsZero():
			always = true
		case c.Open:
			any = true
			if c.Closes.After(closes) {
				closes = c.Closes.Time
			}
		case !c.Opens.IsZero() && (opens.IsZero() || c.Opens.Before(opens)):
			opens = c.Opens.Time
		}
	}
	switch {
	case any && !always:
		return "may be written to until " + v.clock(closes)
	case any || always:
		return "may be written to at any hour"
	case !opens.IsZero():
		return "may be written to from " + v.clock(opens) + " on"
	}
	return "may not be written to"
}

// clock writes an hour today, and an hour with its day otherwise.
func (v *visit) clock(t time.Time) string {
	t, now := t.In(v.zone), v.now.In(v.zone)
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04")
	}
	if t.Sub(now) < 6*24*time.Hour {
		return t.Format("Mon 15:04")
	}
	return t.Format("Mon 2 Jan, 15:04")
}

// mayRow is a category, and whether something of it may be sent.
type mayRow struct {
	Category, Says, Tone, Detail string
	Out                          string // what takes the opt-out back: the category, or all; empty: they are not opted out
	Meters                       []meter
}

// meter is how much of a cap is used.
type meter struct {
	Width int // of a hundred
	Full  bool
}

func (v *visit) mayRows(s *client.Standing, outs []string) (rows []mayRow) {
	for i := range s.Categories {
		rows = append(rows, v.mayRow(&s.Categories[i], outs))
	}
	return rows
}

func (v *visit) mayRow(c *client.CategoryStanding, outs []string) mayRow {
	row := mayRow{Category: c.Category, Says: "yes", Tone: "good"}
	if c.OptedOut && !c.Always {
		if row.Out = c.Category; slices.Contains(outs, allCategories) {
			row.Out = allCategories
		}
	}
	var details []string
	var from time.Time
	for _, limit := range c.Caps {
		m := meter{Full: limit.Used >= limit.AtMost, Width: 100}
		if limit.AtMost > 0 {
			m.Width = min(100, 100*limit.Used/limit.AtMost)
		}
		if limit.Frees.After(from) {
			from = limit.Frees.Time
		}
		row.Meters = append(row.Meters, m)
		details = append(details, v.Num(limit.Used)+" of "+limit.Cap)
	}
	switch {
	case !c.Open && c.Opens.IsZero():
		details = append(details, "at no hour")
	case !c.Open:
		details = append(details, "from "+v.clock(c.Opens.Time)+" to "+v.clock(c.Closes.Time))
		if c.Opens.After(from) {
			from = c.Opens.Time
		}
	case !c.Closes.IsZero():
		details = append(details, "until "+v.clock(c.Closes.Time))
	default:
		details = append(details, "at any hour")
	}
	if len(c.Caps) == 0 {
		details = append([]string{"no cap"}, details...)
	}
	row.Detail = strings.Join(details, ", ")
	switch {
	case row.Out != "":
		row.Says, row.Tone, row.Meters, row.Detail = "opted out", "bad", nil, optedHow(v, c)
	case !from.IsZero():
		row.Says, row.Tone = "not until "+v.clock(from), "bad"
	case !c.Open:
		row.Says, row.Tone = "no", "bad"
	case c.Always:
		row.Detail = "always: no cap, no hours and no opt-out"
	}
	return row
}

// optedHow says since when somebody is out of a category, and how that came.
func optedHow(v *visit, c *client.CategoryStanding) string {
	if c.OptedOutSince.IsZero() {
		return "it is not known since when"
	}
	return strings.TrimSpace(c.OptedOutHow + " on " + c.OptedOutSince.In(v.zone).Format("2 Jan, 15:04"))
}

// nextRow is what comes next in a run.
type nextRow struct {
	client.NextThing
	Tag, Tone, Says string
}

func (v *visit) nextRows(s *client.Standing) (rows []nextRow) {
	for _, n := range s.Next {
		row := nextRow{NextThing: n, Tag: "waiting", Tone: "wait", Says: "the first of its timers"}
		switch {
		case n.What == "held":
			row.Tag, row.Says = "held", "its message is looked at again then: hours and caps hold it back"
		case n.What == "sending":
			row.Tag, row.Tone, row.Says = "sending", "send", "its message waits for a free place"
		case n.At.IsZero():
			row.Says = "for an event, a reply or a receipt, and for no time"
		}
		rows = append(rows, row)
	}
	return rows
}
