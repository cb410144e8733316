package console

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"nudge/client"
)

var inboxView = view{pattern: Root + "inbox", file: "inbox", section: "inbox", topics: []string{"runs", "events"}, load: loadInbox}

var inboxViews = []view{inboxView}

var inboxActions = []action{
	{pattern: Root + "inbox/clock", scope: "operate", section: "inbox", shows: &inboxView, do: setClock},
	{pattern: Root + "inbox/send", scope: "events", section: "inbox", shows: &inboxView, do: sendFromInbox},
	{pattern: Root + "inbox/fail", scope: "operate", section: "inbox", shows: &inboxView, do: failNext},
	{pattern: Root + "inbox/people/{id}/reply", scope: "operate", section: "inbox", shows: &inboxView, do: replyAs},
	{pattern: Root + "inbox/people/{id}/script", scope: "operate", section: "inbox", shows: &inboxView, do: setScript},
	{pattern: Root + "inbox/people/{id}/read", scope: "operate", section: "inbox", shows: &inboxView, do: readAs},
}

const (
	maxPhones    = 4                // that are shown; one more takes the place of the first
	firstPhones  = 3                // that are shown if none are named
	maxOthers    = 20               // people that are named beside the phones
	phoneShows   = 30               // messages of a phone, the newest; the person's page has all
	heardOfEach  = 30               // things that happened to each person, of which the feed is made
	maxHeard     = 24               // lines of the feed, the newest
	longSilence  = 30 * time.Minute // after which the time is shown again
	maxPersonID  = 256              // bytes of an ID that is added; a longer one is not
	firstVisitor = "ann"            // if nobody has messages yet
)

// inboxPage is what people see, and what can be done as one of them.
type inboxPage struct {
	Wrong  *problemPage // of the action before
	People string       // whose phones are shown
	Clock  part[*inboxClock]
	Phones []*phone
	Others []choiceLink
	Heard  []heardLine
	Send   *inboxEvent // nil: only the parts that change are written
}

// inboxClock is the clock of the engine and of the people.
type inboxClock struct {
	*client.DevClock
	Next   string // what happens by itself next
	Faster string // how fast it runs, if not as that of the wall
}

// Millis is the instant for the script, which lets the clock run.
func (c *inboxClock) Millis() int64 { return c.Now.UnixMilli() }

// heardLine is something that the engine did.
type heardLine struct {
	client.HistoryLine
	Who string
}

// Bad reports whether something went wrong.
func (h heardLine) Bad() bool {
	return h.Kind == "receipt" && strings.Contains(h.Text, " failed") || h.Kind == "message" && strings.Contains(h.Text, " refused")
}

// heardOf asks for what the engine did with a person, without what says nothing more: that a message is on its way, and that it
// was sent.
func (v *visit) heardOf(who string) (all []heardLine) {
	page, err := v.api.History(v.ctx(), who, client.HistoryQuery{Limit: heardOfEach})
	if err != nil {
		return nil // the feed has less
	}
	for _, line := range page.History {
		switch {
		case strings.HasSuffix(line.Text, " handed to the channel"), strings.HasSuffix(line.Text, " planned, waiting to be sent"):
		case line.Kind == "receipt" && line.Text == line.Step+" sent":
		default:
			all = append(all, heardLine{line, who})
		}
	}
	return all[:min(len(all), maxHeard)]
}

// When is the time of something at the page's clock, as short as it can be.
func (v *visit) When(t client.Time) template.HTML {
	at, now, layout := t.In(v.zone), v.now.In(v.zone), "2 Jan"
	switch {
	case at.Year() == now.Year() && at.YearDay() == now.YearDay():
		layout = "15:04:05"
	case now.Sub(at).Abs() < 6*24*time.Hour:
		layout = "Mon 15:04"
	}
	return timeElement(at, at.Format(layout))
}

