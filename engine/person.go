package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"nudge/flows"
	"nudge/lang/shape"
	"nudge/lang/trace"
)

// Person is what is known of a profile, apart from its runs.
type Person struct {
	ID         string
	Attributes json.RawMessage // an object: name, locale, timezone, and the attributes the project declares
	OptOuts    []string        // categories, sorted; OptOutAll for all
	Starts     []Start         // starts of flows that limit them, oldest first
	Caps       []CapCount      // counts of capped categories, sorted by category
	Homes      []Home          // where they lived before, oldest first; only with Caps
	Queue      []Queued        // starts that wait for a live run to end, oldest first
}

// OptOutAll is the opt-out of every category.
const OptOutAll = "all"

// Start is one start of a run that a limit counts.
type Start struct {
	Flow  string
	Key   string
	At    Instant
	Reply bool // started by a reply, under MaxReplyStarts
}

// Queued is an event, a reply or a call that starts a run of a flow once the live one has ended.
type Queued struct {
	Flow   string
	Key    string
	Called bool // by a call: no trigger's if is checked again
	Signal
	Trace trace.Context // of what asked for the start; of an event that another run held, none
	Known *Known        // what was known of the person whom the event names, if they are of another partition
}

// IsZero reports whether nothing is known, so that nothing needs storing.
func (p *Person) IsZero() bool {
	return len(p.Attributes) == 0 && len(p.OptOuts) == 0 && len(p.Starts) == 0 && len(p.Caps) == 0 && len(p.Queue) == 0
}

func (p *Person) clone() *Person {
	c := *p
	c.OptOuts, c.Starts, c.Queue = slices.Clone(p.OptOuts), slices.Clone(p.Starts), slices.Clone(p.Queue)
	c.Caps, c.Homes = slices.Clone(p.Caps), slices.Clone(p.Homes)
	return &c
}

// ProfileChange changes what is known of a person.
type ProfileChange struct {
	Profile string          `json:"profile,omitempty"`
	Set     json.RawMessage `json:"set,omitempty"`      // an object; a null removes the attribute
	Replace bool            `json:"replace,omitempty"`  // remove the attributes that Set does not name
	OptOuts *[]string       `json:"opt_outs,omitempty"` // if set, the person's complete opt-outs
	Forget  bool            `json:"forget,omitempty"`   // end all runs of the person, and erase all that is known
	OptOut  string          `json:"opt_out,omitempty"`  // one more category that the person does not want, or OptOutAll
	OptIn   string          `json:"opt_in,omitempty"`   // a category that the person wants again, or OptOutAll for every one
}

// Kind is InputProfile.
func (c *ProfileChange) Kind() InputKind { return InputProfile }

func (c *ProfileChange) needs(e *Engine, n *Needs) {
	n.People = append(n.People, c.Profile)
	for i := 0; c.Forget && i < len(e.State.Open); i++ {
		n.Members = append(n.Members, MemberOf(e.State.Open[i], c.Profile))
	}
	for i := 0; c.Forget && i < len(e.State.Firings); i++ {
		n.Campaigns = append(n.Campaigns, e.State.Firings[i].Campaign)
	}
}

// apply changes what is known of a person, and makes the person's runs check their
// conditions.
func (c *ProfileChange) apply(a *applier) {
	if c.Forget {
		a.forget(c.Profile)
		if a.in.Origin == nil {
			a.oweOthers(&Input{Payload: &ProfileChange{Profile: c.Profile, Forget: true}, Depth: a.in.Depth})
		}
		return
	}
	if err := a.setAttributes(c.Profile, c.Set, c.Replace); err != nil {
		a.refuse(RefusedShape, err.Error())
		return
	}
	p := a.editPerson(c.Profile)
	before := slices.Clone(p.OptOuts)
	if c.OptOuts != nil {
		p.OptOuts = slices.Compact(slices.Sorted(slices.Values(*c.OptOuts)))
	}
	if c.OptOut != "" {
		p.optOut(c.OptOut)
	}
	if c.OptIn != "" {
		p.optIn(c.OptIn)
	}
	if !slices.Equal(before, p.OptOuts) {
		a.remark(HistoryEntry{Profile: c.Profile})
	}
	for _, r := range a.ws.liveOf(c.Profile) {
		a.blamed = r.ID
		if !a.watchIfs(a.e.pin(r)) && r.Status == Parked {
			a.relocate(a.e.pin(r))
		}
	}
}

