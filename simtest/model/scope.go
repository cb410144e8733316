package model

import (
	"bytes"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"nudge/engine"
)

// truth asks the condition of a line with a happening in hand. It does not hold where it
// cannot be computed.
func (w *walk) truth(condition string, h *happening) bool {
	holds, err := truth(condition, w.names(h))
	if err != nil {
		w.mark("a line that cannot be computed")
	}
	return holds && err == nil
}

// decides asks the condition of a step, which ends the run where it cannot be computed.
func (w *walk) decides(condition string) bool {
	holds, err := truth(condition, w.names(nil))
	if err != nil {
		panic(err)
	}
	return holds
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
		case "remaining":
			return w.remaining
		case "hours":
			return func(category string) *hours { return hoursOf(category, w.f.categories, w.flow.categories) }
		case "run":
			return map[string]any{"id": w.run.id.String(), "key": w.run.key, "started": w.run.facts[0].now.Time(), "started_by": w.run.by}
		case "event":
			if h != nil && h.event != "" {
				return h.data
			}
			return eventOf(w.event)
		case "reply":
			if h != nil && h.event == "" {
				return replyOf(h, w.locale())
			}
			return replyOf(w.reply, w.locale())
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
		view := map[string]any{"status": "", "reason": "", "accepted": false, "sent": false, "delivered": false, "read": false, "failed": false}
		for i := range w.messages {
			if m := &w.messages[i]; m.step == index {
				view = map[string]any{"status": m.status.String(), "reason": m.reason, "read": m.status == engine.Read, "failed": lost(m.status),
					"conversation": orNothing(w.convOf(i)),
					"accepted":     m.accepted,
					"delivered":    satisfies(m.status, "delivered"),
					"sent":         m.status == engine.Sent || satisfies(m.status, "delivered")}
			}
		}
		return view
	case "fetch":
		r := w.fetches[index]
		if !answersShape(get(s.node, "shape"), r.JSON) {
			return map[string]any{"status": r.Status}
		}
		return map[string]any{"status": r.Status, "json": object(r.JSON)}
	}
	view := map[string]any{"outcome": "", "event": eventOf(nil), "reply": replyOf(nil, "")}
	for _, end := range w.waits {
		if end.step == index {
			view = map[string]any{"outcome": end.outcome, "event": eventOf(end.event), "reply": replyOf(end.reply, w.locale())}
		}
	}
	if s.verb == "collect" {
		items := []any{}
		for _, h := range w.items[index] {
			item := h.data
			if len(s.events) > 1 {
				item = maps.Clone(item)
				item["event"] = h.event
			}
			items = append(items, item)
		}
		view["items"], view["count"] = items, len(items)
	}
	return view
}

func orNothing(s string) any {
	if s == "" {
		return nil
	}
	return s
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

func replyOf(h *happening, locale string) map[string]any {
	if h == nil {
		h = &happening{}
	}
	view := map[string]any{"text": h.text, "keyword": keyword(h.text), "conversation": h.conv, "at": h.at.Time(),
		"parts": append([]any{}, h.parts...), "metadata": h.meta}
	if n := firstNumber(h.text, locale); n != nil {
		view["number"] = n
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
		data[n.Content[i].Value] = written(w.value(n.Content[i+1]))
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