func loadInbox(v *visit) (*content, error) {
	if !v.Me.Server.Dev {
		return nil, &client.Problem{Status: http.StatusNotFound, Detail: "an inbox is only in nudge dev and nudge demo, where people are played; here they are real"}
	}
	people, err := v.api.DevPeople(v.ctx(), maxOthers)
	if err != nil {
		return nil, err
	}
	shown := v.phonesOf(people)
	p := &inboxPage{People: strings.Join(shown, ","), Wrong: v.wrong}
	values := url.Values{"people": {p.People}}
	for _, name := range []string{"event", "for"} {
		if value := v.query(name); value != "" {
			values.Set(name, value)
		}
	}
	v.r = v.r.Clone(v.ctx())
	v.r.URL.RawQuery = values.Encode() // so that the parts that change stay those of these people
	p.Clock = partOf(v.inboxClock())
	live := []string{"inbox-clock", "inbox-heard"}
	for i, who := range shown {
		phone := v.phoneOf(who)
		phone.Number, phone.Without = i+1, v.inboxPath(slices.Delete(slices.Clone(shown), i, i+1))
		p.Phones, p.Heard = append(p.Phones, phone), append(p.Heard, v.heardOf(who)...)
		live = append(live, fmt.Sprintf("phone-%d", i+1), fmt.Sprintf("owner-%d", i+1))
	}
	slices.SortStableFunc(p.Heard, func(a, b heardLine) int { return b.At.Compare(a.At.Time) })
	p.Heard = p.Heard[:min(len(p.Heard), maxHeard)]
	for _, other := range people {
		if !slices.Contains(shown, other.Profile) {
			p.Others = append(p.Others, choiceLink{Label: other.Profile, Path: v.inboxPath(append(slices.Clone(shown), other.Profile))})
		}
	}
	if v.r.Header.Get(partsHeader) == "" {
		if p.Send, err = v.inboxEvent(shown); err != nil {
			return nil, err
		}
	}
	return &content{Title: "Inbox", Data: p, Live: live}, nil
}

// phonesOf says whose phones are shown: those of people, and of add; or else of those with the newest messages.
func (v *visit) phonesOf(people []client.DevPerson) (shown []string) {
	for _, named := range append(slices.Clone(v.r.URL.Query()["people"]), v.query("add")) {
		for who := range strings.SplitSeq(named, ",") {
			who = strings.TrimSpace(who)
			if who != "" && len(who) <= maxPersonID && utf8.ValidString(who) && !slices.Contains(shown, who) {
				shown = append(shown, who)
			}
		}
	}
	if len(shown) == 0 {
		for _, p := range people[:min(len(people), firstPhones)] {
			shown = append(shown, p.Profile)
		}
		slices.Sort(shown)
	}
	if len(shown) == 0 {
		return []string{firstVisitor}
	}
	return shown[max(0, len(shown)-maxPhones):]
}

// inboxPath is the path of the inbox of some people.
func (v *visit) inboxPath(people []string) string {
	if len(people) == 0 {
		return Root + "inbox"
	}
	return Root + "inbox?" + url.Values{"people": {strings.Join(people[max(0, len(people)-maxPhones):], ",")}}.Encode()
}

func (v *visit) inboxClock() (*inboxClock, error) {
	clock, err := v.api.DevClock(v.ctx())
	if err != nil {
		return nil, err
	}
	c := &inboxClock{DevClock: clock, Next: "nothing happens by itself"}
	switch {
	case clock.Held:
		c.Faster = "held"
	case clock.Speed != 1:
		c.Faster = v.Num(clock.Speed) + " × faster"
	}
	next := clock.Next
	if next == nil {
		return c, nil
	}
	what := "what a person does"
	switch next.What {
	case "schedule":
		what = "the schedule of " + next.Flow
	case "timer":
		what = "a timer"
		if run, err := v.api.Run(v.ctx(), next.Run); err == nil { // else it has just ended
			what = strings.TrimSpace(run.Profile + "’s " + cmp.Or(run.Step, run.Flow))
		}
	}
	c.Next = "next: " + what + ", in " + Span(max(next.At.Sub(clock.Now.Time), 0))
	return c, nil
}

// phone is what one person sees.
type phone struct {
	Number  int
	Who     string
	Zone    string // of the person: a city
	Time    string // by the person's clock
	State   string // of the newest run
	Tone    string
	Run     string // its ID
	From    string // who writes to them
	Letters string // of that
	Push    *client.DevAlert
	Bubbles []bubble
	Script  string
	Does    []choice
	Quick   []string
	Without string // the page without this phone
	Wrong   *problemPage
	Text    string // of a reply that was refused
}

// bubble is a message on a phone.
type bubble struct {
	client.DevMessage
	When string // above it, after some time
	Tick string // below it
	Gone bool   // it did not arrive
}

// quickReplies are what people often write.
var quickReplies = []string{"yes", "help!", "STOP", "thanks"}

// scripts are what people often do, as the API writes them.
var scripts = []choice{
	{"", "as the project says"}, {"delivered after 1s, reads after 5s", "reads after 5 s"}, {"never reads, delivered after 1s", "never reads"},
	{`never delivered, fails "no such device" after 1s`, "fails: no such device"},
	{`delivered after 1s, reads after 10s, replies "help!" after 1m0s`, "replies “help!” after 1 min"},
}

