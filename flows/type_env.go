package flows

import (
	"maps"
	"slices"

	"nudge/lang/shape"
)

// typeEnv is what is known of a run at one place of its flow: the sends that may have run,
// and the type of every name. It is copied where the flow forks, so that an arm knows
// nothing of the other arms.
type typeEnv struct {
	names map[string]*shape.Type // by the names of a scope
	vars  map[string]*shape.Type
	sends map[string]int // index by id of the sends that may have come before
}

func (k *typeEnv) fork() *typeEnv {
	return &typeEnv{maps.Clone(k.names), maps.Clone(k.vars), maps.Clone(k.sends)}
}

// join adds what an arm knows at its end. An event or reply that was current in the arm
// stays there.
func (k *typeEnv) join(arm *typeEnv) {
	for name, t := range arm.names {
		if _, ok := k.names[name]; !ok && name != NameEvent && name != NameReply && name != NameRound {
			k.names[name] = mayHaveRun(t)
		}
	}
	if arm.names[NameReply] == nil {
		delete(k.names, NameReply) // another one may be in hand
	}
	for name, t := range arm.vars {
		k.maySet(name, t)
	}
	maps.Copy(k.sends, arm.sends)
}

// maySet notes a variable that may have been set. If it had no value before, it may be
// absent.
func (k *typeEnv) maySet(name string, t *shape.Type) {
	before, ok := k.vars[name]
	if !ok {
		k.vars[name] = t.OrNil()
		return
	}
	either, conflict := shape.Either(before, t)
	if conflict != "" {
		either = shape.Any.OrNil()
	}
	k.vars[name] = either
}

// scope returns the type of the scope at this place.
func (k *typeEnv) scope() *shape.Type {
	fields := map[string]*shape.Type{}
	maps.Copy(fields, k.names)
	fields[NameVars] = shape.MapOf(maps.Clone(k.vars))
	return shape.MapOf(fields)
}

// with returns a copy with one more name.
func (k *typeEnv) with(name string, t *shape.Type) *typeEnv {
	more := k.fork()
	more.names[name] = t
	return more
}

// start returns what is known at the first step.
func (r *reader) start() *typeEnv {
	k := &typeEnv{
		names: map[string]*shape.Type{
			NameData: r.flow.Data, NameProfile: r.profile, NameRun: runShape, NameNow: shape.Moment,
		},
		vars: map[string]*shape.Type{}, sends: map[string]int{},
	}
	if r.startsByReply() {
		k.names[NameReply] = replyShape // the reply that started the run stays in hand
	}
	return k
}

// startsByReply reports whether only replies start the flow.
func (r *reader) startsByReply() bool {
	for _, t := range r.flow.Triggers {
		if !t.Reply {
			return false
		}
	}
	return len(r.flow.Triggers) > 0
}

// drop forgets the current reply if lines may replace it.
func (k *typeEnv) drop(lines []Line) {
	for _, line := range lines {
		if line.Signal == SignalReply && !line.Do {
			delete(k.names, NameReply)
		}
	}
}

// learn notes the fields of a step, for the following steps and for the exits.
func (r *reader) learn(k *typeEnv, at int, t *shape.Type) {
	id := r.flow.Steps[at].ID
	k.names[id], r.learned[id] = t, t
}

// profile returns the type of a person's profile in expressions.
func (p *Project) profile() *shape.Type {
	fields := maps.Clone(p.Profile.Fields)
	if fields == nil {
		fields = map[string]*shape.Type{}
	}
	for name, t := range fields {
		fields[name] = t.OrNil() // what is known of a person may be less than what is declared
	}
	fields["id"], fields["timezone"] = shape.String, shape.String
	if fields["locale"] == nil {
		fields["locale"] = shape.String.OrNil()
	}
	return &shape.Type{Kind: shape.KindMap, Fields: fields, Open: p.Profile.Open, Places: p.Profile.Places}
}

var (
	runShape = shape.MapOf(map[string]*shape.Type{
		"id": shape.String, "key": shape.String, "started": shape.Moment, "started_by": shape.String,
	})
	replyShape = shape.MapOf(map[string]*shape.Type{
		"text": shape.String, "keyword": keywordShape, "number": shape.Number.OrNil(),
		"at": shape.Moment, "conversation": shape.String,
		"parts": shape.ListOf(partShape), "metadata": shape.Any,
	})
	partShape = shape.MapOf(map[string]*shape.Type{
		"type": shape.String, "name": shape.String.OrNil(), "url": shape.String.OrNil(), "data": shape.Any,
	})
	sendShape = shape.MapOf(map[string]*shape.Type{
		"status": shape.String, "reason": shape.String, "accepted": shape.Boolean, "sent": shape.Boolean,
		"delivered": shape.Boolean, "read": shape.Boolean, "failed": shape.Boolean,
		"conversation": shape.String.OrNil(),
	})
	startShape = shape.MapOf(map[string]*shape.Type{"outcome": shape.String})
	fetchShape = shape.MapOf(map[string]*shape.Type{"status": shape.Number, "json": shape.Any})
)

// languageNames are the names that no step can have.
var languageNames = []string{
	NameData, NameEvent, NameReply, NameProfile, NameVars, NameRun, NameRound, NameNow, "any", "nil", "true", "false",
}

// HasMeaning reports whether a word means something in flows, so that no step can have it as its
// name.
func HasMeaning(word string) bool { return slices.Contains(languageNames, word) }
