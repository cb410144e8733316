package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"nudge/client"
)

// action is something that a page can change.
type action struct {
	pattern string // its path, as of [http.ServeMux]
	scope   string // that a token needs
	section string
	// asks says what would happen. It is called before the action too, so that nobody confirms what is not so any more.
	// Nil: it acts on the first click.
	asks func(*visit) (*question, error)
	do   func(*visit) (*done, error)
	// shows is the page that says what went wrong, with what was filled in; nil: the question, or a page of its own.
	shows *view
	// keyless: its change is of a route that takes no Idempotency-Key. The token of the form still makes two clicks one action.
	keyless bool
	// files: the form has files, for visit.files. Such an action asks nothing, as a question could not keep them.
	files bool
}

// read reads the form of an action.
func (a action) read(v *visit, w http.ResponseWriter) (err error) {
	if a.files {
		v.r.Body = http.MaxBytesReader(w, v.r.Body, maxUpload)
		v.files, err = uploaded(v.r)
		return err
	}
	v.r.Body = http.MaxBytesReader(w, v.r.Body, maxForm)
	return v.r.ParseForm()
}

// question is what is asked before an action.
type question struct {
	Title   string
	Touches string // how many people or runs it touches, and when that was counted
	Stays   string // what stays as it is
	Undo    string // whether it can be undone, and how
	Number  int    // how many it touches; 0: the action is not about a number
	Button  string // verb and number
	Stops   bool   // the action stops or removes something
	Type    string // what must be typed to confirm; empty: nothing
	Reason  reason
	Fields  []field // that the action gets, as they were asked for
	Inputs  []input // that the visitor fills in
	Back    string  // the page that is left as it was
	Wrong   string  // why the question is asked once more
	Given   string  // reason that was given
}

// reason says whether an action asks why.
type reason uint8

const (
	noReason reason = iota
	mayReason
	mustReason
)

// manyPeople is from how many on a reason is required.
const manyPeople = 100

// reasonFor says whether an action on so many people needs a reason.
func reasonFor(people int) reason {
	if people >= manyPeople {
		return mustReason
	}
	return mayReason
}

// field is a hidden field of a form.
type field struct{ Name, Value string }

// input is a field that the visitor fills in.
type input struct {
	Name, Label, Value, Hint string
	Kind                     string // text, lines or choice
	Choices                  []choice
	Must                     bool
}

type choice struct{ Value, Label string }

// done is what an action led to.
type done struct {
	To   string // the page where its effect is
	Said string // in a sentence
	Undo *undo  // what takes it back; nil: nothing does
}

// undo is an action that takes back another one.
type undo struct {
	Label, Path string
	Fields      []field
}

// Flash is what the next page says of an action.
type Flash struct {
	Said string
	Undo *undo
}

// The fields of every form.
const (
	formField    = "form"    // the token of the form
	expectField  = "expect"  // the number that was shown
	confirmField = "confirm" // what was typed
	reasonField  = "reason"
)

// askedPage is what the page of a question shows.
type askedPage struct {
	*question
	Action string // where the form goes
	Form   string // its token
}

// MustReason reports whether a reason is required.
func (q *question) MustReason() bool { return q.Reason == mustReason }

// MayReason reports whether there is a field for a reason.
func (q *question) MayReason() bool { return q.Reason != noReason }

// ask shows the question of an action.
func (c *Console) ask(a action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := c.visitOf(w, r)
		if !ok {
			return
		}
		if err := v.needs(a.scope); err != nil {
			v.fail(w, err)
			return
		}
		v.kept = v.session.keptFor(r.URL.RequestURI())
		q, err := a.asks(v)
		if err != nil {
			v.fail(w, err)
			return
		}
		q.Given = v.query(reasonField)
		for i := range q.Inputs { // what was filled in before the login
			if given := v.query(q.Inputs[i].Name); given != "" {
				q.Inputs[i].Value = given
			}
		}
		v.writeQuestion(w, http.StatusOK, a, q)
	}
}

func (v *visit) writeQuestion(w http.ResponseWriter, status int, a action, q *question) {
	v.write(w, status, "ask", a.section, &content{Title: q.Title, Data: askedPage{q, v.r.URL.EscapedPath(), v.FormFor(v.r.URL.EscapedPath())}})
}

// needs fails unless the token has a scope.
func (v *visit) needs(scope string) error {
	if v.May(scope) {
		return nil
	}
	return &client.Problem{Status: http.StatusForbidden, Detail: "this needs a token with the scope " + scope + "; yours is " + v.Me.Name}
}