// phoneOf asks for what one person sees.
func (v *visit) phoneOf(who string) *phone {
	p := &phone{Who: who, Quick: quickReplies, From: "Nobody has written yet", Letters: "–"}
	zone := time.UTC
	if s, err := v.api.Standing(v.ctx(), who); err == nil { // else UTC
		if z, err := time.LoadLocation(s.TimeZone); err == nil {
			zone, p.Zone = z, cityOf(s.TimeZone)
		}
	}
	p.Time = v.now.In(zone).Format("15:04")
	person, err := v.api.DevPerson(v.ctx(), who, phoneShows)
	if err != nil {
		wrong := problemData(err)
		p.Wrong, person = &wrong, &client.DevPerson{}
	}
	p.fill(person, v.now, zone)
	if runs, err := v.api.Runs(v.ctx(), client.RunQuery{RunFilter: client.RunFilter{Profile: who}, Limit: 1, Look: nearLook}); err == nil && len(runs.Runs) > 0 {
		r := runs.Runs[0]
		p.Run, p.State, p.Tone = r.ID, cmp.Or(r.Outcome, r.Step, r.Status), "wait"
		switch {
		case r.Goal || r.Outcome == "completed":
			p.Tone = "good"
		case r.Outcome != "":
			p.Tone = cmp.Or(tone(r.Outcome), "do")
		}
	}
	if v.wrong != nil && v.r.PathValue("id") == who {
		p.Text = v.posted("text")
	}
	return p
}

// fill puts the messages of a person on their phone.
func (p *phone) fill(person *client.DevPerson, now time.Time, zone *time.Location) {
	p.Script, p.Does = person.Script, scripts
	if !slices.ContainsFunc(scripts, func(c choice) bool { return c.Value == person.Script }) {
		p.Does = append(slices.Clone(scripts), choice{person.Script, person.Script})
	}
	var last time.Time
	for _, m := range person.Messages {
		b := bubble{DevMessage: m}
		at := m.At.In(zone)
		if last.IsZero() || at.Sub(last) >= longSilence {
			b.When = at.Format("Mon 15:04")
		}
		last = at
		switch {
		case m.Inbound:
		case m.Status == "failed" || m.Status == "expired":
			b.Gone, b.Tick = true, m.Status
			if m.Reason != "" {
				b.Tick += ": " + m.Reason
			}
		default:
			b.Tick = m.Status
		}
		if !m.Inbound {
			p.From, p.Letters = m.From, lettersOf(m.From)
			p.Push = nil
			if m.Alert != nil && (m.Status == "sent" || m.Status == "delivered") && now.Sub(m.At.Time) < 24*time.Hour {
				p.Push = m.Alert
			}
		}
		p.Bubbles = append(p.Bubbles, b)
	}
}

// lettersOf are the first letters of a name.
func lettersOf(name string) string {
	letters := ""
	for word := range strings.FieldsSeq(name) {
		if first, _ := utf8.DecodeRuneInString(word); unicode.IsLetter(first) && utf8.RuneCountInString(letters) < 2 {
			letters += string(unicode.ToUpper(first))
		}
	}
	return cmp.Or(letters, "–")
}

// Web reports whether a URL is one of the web, so that it may be followed.
func Web(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// inboxEvent is the form that sends an event.
type inboxEvent struct {
	Types  []client.DevEvent
	People []string
	Type   string // that is chosen; empty: there are none
	For    string
	Data   string
	Leads  string // what it does
}

func (v *visit) inboxEvent(shown []string) (*inboxEvent, error) {
	types, err := v.api.DevEvents(v.ctx())
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(types, func(a, b client.DevEvent) int { // those that start something first
		return cmp.Compare(min(len(b.Starts), 1), min(len(a.Starts), 1))
	})
	e := &inboxEvent{Types: types, People: shown, For: cmp.Or(v.posted("for"), v.query("for"), shown[0])}
	if !slices.Contains(e.People, e.For) {
		e.People = append(slices.Clone(shown), e.For)
	}
	if len(types) == 0 {
		return e, nil
	}
	chosen := &types[0]
	for i := range types {
		if types[i].Type == cmp.Or(v.posted("event"), v.query("event")) {
			chosen = &types[i]
		}
	}
	e.Type = chosen.Type
	switch {
	case len(chosen.Starts) > 0:
		e.Leads = "starts " + strings.Join(chosen.Starts, ", ")
	case len(chosen.Used) > 0:
		e.Leads = "is waited for in " + strings.Join(chosen.Used, ", ")
	}
	if e.Data = v.posted("data"); v.wrong == nil || e.Data == "" {
		e.Data = v.exampleFor(chosen, e.For)
	}
	return e, nil
}

// exampleFor is the example of an event, about one person: with a new key if it starts something, else with that of their newest run.
func (v *visit) exampleFor(e *client.DevEvent, who string) string {
	var data map[string]json.RawMessage
	if json.Unmarshal(e.Data, &data) != nil {
		return "{}"
	}
	set := func(field string, value any) {
		if field == "" {
			return
		}
		if raw, err := json.Marshal(value); err == nil && string(data[field]) != "1" { // 1: a number, which stays one
			data[field] = raw
		}
	}
	set(e.Person, who)
	key := fmt.Sprintf("%s-%d", strings.ToUpper(string([]rune(who)[:1])), time.Now().UnixMilli()%100_000)
	if len(e.Starts) == 0 {
		if runs, err := v.api.Runs(v.ctx(), client.RunQuery{RunFilter: client.RunFilter{Profile: who}, Limit: 1, Look: nearLook}); err == nil && len(runs.Runs) > 0 {
			key = cmp.Or(runs.Runs[0].Key, key)
		}
	}
	set(e.Key, key)
	raw, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		return "{}"
	}
	return string(raw)
}

