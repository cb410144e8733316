package server

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/shape"
	"nudge/store"
	"nudge/whatif/explain"
)

// HistoryLine is one thing that happened to a person.
type HistoryLine struct {
	At       engine.Instant    `json:"at"`
	Kind     string            `json:"kind"` // event, refused, reply, call, run, message, receipt, step, opt_out or campaign
	Text     string            `json:"text"`
	Flow     string            `json:"flow,omitempty"`
	Run      string            `json:"run,omitempty"`
	Step     string            `json:"step,omitempty"`
	Message  int               `json:"message,omitempty"` // number of the message in its run
	Attempt  int               `json:"attempt,omitempty"` // of the message
	Seq      uint64            `json:"seq,omitempty"`     // number of the input in the journal, of what no run tells of
	Event    string            `json:"event,omitempty"`   // its type
	Data     json.RawMessage   `json:"data,omitempty" openapi:"object"`
	Verdict  []engine.Decision `json:"verdict,omitempty"`  // what became of an event, a reply or a call, where no run tells of it
	Campaign string            `json:"campaign,omitempty"` // that left the person out
	Reason   string            `json:"reason,omitempty"`   // why it did
	By       string            `json:"by,omitempty"`       // name of the token that gave a command, or sent an event that was refused

	DidYouMean string `json:"did_you_mean,omitempty"` // of an event that no active flow uses: the type of one that some flow does, if it is nearly the same
	// Conditions are those that decided, with the values that they saw. Only an explanation has them.
	Conditions []Condition `json:"conditions,omitempty"`
}

// historyPage is one page of what happened to a person.
type historyPage struct {
	History []HistoryLine `json:"history"`        // newest first
	Next    string        `json:"next,omitempty"` // before of the next page; absent on the last
}

// The kinds of lines.
const (
	lineEvent    = "event"
	lineRefused  = "refused"
	lineReply    = "reply"
	lineCall     = "call"
	lineRun      = "run"
	lineMessage  = "message"
	lineReceipt  = "receipt"
	lineStep     = "step"
	lineOptOut   = "opt_out"
	lineCampaign = "campaign"
)

var historyKinds = []string{lineEvent, lineRefused, lineReply, lineCall, lineRun, lineMessage, lineReceipt, lineStep, lineOptOut, lineCampaign}

// kindsOfEntries are the kinds of the entries of timelines; those that are not here are steps.
var kindsOfEntries = map[engine.Kind]string{
	engine.KindStarted: lineRun, engine.KindEnded: lineRun, engine.KindError: lineRun, engine.KindQuarantined: lineRun, engine.KindMoved: lineRun,
	engine.KindLeaving: lineRun, engine.KindScheduled: lineRun, engine.KindLeftOut: lineRun,
	engine.KindPlanned: lineMessage, engine.KindClaimed: lineMessage, engine.KindAccepted: lineMessage, engine.KindRefused: lineMessage, engine.KindDeferred: lineMessage,
	engine.KindUnknown: lineMessage, engine.KindResend: lineMessage, engine.KindGaveUp: lineMessage, engine.KindUnsent: lineMessage, engine.KindDelayed: lineMessage,
	engine.KindReturned: lineMessage, engine.KindAsked: lineMessage, engine.KindSkipped: lineMessage,
	engine.KindReceipt: lineReceipt, engine.KindEvent: lineEvent, engine.KindItem: lineEvent, engine.KindTakenBack: lineEvent, engine.KindReply: lineReply, engine.KindOpted: lineOptOut,
}

func (s *Server) getHistory(w http.ResponseWriter, r *http.Request) {
	kinds, before, limit, err := historyQuery(r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v, err := s.viewOf(w)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page, err := s.historyOf(r.PathValue("id"), v, before, limit)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if len(kinds) > 0 {
		page.History = slices.DeleteFunc(page.History, func(l HistoryLine) bool { return !slices.Contains(kinds, l.Kind) })
	}
	reply(w, http.StatusOK, page)
}

var historyParameters = []string{"kind", "before", "limit"}

func historyQuery(values url.Values) (kinds []string, before []byte, limit int, err error) {
	if err := onlyParameters(values, historyParameters); err != nil {
		return nil, nil, 0, err
	}
	if text := values.Get("kind"); text != "" {
		kinds = strings.Split(text, ",")
	}
	for _, kind := range kinds {
		if !slices.Contains(historyKinds, kind) {
			return nil, nil, 0, wrongParameter("kind", kind+" is no kind; "+diag.DidYouMean(kind, historyKinds, "there are"))
		}
	}
	limit = min(usualPage, store.MaxHistory)
	if text := values.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 || limit > store.MaxHistory {
			return nil, nil, 0, wrongParameter("limit", "must be a number from 1 to "+strconv.Itoa(store.MaxHistory))
		}
	}
	if text := values.Get("before"); text != "" {
		if before, err = hex.DecodeString(text); err != nil || len(before) < 16 {
			return nil, nil, 0, wrongParameter("before", "must be the place of a page, as next gives it")
		}
	}
	return kinds, before, limit, nil
}

