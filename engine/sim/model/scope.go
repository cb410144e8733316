package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"nudge/engine"
)

// fetchGrace is how long after its timeout an attempt counts as lost.
const fetchGrace = 30 * time.Second

// truth asks a condition with a happening in hand.
func (w *walk) truth(condition string, h *happening) bool {
	if condition == "" {
		return true
	}
	return truth(condition, w.names(h))
}

// names is what the names of the language stand for.
func (w *walk) names(h *happening) func(string) any {
	return func(name string) any {
		switch name {
		case "data":
			return w.run.data
		case "profile":
			return profileOf(w.run.profile, w.known, w.flow.zone)
		case "vars":
			return w.vars
		case "round":
			return w.round()
		case "now":
			return w.now()
		case "run":
			return map[string]any{"id": w.run.id.String(), "key": w.run.key, "started": w.run.facts[0].now.Time(), "started_by": w.run.by}
		case "event":
			if h != nil && h.event != "" {
				return h.data
			}
			return eventOf(w.event)
		case "reply":
			if h != nil && h.event == "" {
				return replyOf(h)
			}
			return replyOf(w.reply)
		}
		return w.stepNamed(name)
	}
}

func (w *walk) round() int {
	if n := len(w.loops); n > 0 {
		return w.loops[n-1].round
	}
	return 0
}

func (w *walk) stepNamed(name string) any {
	index := -1
	for i, id := range w.flow.order {
		if id == name {
			index = i
		}
	}
	s := w.flow.byIndex[index]
	if s == nil {
		panic("nothing is called " + name)
	}
	switch s.verb {
	case "send":
		view := map[string]any{"status": "", "reason": "", "sent": false, "delivered": false, "read": false, "failed": false}
		for i := range w.messages {
			if m := &w.messages[i]; m.step == index {
				view = map[string]any{"status": m.status.String(), "read": m.status == engine.Read, "failed": lost(m.status),
					"delivered": satisfies(m.status, "delivered"),
					"sent":      m.status == engine.Sent || satisfies(m.status, "delivered")}
			}
		}
		return view
	case "fetch":
		r := w.fetches[index]
		return map[string]any{"status": r.Status, "json": object(r.JSON)}
	}
	view := map[string]any{"outcome": "", "event": eventOf(nil), "reply": replyOf(nil)}
	for _, end := range w.waits {
		if end.step == index {
			view = map[string]any{"outcome": end.outcome, "event": eventOf(end.event), "reply": replyOf(end.reply)}
		}
	}
	if s.verb == "collect" {
		items := []any{}
		for _, h := range w.items[index] {
			items = append(items, h.data)
		}
		view["items"], view["count"] = items, len(items)
	}
	return view
}

func profileOf(id string, known map[string]any, zone *time.Location) map[string]any {
	view := map[string]any{"timezone": zone.String()}
	for k, v := range known {
		view[k] = v
	}
	view["id"] = id
	return view
}

func eventOf(h *happening) map[string]any {
	if h == nil {
		return map[string]any{}
	}
	return h.data
}

var (
	numeral = regexp.MustCompile(`-?\d+(\.\d+)?`)
	edges   = regexp.MustCompile(`^[^\pL\pN]+|[^\pL\pN]+$`)
)

func replyOf(h *happening) map[string]any {
	if h == nil {
		h = &happening{}
	}
	view := map[string]any{"text": h.text, "keyword": strings.ToLower(edges.ReplaceAllString(h.text, "")), "conversation": h.conv, "at": h.at.Time()}
	digits := numeral.FindString(h.text)
	if n, err := strconv.Atoi(digits); err == nil {
		view["number"] = n
	} else if x, err := strconv.ParseFloat(digits, 64); err == nil {
		view["number"] = x
	}
	return view
}

// object reads a JSON object, with whole numbers as such.
func object(raw []byte) map[string]any {
	if len(raw) == 0 {
		return map[string]any{}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return map[string]any{}
	}
	m, _ := plain(v).(map[string]any)
	return m
}

func plain(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(x.String()); err == nil {
			return n
		}
		f, _ := x.Float64()
		return f
	case []any:
		for i := range x {
			x[i] = plain(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = plain(x[k])
		}
	}
	return v
}

// value is a literal, or an expression after an equals sign.
func (w *walk) value(n *yaml.Node) any {
	if n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "=") {
		v, err := evaluate(strings.TrimPrefix(n.Value, "="), w.names(nil))
		if err != nil {
			panic(err)
		}
		return v
	}
	var v any
	if err := n.Decode(&v); err != nil {
		panic(err)
	}
	return v
}

