package model

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"nudge/engine"
	"nudge/flows"
)

// fetchGrace is how long after its timeout an attempt counts as lost.
const fetchGrace = 30 * time.Second

// fetch asks an HTTP service, again where it is worth it.
func (w *walk) fetch(s *step) *way {
	w.tried += w.attempt
	w.attempt = 0
	w.status = engine.Fetching
	w.request(s)
	retries := flows.DefaultRetries
	if n := get(s.node, "retries"); n != nil {
		retries, _ = strconv.Atoi(n.Value)
	}
	var answer engine.FetchResult
	if out := w.await(engine.Fetching, s.index, func() *way {
		switch {
		case w.f.kind == rings && (w.paused || w.attempt <= retries):
			w.request(s)
		case w.f.kind == rings:
			w.note(engine.KindFetched, s.index, 0, "")
			return &way{kind: onward}
		case w.f.kind == fetchEnded:
			return w.heardBack(s, retries, &answer)
		}
		return nil
	}); out != nil {
		return out
	}
	w.alarm = 0
	w.fetches[s.index] = answer
	if answer.Status < 200 || answer.Status >= 400 || !answersShape(get(s.node, "shape"), answer.JSON) {
		w.goes(engine.CountOver, s.index, 0, engine.CountsError)
		return w.block(s.body)
	}
	return nil
}

// answersShape reports whether an answer has its shape, if it must have one.
func answersShape(n *yaml.Node, answer []byte) bool {
	if n == nil {
		return true
	}
	var v any
	return json.Unmarshal(answer, &v) == nil && fitsShape(n, v)
}

func (w *walk) heardBack(s *step, retries int, answer *engine.FetchResult) *way {
	r := w.f.fetched
	if r.Step != s.index || r.Attempt != w.tried+w.attempt || w.paused {
		return nil
	}
	w.moved = true
	putOff := r.Busy || r.Held
	if !putOff || !w.putOffLast(s) {
		w.note(engine.KindFetched, s.index, 0, "")
	}
	w.putOff = putOff
	again := r.Status == 0 || r.Status == 429 || r.Status >= 500
	if putOff {
		w.attempt--
	}
	if r.Held {
		w.paused, w.alarm = true, w.f.now.Add(engine.HeldPause)
		return nil
	}
	if r.Busy || again && !r.Final && w.attempt <= retries {
		w.paused = true
		w.alarm = w.run.world.pause(w.run, w.f, nil, w.attempt+1)
		return nil
	}
	*answer = *r
	return &way{kind: onward}
}

func (w *walk) request(s *step) {
	w.attempt++
	anew := w.paused && w.putOffLast(s)
	w.paused = false
	timeout := flows.DefaultTimeout
	if n := get(s.node, "timeout"); n != nil {
		said, _ := parseSpan(n.Value)
		timeout = said.clock
	}
	w.alarm = w.f.now.Add(timeout + fetchGrace)
	if !anew {
		w.note(engine.KindFetch, s.index, 0, "")
	}
}

// putOffLast reports whether the last that became of a fetch is that an attempt was put off. Another one leaves nothing until it is answered.
func (w *walk) putOffLast(s *step) bool {
	for _, e := range slices.Backward(w.path) {
		if e.kind == engine.KindFetch || e.kind == engine.KindFetched {
			return w.putOff && e.kind == engine.KindFetched && e.step == s.index
		}
	}
	return false
}
