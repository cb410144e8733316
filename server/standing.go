package server

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/shape"
	"nudge/store"
)

// Standing is what may be sent to a person, and what comes next.
type Standing struct {
	Profile    string             `json:"profile"`
	TimeZone   string             `json:"timezone"`
	LocalTime  string             `json:"local_time"`        // the person's, with its offset
	Held       string             `json:"held,omitempty"`    // why nothing goes out to them at all: hold, only or killed
	Categories []CategoryStanding `json:"categories"`        // of the deployed flows, and those they opted out of
	Next       []NextThing        `json:"next"`              // soonest first
	Damaged    []string           `json:"damaged,omitempty"` // live runs whose records cannot be read
}

// CategoryStanding is what a person may get of one category.
type CategoryStanding struct {
	engine.Standing
	OptedOutSince engine.Instant `json:"opted_out_since,omitzero"` // absent if it is not among the last 100 things of their history
	OptedOutHow   string         `json:"opted_out_how,omitempty"`
}

// NextThing is when something happens next in a live run of a person.
type NextThing struct {
	At   engine.Instant `json:"at,omitzero"` // absent: nothing but an event, a reply or a receipt goes on with it
	Run  string         `json:"run"`
	Flow string         `json:"flow"`
	Step string         `json:"step,omitempty"`
	What string         `json:"what"` // held: a message is looked at again; sending: one waits for a free place; timer: the first timer of a wait
}

func (s *Server) getStanding(w http.ResponseWriter, r *http.Request) {
	standing, err := s.standingOf(r.PathValue("id"), engine.InstantOf(s.now()))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, standing)
}

// standingOf reads the first page of the history of a person: their live runs, and the last changes of what they
// want to get.
func (s *Server) standingOf(profile string, now engine.Instant) (*Standing, error) {
	person, err := s.config.Store.Person(profile)
	if err != nil {
		return nil, err
	}
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	categories, f, err := s.deployedCategories(&state)
	if err != nil {
		return nil, err
	}
	standings, looks := person.Standing(categories, f, now), 1 // which has every live run besides
	if slices.ContainsFunc(standings, func(c engine.Standing) bool { return c.OptedOut }) {
		looks = optOutLooks
	}
	page, err := s.config.Store.History(profile, nil, looks)
	if err != nil {
		return nil, err
	}
	s.config.Runner.Suspect(page.Damaged...)
	zone := person.LocalZone(f)
	out := &Standing{Profile: profile, TimeZone: zone, LocalTime: now.Time().In(shape.Zone(zone)).Format(time.RFC3339), Categories: []CategoryStanding{}, Next: []NextThing{}}
	_, out.Held = state.MayGet(profile)
	for _, c := range standings {
		shown := CategoryStanding{Standing: c}
		if c.OptedOut {
			shown.OptedOutSince, shown.OptedOutHow = optedOutBy(page.Items, c.Category)
		}
		out.Categories = append(out.Categories, shown)
	}
	for _, id := range page.Damaged {
		out.Damaged = append(out.Damaged, id.String())
	}
	for _, item := range page.Items {
		if item.Run == nil || !item.Run.Live() {
			continue
		}
		f, err := s.flows.of(item.Run)
		if err != nil {
			return nil, err
		}
		out.Next = append(out.Next, nextOf(item.Run, f))
	}
	slices.SortStableFunc(out.Next, func(a, b NextThing) int {
		if (a.At == 0) != (b.At == 0) { // what has no time comes last
			return cmp.Compare(b.At, a.At)
		}
		return cmp.Compare(a.At, b.At)
	})
	return out, nil
}

// optOutLooks is how many entries of a person's history, the newest, are looked at for how they opted out.
const optOutLooks = 50

// deployedCategories are those of the deployed flows, and a flow with the time zone of the project.
func (s *Server) deployedCategories(state *engine.State) (map[string]*flows.Category, *flows.Flow, error) {
	categories, zone := map[string]*flows.Category{}, &flows.Flow{Zone: time.UTC}
	for _, active := range state.Active {
		f, err := s.flows.version(active)
		if err != nil {
			return nil, nil, err
		}
		if f == nil {
			continue
		}
		zone.Zone = f.Zone
		for name, c := range f.Categories {
			categories[name] = c
		}
	}
	return categories, zone, nil
}

func nextOf(r *engine.Run, f *flows.Flow) NextThing {
	next := NextThing{Run: r.ID.String(), Flow: r.Flow, Step: stepName(f, r.At), At: r.Deadline, What: "timer"}
	switch held := r.HeldUntil(); {
	case held != 0:
		next.At, next.What = held, "held"
	case r.Status == engine.Sending:
		next.What = "sending"
	}
	return next
}

// optedOutBy finds the last change by which somebody opted out of a category.
func optedOutBy(items []store.HistoryItem, category string) (since engine.Instant, how string) {
	for _, item := range items {
		at, text := engine.Instant(0), ""
		if item.Run != nil {
			at, text = optedInRun(item.Run, category)
		} else if p, ok := item.Input.Payload.(*engine.ProfileChange); ok && optsOut(p, category) {
			if at, text = item.Entry.At, "by their profile"; item.Input.By != nil {
				text = "by " + item.Input.By.Name
			}
		}
		if at > since {
			since, how = at, text
		}
	}
	return since, how
}

// optedInRun finds the last step of a run that opted somebody out.
func optedInRun(r *engine.Run, category string) (at engine.Instant, how string) {
	for _, e := range r.Timeline {
		if e.Kind != engine.KindOpted {
			continue
		}
		if what, out := strings.CutPrefix(e.Detail, "out of "); out && (what == category || what == engine.OptOutAll) {
			at, how = e.At, "by a step of "+r.Flow
		}
	}
	return at, how
}

func optsOut(p *engine.ProfileChange, category string) bool {
	is := func(c string) bool { return c == category || c == engine.OptOutAll }
	return is(p.OptOut) || p.OptOuts != nil && slices.ContainsFunc(*p.OptOuts, is)
}