func (w *walk) assigned(n *yaml.Node) map[string]any {
	data := map[string]any{}
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		data[n.Content[i].Value] = w.value(n.Content[i+1])
	}
	return data
}

// zone is where the person lives: their own, else the flow's.
func (w *walk) zone() *time.Location {
	if name, _ := w.known["timezone"].(string); name != "" {
		if zone := zoneNamed(name); zone != nil {
			return zone
		}
	}
	return w.flow.zone
}

var zones sync.Map // of names to *time.Location

func zoneNamed(name string) *time.Location {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = nil
	}
	zones.Store(name, zone)
	return zone
}

var (
	ofDay    = regexp.MustCompile(`^(?:([a-z,-]+|\d{4}-\d{2}-\d{2}) +)?(\d{2}):(\d{2})$`)
	anchored = regexp.MustCompile(`^(\S+) +(before|after) +(.*)$`)
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// moment is when a moment is, as seen now, and whether that is past.
func (w *walk) moment(words string, now time.Time) (time.Time, bool) {
	if m := ofDay.FindStringSubmatch(words); m != nil {
		hour, _ := strconv.Atoi(m[2])
		minute, _ := strconv.Atoi(m[3])
		at, past := NextTime(now, w.zone(), m[1], hour, minute)
		if Wall(at, w.zone()).Minute() != minute || Wall(at, w.zone()).Hour() != hour {
			w.run.world.Reached["gap of daylight saving"]++
		}
		return at, past
	}
	expression, offset := words, span{}
	if m := anchored.FindStringSubmatch(words); m != nil {
		offset, _ = parseSpan(m[1])
		if expression = m[3]; m[2] == "before" {
			offset = offset.negative()
		}
	}
	v, err := evaluate(expression, w.names(nil))
	if err != nil {
		panic(err)
	}
	anchor, ok := v.(time.Time)
	if said, isText := v.(string); isText {
		anchor, err = time.Parse(time.RFC3339, said)
		ok = err == nil
	}
	if !ok {
		panic(fmt.Sprintf("%q is no moment", words))
	}
	at := offset.after(anchor, w.zone())
	return at, at.Before(now)
}

// NextTime is the next instant, this minute included, at which the clocks of a zone
// show a time of day, on the days that are named or on a date; which may be past.
func NextTime(now time.Time, zone *time.Location, days string, hour, minute int) (time.Time, bool) {
	this := now.Truncate(time.Minute)
	if len(days) == len(time.DateOnly) && days[4] == '-' {
		date, _ := time.Parse(time.DateOnly, days)
		at := Instant(date.Add(time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute), zone)
		return at, at.Before(this)
	}
	today := Wall(now, zone)
	for n := 0; ; n++ {
		wall := time.Date(today.Year(), today.Month(), today.Day()+n, hour, minute, 0, 0, time.UTC)
		if at := Instant(wall, zone); onDay(days, wall.Weekday()) && !at.Before(this) {
			return at, false
		}
	}
}

func onDay(days string, day time.Weekday) bool {
	if days == "" {
		return true
	}
	index := func(name string) int {
		for i, known := range weekdays {
			if known == name {
				return i
			}
		}
		return -1
	}
	for _, part := range strings.Split(days, ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		for d := index(first); ; d = (d + 1) % 7 {
			if d == int(day) {
				return true
			}
			if d == index(last) {
				break
			}
		}
	}
	return false
}

var placeholder = regexp.MustCompile(`{{ *([a-z_0-9.]+) *}}`)

// body is the text of the message of a send step, with its places filled in, and
// whether all of them could be. Of a text with more than names in its places nothing
// is known.
func (w *walk) body(s *step) (body string, known, ok bool) {
	source := text(get(s.node, "body"))
	if source == "" {
		name := text(s.node)
		if name == "" {
			name = text(get(s.node, "template"))
		}
		source = w.flow.texts[name]
	}
	ok, known = true, true
	body = placeholder.ReplaceAllStringFunc(source, func(place string) string {
		path := placeholder.FindStringSubmatch(place)[1]
		v, err := evaluate(path, w.names(nil))
		switch x := v.(type) {
		case string:
			return x
		case int:
			return strconv.Itoa(x)
		case nil:
			ok = ok && err != nil
		}
		known = false
		return ""
	})
	return strings.TrimRight(body, "\n"), known && !strings.Contains(body, "{{"), ok
}

func (w *walk) renders(s *step) bool {
	body, known, ok := w.body(s)
	if ok && known {
		w.run.bodies[len(w.messages)] = body
	}
	return ok
}
