package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nudge/client"
)

// helpers are the functions of all templates.
var helpers = template.FuncMap{
	"icon":   icon,
	"shown":  Shown,
	"seg":    url.PathEscape,
	"span":   Span,
	"pretty": pretty,
	"tone":   tone,
	"map":    keyed,
	"asset":  asset,
	"tally":  tally,
	"web":    Web,
	"upper":  upper,
	"after":  after,
	"short":  short,

	"person":    personPath,
	"run":       runPath,
	"flow":      flowPath,
	"event":     eventPath,
	"campaign":  campaignPath,
	"template_": templatePath,
	"deploy":    deployPath,
	"inbox":     inboxAction,
	"runs_":     campaignRuns,

	"verdict":      verdictWord,
	"campaignTone": func(c client.Campaign) string { return campaignTone(&c) },
	"campaignWord": func(c client.Campaign) string { return campaignWord(&c) },
	"city":         cityOf,
	"did":          func(did string) string { return strings.TrimSuffix(did, " campaign") },
}

// tally is a number beside an entry of the navigation; nothing for none.
func tally(n int, unit string) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + unit
}

// keyed makes a map of names and values, for templates that take several.
func keyed(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("a name without a value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("%v is no name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// pretty writes JSON on lines of its own.
func pretty(raw json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		return Shown(string(raw))
	}
	return Shown(out.String())
}

// part is a section of a page that is asked for by itself. If it fails, it says so in its place, and
// the rest of the page stays.
type part[T any] struct {
	Of    T
	Wrong *problemPage
}

// partOf asks for a section.
func partOf[T any](of T, err error) part[T] {
	if err != nil {
		p := problemData(err)
		return part[T]{Wrong: &p}
	}
	return part[T]{Of: of}
}

// Bar is a whole in parts that add up to it.
type Bar struct {
	Whole uint64 // counted by itself where it is; else the sum of the parts
	Sum   string // the whole, written
	Of    string // what it is: people started since 13 Nov, all accounted for
	Note  string
	Parts []Slice
	Label string // all of it in a sentence
}

// Slice is a part of a bar.
type Slice struct {
	N                        uint64
	Name, Count, Share, Link string
	Class                    string // good, reply, deliv, sent, plan, bad, unk, unsent or left
	X, Width                 string // in a thousand
}

// parcel is a part of a bar before it is laid out.
type parcel struct {
	name  string
	count uint64
	class string
	link  string
	note  string // beside the percent
}

// The geometry of a bar, in a thousandth of its width.
const (
	barWidth = 1000.0
	barGap   = 3.0
	barLeast = 4.0 // of a part that is not nothing
)

// barOf lays out parts that add up to a whole. Parts of nothing are left out. What small parts get so that they can
// be seen, the others give.
func (v *visit) barOf(of string, parcels []parcel) Bar {
	parcels = slices.DeleteFunc(slices.Clone(parcels), func(p parcel) bool { return p.count == 0 })
	var whole uint64
	for _, p := range parcels {
		whole += p.count
	}
	b := Bar{Whole: whole, Sum: v.Num(whole), Of: of}
	if whole == 0 {
		b.Label = "0 " + of
		return b
	}
	room := barWidth - barGap*float64(len(parcels)-1)
	widths, small, large := make([]float64, len(parcels)), 0.0, 0.0
	for i, p := range parcels {
		widths[i] = room * float64(p.count) / float64(whole)
		if widths[i] < barLeast {
			widths[i], small = barLeast, small+barLeast
		} else {
			large += widths[i]
		}
	}
	x, said := 0.0, []string{}
	for i, p := range parcels {
		if widths[i] > barLeast && large > 0 {
			widths[i] *= (room - small) / large
		}
		share := v.Pct(p.count, whole)
		if p.note != "" {
			share += ", " + p.note
		}
		b.Parts = append(b.Parts, Slice{N: p.count, Name: p.name, Count: v.Num(p.count), Share: share, Link: p.link, Class: p.class,
			X: fmt.Sprintf("%.1f", x), Width: fmt.Sprintf("%.1f", widths[i])})
		x += widths[i] + barGap
		said = append(said, v.Num(p.count)+" "+p.name)
	}
	b.Label = "Of " + b.Sum + ": " + strings.Join(said, ", ")
	return b
}

// of gives a bar the whole as it was counted by itself. The page has it beside the parts, for everybody who wants to check that they add up.
func (b Bar) of(whole uint64) Bar {
	b.Whole = whole
	return b
}

// tone is the colour of a status, an outcome or a verdict.
func tone(word string) string {
	switch word {
	case "waiting", "planned", "held", "claimed", "unsent", "not sent", "capped", "late", "opted_out", "paused", "deferred", "stale", "stopped", "killed", "hold", "only":
		return "wait"
	case "delivered", "sent", "accepted", "posted", "sending", "running", "starting", "started", "freezing", "open", "matched":
		return "send"
	case "read", "replied", "done", "finished", "goal", "approved", "active", "live":
		return "good"
	case "failed", "expired", "quarantined", "refused", "rejected", "interrupted", "cancelled":
		return "bad"
	case "fetching":
		return "do"
	}
	return ""
}

// choiceLink is a link of a group, of which one is current.
type choiceLink struct {
	Label, Path string
	Current     bool
}

// With returns the page's path with a parameter set, or left out where it is empty. The place in a list is left out too.
func (v *visit) With(name, value string) string {
	values := v.r.URL.Query()
	values.Del("before")
	values.Del("after")
	values.Set(name, value)
	if value == "" {
		values.Del(name)
	}
	if len(values) == 0 {
		return v.r.URL.EscapedPath()
	}
	return v.r.URL.EscapedPath() + "?" + values.Encode()
}

// Older is the path of the next page of a list.
func (v *visit) Older(name, cursor string) string {
	values := v.r.URL.Query()
	values.Set(name, cursor)
	return v.r.URL.EscapedPath() + "?" + values.Encode()
}

// links makes a group of links that set a parameter. Each choice is a value and a label.
func (v *visit) links(name string, choices ...choice) (all []choiceLink) {
	for _, c := range choices {
		all = append(all, choiceLink{c.Label, v.With(name, c.Value), v.query(name) == c.Value})
	}
	return all
}

// personPath, runPath and flowPath are those of pages.
func personPath(id string) string { return Root + "people/" + url.PathEscape(id) }
func runPath(id string) string    { return Root + "runs/" + url.PathEscape(id) }
func flowPath(name string) string { return Root + "flows/" + url.PathEscape(name) }

// campaignPath is the page of a campaign.
func campaignPath(id string) string { return Root + "campaigns/" + url.PathEscape(id) }

// queryOf is a query with one parameter.
func queryOf(name, value string) string { return url.Values{name: {value}}.Encode() }

// maxShort is how many characters of a value stand in a list; the rest is left out.
const maxShort = 60

// short prepares a value for a list, as Shown does.
func short(text string) string {
	if runes := []rune(text); len(runes) > maxShort {
		text = string(runes[:maxShort]) + "…"
	}
	return Shown(text)
}

// runsPath is that of the list of runs with a filter.
func runsPath(f client.RunFilter) string {
	values := url.Values{}
	for _, p := range []struct{ name, value string }{
		{"flow", f.Flow}, {"version", f.Version}, {"profile", f.Profile}, {"key", f.Key}, {"status", f.Status}, {"outcome", f.Outcome},
		{"step", f.Step}, {"line", f.Line}, {"arm", f.Arm}, {"message_status", f.MessageStatus}, {"reason", f.Reason}, {"failure", f.Failure}, {"campaign", f.Campaign},
	} {
		if p.value != "" {
			values.Set(p.name, p.value)
		}
	}
	for name, at := range map[string]client.Time{"started_from": f.StartedFrom, "started_before": f.StartedBefore, "ended_from": f.EndedFrom, "ended_before": f.EndedBefore} {
		if !at.IsZero() {
			values.Set(name, at.String())
		}
	}
	if len(values) == 0 {
		return Root + "runs"
	}
	return Root + "runs?" + values.Encode()
}

// Hidden are the parameters of the page that a form of it keeps, besides those that it has itself.
func (v *visit) Hidden(own ...string) (all []field) {
	for name, values := range v.r.URL.Query() {
		if name == "before" || name == "after" || slices.Contains(own, name) {
			continue
		}
		for _, value := range values {
			all = append(all, field{name, value})
		}
	}
	slices.SortFunc(all, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// campaignRuns is the list of the runs of a campaign.
func campaignRuns(c client.Campaign) string {
	return runsPath(client.RunFilter{Flow: c.Flow, Version: c.Version, Campaign: c.ID})
}

// templatePath is that of the page of a template.
func templatePath(name string) string { return Root + "templates/" + url.PathEscape(name) }

// thousandth is the width of a part of a whole that is a thousand wide.
func thousandth(part, whole uint64) string {
	if whole == 0 {
		return "0"
	}
	return fmt.Sprintf("%.1f", 1000*float64(part)/float64(whole))
}

// after is a text without what it begins with, where that stands beside it already.
func after(text, beginning string) string {
	if beginning == "" {
		return text
	}
	return strings.TrimLeft(strings.TrimPrefix(text, beginning), " :")
}