// historyOf is a page of a person's history, as far as v lets it be seen.
func (s *Server) historyOf(profile string, v *view, before []byte, limit int) (*historyPage, error) {
	found, err := s.config.Store.History(profile, before, limit)
	if err != nil {
		return nil, err
	}
	s.config.Runner.Suspect(found.Damaged...)
	person, err := s.config.Store.Person(profile)
	if err != nil {
		return nil, err
	}
	page := &historyPage{History: []HistoryLine{}, Next: hex.EncodeToString(found.Next)}
	if page.History, err = s.refusedFor(profile, v, store.PlaceTime(found.Next), store.PlaceTime(before)); err != nil {
		return nil, err
	}
	used, err := s.usedEvents()
	if err != nil {
		return nil, err
	}
	for i := range found.Items {
		item := &found.Items[i]
		if item.Run == nil {
			line, err := lineOfInput(item, person, v)
			if err != nil {
				return nil, err
			}
			if line.Kind == lineEvent && !slices.Contains(used, line.Event) {
				line.DidYouMean = diag.Misspelt(line.Event, used)
			}
			page.History = append(page.History, line)
			continue
		}
		f, err := s.flows.of(item.Run)
		if err != nil {
			return nil, err
		}
		lines, err := linesOfRun(item.Run, f, person, v)
		if err != nil {
			return nil, err
		}
		page.History = append(page.History, lines...)
	}
	slices.SortStableFunc(page.History, func(a, b HistoryLine) int { return cmp.Compare(b.At, a.At) })
	return page, nil
}

// mostRefused is how many refused events one page of a history has at most, the newest of its span.
const mostRefused = 100

// refusedFor are the events that name a person and were refused, from an instant up to another; 0 for any.
func (s *Server) refusedFor(profile string, v *view, since, until engine.Instant) (lines []HistoryLine, err error) {
	lines = []HistoryLine{}
	refused, _, err := s.config.Store.Refusals(store.RefusalQuery{Profile: profile, Since: since, Until: until, Limit: mostRefused})
	for _, x := range refused {
		shown := refusedOf(x)
		v.refused(&shown)
		line := HistoryLine{At: shown.At, Kind: lineRefused, Event: shown.Type, Reason: shown.Code, By: shown.From}
		line.Text = strings.TrimSuffix("event "+shown.Type+" refused: "+shown.Detail, ": ")
		lines = append(lines, line)
	}
	return lines, err
}

// linesOfRun is the timeline of a run, newest first.
func linesOfRun(r *engine.Run, f *flows.Flow, person *engine.Person, v *view) (lines []HistoryLine, err error) {
	secrets, err := v.secrets(r.Flow, r.Data, person)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(r.Timeline) {
		line := HistoryLine{At: e.At, Kind: kindsOfEntries[e.Kind], Flow: r.Flow, Run: r.ID.String(), Step: stepName(f, e.Step), Message: e.Message, Attempt: e.Attempt,
			Text: shape.Hide(engine.Describe(f, e), secrets)}
		switch {
		case e.Kind == engine.KindSkipped && e.Message == 0 || line.Kind == "":
			line.Kind = lineStep
		case line.Kind == lineEvent:
			line.Event = e.Detail
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// lineOfInput tells an input that no run tells of.
func lineOfInput(item *store.HistoryItem, person *engine.Person, v *view) (line HistoryLine, err error) {
	e := item.Entry
	line = HistoryLine{At: e.At, Seq: e.Seq, Verdict: e.Decisions}
	if item.Input.By != nil {
		line.By = item.Input.By.Name
	}
	switch p := item.Input.Payload.(type) {
	case *engine.ProfileChange:
		line.Kind, line.Text = lineOptOut, optedText(p)
	case *engine.Event:
		line.Kind, line.Event, line.Data = lineEvent, p.Type, v.event(p.Type, p.Data)
		line.Text = "event " + p.Type + verdictText(e)
	case *engine.Reply:
		line.Kind, line.Text = lineReply, "reply "+strconv.Quote(p.Text)+verdictText(e)
	case *engine.Call:
		line.Kind, line.Flow, line.Text = lineCall, p.Flow, "call of "+p.Flow+verdictText(e)
		line.Data, err = v.data(p.Flow, p.Data)
	default:
		line.Kind, line.Text = lineRun, item.Input.Kind().String()+verdictText(e)
	}
	if e.Campaign != 0 {
		line.Kind, line.Campaign, line.Reason, line.Data = lineCampaign, fmt.Sprint("number ", e.Campaign), e.Reason, nil
		if item.Campaign != nil {
			line.Campaign, line.Flow = item.Campaign.ID, item.Campaign.Flow
		}
		line.Text = "left out of the campaign " + line.Campaign + ": " + explain.LeftOut(e.Reason)
	}
	line.hide(v.secretsOfInput(item.Input, person))
	return line, err
}

// verdictText says what an input came to.
func verdictText(e *engine.HistoryEntry) string {
	var parts []string
	for _, d := range e.Decisions {
		parts = append(parts, strings.TrimSuffix(strings.TrimSpace(d.Flow+" "+string(d.Action))+": "+d.Reason, ": "))
	}
	if e.Ignored != "" {
		parts = append(parts, e.Ignored)
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, "; ")
}

// optedText says how somebody changed what they want to get.
func optedText(p *engine.ProfileChange) string {
	switch {
	case p.OptOut != "":
		return "opted out of " + p.OptOut
	case p.OptIn != "":
		return "opted in to " + p.OptIn
	case p.OptOuts != nil && len(*p.OptOuts) > 0:
		return "opted out of " + strings.Join(*p.OptOuts, ", ") + ", and of nothing else"
	}
	return "opted in to everything"
}