// inboxAction is the path of what can be done as a person.
func inboxAction(who, do string) string {
	return Root + "inbox/people/" + url.PathEscape(who) + "/" + do
}

// inboxNext is the page that a form of the inbox was on.
func (v *visit) inboxNext() string {
	if next := nextOf(v.posted("next")); strings.HasPrefix(next, Root+"inbox") {
		return next
	}
	return Root + "inbox"
}

// setClock lets time pass, or stops it.
func setClock(v *visit) (*done, error) {
	clock, err := (*client.DevClock)(nil), error(nil)
	switch do := v.posted("do"); do {
	case "next":
		clock, err = v.api.DevNext(v.ctx())
	case "hold", "go":
		clock, err = v.api.DevHold(v.ctx(), do == "hold")
	default:
		clock, err = v.api.DevJump(v.ctx(), do)
	}
	if err != nil {
		return nil, err
	}
	d := &done{To: v.inboxNext()}
	if clock.Short {
		d.Said = "So much happens on the way that the clock stopped early. Go on from here."
	}
	return d, nil
}

// sendFromInbox sends an event about a person.
func sendFromInbox(v *visit) (*done, error) {
	types, err := v.api.DevEvents(v.ctx())
	if err != nil {
		return nil, err
	}
	e := client.Event{ID: formID(v), Type: v.posted("event"), Profile: v.posted("for"), Data: json.RawMessage(cmp.Or(strings.TrimSpace(v.posted("data")), "{}"))}
	var data map[string]json.RawMessage
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return nil, &client.Problem{Status: http.StatusUnprocessableEntity, Detail: "the data is no JSON object: " + err.Error()}
	}
	for _, t := range types {
		if t.Type == e.Type && t.Person != "" && string(data[t.Person]) != "" {
			e.Profile = "" // the data names the person
		}
	}
	answer, err := v.api.SendEvent(v.ctx(), e)
	if err != nil {
		return nil, err
	}
	return &done{To: v.inboxNext(), Said: e.Type + ": " + ledTo(answer)}, nil
}

// ledTo says what an event led to.
func ledTo(a *client.Answer) string {
	var all []string
	for _, d := range a.Decisions {
		text := string(d.Did) + " " + d.Flow
		if d.Reason != "" {
			text += " (" + d.Reason + ")"
		}
		all = append(all, text)
	}
	switch {
	case len(all) > 0:
		return strings.Join(all, ", ") + "."
	case a.Ignored != "":
		return "it was taken, and nothing followed: " + a.Ignored + "."
	}
	return "it was taken."
}

// failNext lets the next send fail.
func failNext(v *visit) (*done, error) {
	status := map[string]int{"400": http.StatusBadRequest, "429": http.StatusTooManyRequests, "503": http.StatusServiceUnavailable}[v.posted("status")]
	if err := v.api.DevFail(v.ctx(), 1, cmp.Or(status, http.StatusBadRequest)); err != nil {
		return nil, err
	}
	return &done{To: v.inboxNext(), Said: fmt.Sprintf("The service answers the next send with %d, to any person.", cmp.Or(status, http.StatusBadRequest))}, nil
}

// replyAs writes a message as a person.
func replyAs(v *visit) (*done, error) {
	if _, err := v.api.DevReply(v.ctx(), v.r.PathValue("id"), cmp.Or(v.posted("quick"), v.posted("text")), ""); err != nil {
		return nil, err
	}
	return &done{To: v.inboxNext()}, nil
}

// setScript says what a person does with every message from here on.
func setScript(v *visit) (*done, error) {
	p, err := v.api.DevScript(v.ctx(), v.r.PathValue("id"), v.posted("script"))
	if err != nil {
		return nil, err
	}
	return &done{To: v.inboxNext(), Said: "From the next message on, " + p.Profile + " " + cmp.Or(p.Script, "does as the project says") + "."}, nil
}

// readAs lets a person read their messages now.
func readAs(v *visit) (*done, error) {
	who := v.r.PathValue("id")
	n, err := v.api.DevRead(v.ctx(), who)
	if err != nil {
		return nil, err
	}
	d := &done{To: v.inboxNext()}
	if n == 0 {
		d.Said = who + " has read everything that arrived."
	}
	return d, nil
}
