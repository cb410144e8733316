package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"nudge/engine"
	"nudge/lang/shape"
	"nudge/store"
)

// privateHeader asks for answers in which what is private is masked, whatever the token may see. It is written as net/http keeps
// the names of headers.
const privateHeader = "Nudge-Private"

// DidReveal is what the entry of a reveal says was done.
const DidReveal = "reveal person"

// revealRequest says why somebody wants to see what is private.
type revealRequest struct {
	Reason string `json:"reason,omitempty"` // is kept in the audit trail
}

// Revealed is what is private of a person.
type Revealed struct {
	ID      string          `json:"id"`
	Private []string        `json:"private"`                  // names of private fields: of what is known of the person, and of the data of their newest runs and events
	Profile json.RawMessage `json:"profile" openapi:"object"` // what is known of them, with nothing masked
}

// reveal shows what is private of a person, and leaves an entry in the audit trail with the names of the fields, and not the values.
func (s *Server) reveal(w http.ResponseWriter, r *http.Request) {
	var request revealRequest
	err := refuseKey(r, "each reveal leaves an entry of its own, so it takes no Idempotency-Key")
	if err == nil {
		err = s.read(w, r, &request)
	}
	if err == nil && len(request.Reason) > engine.MaxReasonBytes {
		err = wrongField("reason", fmt.Sprintf("the reason must be at most %d bytes", engine.MaxReasonBytes))
	}
	if err == nil {
		err = checkProfileID(r.PathValue("id"))
	}
	var shown *Revealed
	if err == nil {
		shown, err = s.privateOf(r.PathValue("id"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	note := &engine.Note{Did: DidReveal, Profile: shown.ID, Reason: request.Reason}
	if len(shown.Private) > 0 {
		note.After = encoded(map[string][]string{"private": shown.Private})
	}
	// The entry comes first: nobody sees a value without it.
	if _, err := s.config.Runner.Submit(r.Context(), &engine.Input{By: actorOf(w, r), Payload: note}); err != nil {
		s.fail(w, r, runnerProblem(err))
		return
	}
	reply(w, http.StatusOK, shown)
}

// privateOf is what is private of a person, by the marks of the deployed project.
func (s *Server) privateOf(profile string) (*Revealed, error) {
	v, err := s.maskingView()
	if err != nil {
		return nil, err
	}
	p, err := s.config.Store.Person(profile)
	if err != nil {
		return nil, err
	}
	if p == nil { // they may have runs all the same
		p = &engine.Person{ID: profile}
	}
	shown := &Revealed{ID: profile, Profile: encoded(profileOf(p, new(view))), Private: []string{}}
	if v.all() {
		return shown, nil
	}
	shown.add("profile", v.marks.Profile, p.Attributes)
	page, err := s.config.Store.History(profile, nil, store.MaxHistory)
	if err != nil {
		return nil, err
	}
	for i := range page.Items {
		if err := shown.addItem(v, &page.Items[i]); err != nil {
			return nil, err
		}
	}
	slices.Sort(shown.Private)
	shown.Private = slices.Compact(shown.Private)
	return shown, nil
}

// addItem adds the names of what is private in a run or an event of a person.
func (shown *Revealed) addItem(v *view, item *store.HistoryItem) error {
	if item.Run != nil {
		shapes, err := v.dataShapes(item.Run.Flow)
		for _, t := range shapes {
			shown.add(item.Run.Flow+": data", t, item.Run.Data)
		}
		return err
	}
	if item.Input == nil {
		return nil
	}
	event, ok := item.Input.Payload.(*engine.Event)
	if !ok {
		return nil
	}
	started, err := v.startedBy(event.Type)
	for _, t := range append(slices.Clone(started), v.marks.Events[event.Type]) {
		shown.add(event.Type+": event", t, event.Data)
	}
	return err
}

// add adds the names of what is private in JSON, as conditions write them.
func (shown *Revealed) add(of string, t *shape.Type, raw json.RawMessage) {
	for _, name := range t.PrivateIn(raw) {
		if name != "" {
			name = "." + name
		}
		shown.Private = append(shown.Private, of+name)
	}
}