// setAttributes merges an object into a person's attributes, if the result has the shape
// that the project declares.
func (a *applier) setAttributes(profile string, set json.RawMessage, replace bool) error {
	attributes := map[string]json.RawMessage{}
	if p := a.ws.person(profile); p != nil && !replace && len(p.Attributes) > 0 {
		if err := json.Unmarshal(p.Attributes, &attributes); err != nil {
			panic("engine: stored attributes: " + err.Error())
		}
	}
	if len(set) > 0 {
		var changes map[string]json.RawMessage
		if err := json.Unmarshal(set, &changes); err != nil {
			return errors.New("a profile must be a JSON object")
		}
		maps.Copy(attributes, changes)
	}
	maps.DeleteFunc(attributes, func(_ string, v json.RawMessage) bool { return string(v) == "null" })
	raw, err := json.Marshal(attributes)
	if err != nil {
		return err
	}
	if len(raw) > MaxProfileData {
		return fmt.Errorf("what is known of a person must be at most %d bytes", MaxProfileData)
	}
	if err := a.e.checkAttributes(set); err != nil {
		return err
	}
	if len(attributes) == 0 {
		raw = nil
	}
	a.editPerson(profile).setAttributes(raw, a.now)
	return nil
}

// checkAttributes reports what is wrong with a person's attributes, by the shape in the
// active flows.
func (e *Engine) checkAttributes(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	known, err := decodeObject(shape.Any, raw)
	if err != nil {
		return err
	}
	if zone := known["timezone"]; zone != nil {
		name, isText := zone.(string)
		if !isText || shape.Zone(name) == nil {
			return fmt.Errorf("timezone: there is no time zone %v; for example Europe/London", zone)
		}
	}
	for _, f := range e.active {
		if f.Profile == nil {
			continue
		}
		if _, err := decodeObject(partial(f.Profile), raw); err != nil {
			return err
		}
	}
	return nil
}

// partial returns a shape in which every field may be absent: a person may lack attributes
// that the project declares.
func partial(t *shape.Type) *shape.Type {
	fields := make(map[string]*shape.Type, len(t.Fields))
	for name, field := range t.Fields {
		fields[name] = field.OrNil()
	}
	return shape.OpenMap(fields)
}

// forget ends the person's runs and erases what is known.
func (a *applier) forget(profile string) {
	for _, r := range a.ws.liveOf(profile) {
		r = a.edit(r.ID)
		a.finish(r, OutcomeForgotten, false)
		a.decide(r, DidCancel, "the person is forgotten")
	}
	*a.editPerson(profile) = Person{ID: profile}
	s := &a.e.State
	s.Forgot = a.seq
	s.Only = slices.DeleteFunc(slices.Clone(s.Only), func(id string) bool { return id == profile })
	a.out.Forgotten = append(a.out.Forgotten, profile)
	a.keepOut(profile)
	a.forgetIn(profile)
}

// editPerson returns what is known of a person for changing.
func (a *applier) editPerson(profile string) *Person {
	a.changed = true
	return a.ws.editPerson(profile)
}

func (p *Person) optOut(category string) {
	if i, found := slices.BinarySearch(p.OptOuts, category); !found {
		p.OptOuts = slices.Insert(p.OptOuts, i, category)
	}
}

func (p *Person) optIn(category string) {
	if category == OptOutAll {
		p.OptOuts = nil
	}
	if i, found := slices.BinarySearch(p.OptOuts, category); found {
		p.OptOuts = slices.Delete(p.OptOuts, i, i+1)
	}
}

// opt carries out an opt_out or opt_in step.
func (a *applier) opt(r *Run, s *flows.Step) (next int, parked bool) {
	category, p := s.Opt.Category, a.editPerson(r.Profile)
	if category == "" {
		category = OptOutAll
	}
	direction := "out of "
	if s.Opt.In {
		direction = "in to "
		p.optIn(category)
	} else {
		p.optOut(category)
	}
	r.log(Entry{At: a.now, Kind: KindOpted, Step: r.At, Detail: direction + category})
	return s.Next, false
}

// profileView returns what expressions and templates see of a person.
func (a *applier) profileView(profile string, f *flows.Flow) map[string]any {
	return viewOf(a.ws.person(profile), profile, f)
}

// Holds asks a condition of [flows.ProfileCondition] about a person at an instant. The flow says the shape of
// the profile, and the time zone of people without one.
func (p *Person) Holds(cond *flows.Expr, f *flows.Flow, at Instant) (bool, error) {
	return truth(cond, map[string]any{
		flows.NameProfile: viewOf(p, p.ID, f), flows.NameNow: shape.TimeOf(at.Time()), flows.NameToday: todayOf(nil, p, f, at),
	})
}

// viewOf returns what expressions see of a person; p may be nil.
func viewOf(p *Person, profile string, f *flows.Flow) map[string]any {
	view := map[string]any{}
	if p != nil && len(p.Attributes) > 0 {
		if t := f.Profile; t != nil {
			view = object(partial(t), p.Attributes)
		} else {
			view = object(shape.Any, p.Attributes)
		}
	}
	view["id"] = profile
	if shape.Zone(text(view["timezone"])) == nil {
		view["timezone"] = f.Zone.String()
	}
	return view
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// zoneOf returns the time zone of a run's person: their own, else the flow's.
func (a *applier) zoneOf(r pinned) *time.Location {
	return a.personsZone(r.Profile, r.flow)
}

func (a *applier) personsZone(profile string, f *flows.Flow) *time.Location {
	if zone := shape.Zone(a.ws.person(profile).ownZone()); zone != nil {
		return zone
	}
	return f.Zone
}