// act carries out an action, once for each form.
func (c *Console) act(a action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := c.visitOf(w, r)
		if !ok {
			return
		}
		if err := v.needs(a.scope); err != nil { // before its form is read, which may be large
			v.fail(w, err)
			return
		}
		if err := a.read(v, w); err != nil {
			v.fail(w, unreadable(err))
			return
		}
		v.session.forgetKept(r.URL.RequestURI())
		nonce, known := v.session.knows(r.PostForm.Get(formField))
		if !known {
			v.askAgain(w, a, nil, "The page was too old, so nothing was done. Look once more, and confirm.")
			return
		}
		o := v.session.outcomeOf(nonce)
		o.Lock()
		defer o.Unlock()
		switch sent := r.PostForm.Encode(); {
		case o.done == nil && !v.carryOut(w, a, nonce, o):
			return
		case o.sent == "":
			o.sent = sent
		case o.sent != sent:
			v.session.say(&Flash{Said: "This form was sent before, and is done once: what it says now was not taken. Open it again."})
		}
		http.Redirect(w, r, o.done.To, http.StatusSeeOther)
	}
}

// carryOut does an action whose form is new. It answers itself where the action is not done.
func (v *visit) carryOut(w http.ResponseWriter, a action, nonce string, o *outcome) bool {
	if a.asks != nil {
		q, err := a.asks(v)
		if err != nil {
			v.fail(w, err)
			return false
		}
		if wrong := v.wrongWith(q); wrong != "" {
			v.askAgain(w, a, q, wrong)
			return false
		}
	}
	v.r = v.r.WithContext(context.WithoutCancel(v.ctx())) // whoever closes the tab now has confirmed it
	if !a.keyless {
		v.r = v.r.WithContext(client.WithKey(v.ctx(), nonce))
	}
	d, err := a.do(v)
	if status := statusOf(err); err != nil && status >= http.StatusInternalServerError {
		v.unsure = unsure{v.r.URL.EscapedPath(), v.posted(formField)}
	}
	switch {
	case err != nil && a.shows != nil:
		v.showAgain(w, a.shows, err)
		return false
	case err != nil && a.asks != nil:
		v.askAgain(w, a, nil, upper(err.Error())+".")
		return false
	case err != nil:
		v.fail(w, err)
		return false
	}
	o.done = d
	if d.Said != "" {
		v.session.say(&Flash{Said: d.Said, Undo: d.Undo})
	}
	return true
}

// showAgain shows the page from which an action came, with what went wrong.
func (v *visit) showAgain(w http.ResponseWriter, of *view, wrong error) {
	problem := problemData(wrong)
	v.wrong = &problem
	if back, err := url.Parse(nextOf(v.posted("next"))); err == nil {
		v.r = v.r.Clone(v.ctx())
		v.r.URL = back
	}
	loaded, err := of.load(v)
	if err != nil {
		v.fail(w, errors.Join(wrong, err))
		return
	}
	v.write(w, statusOf(wrong), of.file, of.section, loaded)
}

// askAgain shows a question once more, with what is wrong.
func (v *visit) askAgain(w http.ResponseWriter, a action, q *question, wrong string) {
	if a.asks == nil {
		v.fail(w, &client.Problem{Status: http.StatusConflict, Detail: wrong})
		return
	}
	if q == nil {
		var err error
		if q, err = a.asks(v); err != nil {
			v.fail(w, errors.Join(errors.New(wrong), err))
			return
		}
	}
	q.Wrong, q.Given = wrong, v.r.PostForm.Get(reasonField)
	for i := range q.Inputs {
		if given, ok := v.r.PostForm[q.Inputs[i].Name]; ok {
			q.Inputs[i].Value = given[0]
		}
	}
	v.writeQuestion(w, http.StatusConflict, a, q)
}

// wrongWith says why a question must be asked once more, or nothing.
func (v *visit) wrongWith(q *question) string {
	form := v.r.PostForm
	shown, _ := strconv.Atoi(form.Get(expectField)) // 0, where there is none
	switch {
	case q.Button == "": // there is nothing to do any more
		return q.Wrong
	case q.Number > shown+shown/10:
		return fmt.Sprintf("There are %s by now, not %s, so nothing was done.", v.Num(q.Number), v.Num(shown))
	case q.Type != "" && form.Get(confirmField) != q.Type:
		return "Type " + q.Type + " to confirm."
	case q.Reason == mustReason && strings.TrimSpace(form.Get(reasonField)) == "":
		return "Give a reason. It is kept in the audit trail."
	}
	return ""
}

// posted returns a field of the form.
func (v *visit) posted(name string) string { return v.r.PostForm.Get(name) }

// asked returns what an action is about: a parameter of the question, or the field of the form that it became.
func (v *visit) asked(name string) string {
	if v.r.Method == http.MethodPost {
		return v.posted(name)
	}
	return v.query(name)
}

// expects is the number that somebody was shown, for an action that takes back another one. If it has grown by then, it asks.
func expects(n int) []field { return []field{{expectField, strconv.Itoa(n)}} }
