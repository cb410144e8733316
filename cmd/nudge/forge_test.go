//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// forgeToken is the token with which a pipeline may comment.
const forgeToken = "token-of-the-forge"

// forge plays what a pipeline needs of GitHub and GitLab: the comments on pull request 7. The first two are of somebody else, who
// has copied the mark of ours.
type forge struct {
	mu       sync.Mutex
	comments []*forgeComment
}

// forgeComment is a comment as both providers show it.
type forgeComment struct {
	ID     int            `json:"id"`
	Body   string         `json:"body"`
	User   map[string]any `json:"user"`   // of GitHub
	Author map[string]any `json:"author"` // of GitLab
}

// foreignComment is what somebody else has written.
const foreignComment = "<!-- nudge plan shop production -->\nlooks good"

var forges sync.Map // of *forge by *testscript.TestScript

// startForge starts one: forge NAME sets $NAME to its address.
func startForge(ts *testscript.TestScript, _ bool, args []string) {
	f := &forge{}
	for range 2 {
		f.add("mallory", 1, foreignComment)
	}
	mux := http.NewServeMux()
	github, gitlab := "/repos/shop/flows/issues", "/api/v4/projects/3/merge_requests/7/notes"
	mux.HandleFunc("GET "+github+"/7/comments", f.list)
	mux.HandleFunc("POST "+github+"/7/comments", f.post(jsonBody))
	mux.HandleFunc("PATCH "+github+"/comments/{id}", f.change(jsonBody))
	mux.HandleFunc("GET "+gitlab, f.list)
	mux.HandleFunc("POST "+gitlab, f.post(formBody))
	mux.HandleFunc("PUT "+gitlab+"/{id}", f.change(formBody))
	mux.HandleFunc("GET /api/v4/user", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"id":2}`) })
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+forgeToken && r.Header.Get("PRIVATE-TOKEN") != forgeToken {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	forges.Store(ts, f)
	ts.Defer(func() { web.Close(); forges.Delete(ts) })
	ts.Setenv(args[0], web.URL)
}

func (f *forge) add(login string, id int, body string) *forgeComment {
	c := &forgeComment{ID: 100 + len(f.comments), Body: body, User: map[string]any{"login": login}, Author: map[string]any{"id": id}}
	f.comments = append(f.comments, c)
	return c
}

func (f *forge) list(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(f.comments) }

func (f *forge) post(body func(*http.Request) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, err := body(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(f.add("github-actions[bot]", 2, text))
	}
}

func (f *forge) change(body func(*http.Request) (string, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		i := slices.IndexFunc(f.comments, func(c *forgeComment) bool { return fmt.Sprint(c.ID) == r.PathValue("id") })
		text, err := body(r)
		if i < 0 || err != nil {
			http.Error(w, fmt.Sprint("no such comment, or ", err), http.StatusUnprocessableEntity)
			return
		}
		f.comments[i].Body = text
		json.NewEncoder(w).Encode(f.comments[i])
	}
}

// jsonBody is the text of a comment in the form of GitHub.
func jsonBody(r *http.Request) (string, error) {
	var c struct{ Body string }
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(&c)
	return c.Body, errors.Join(err, taken(c.Body))
}

// formBody is the text of a comment in the form of GitLab.
func formBody(r *http.Request) (string, error) {
	err := r.ParseForm()
	text := r.PostForm.Get("body")
	return text, errors.Join(err, taken(text))
}

// taken refuses a text that no provider takes.
func taken(text string) error {
	if text == "" || len(text) > maxComment {
		return fmt.Errorf("a comment has no %d bytes", len(text))
	}
	return nil
}

// holdComments holds that one comment is ours and has a pattern, and that no other has changed: comments PATTERN. With drop it removes
// ours then, for another pipeline: comments PATTERN drop.
func holdComments(ts *testscript.TestScript, _ bool, args []string) {
	known, _ := forges.Load(ts)
	f := known.(*forge)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.comments) != 3 || f.comments[0].Body != foreignComment || f.comments[1].Body != foreignComment {
		var all []string
		for _, c := range f.comments {
			all = append(all, c.Body)
		}
		ts.Fatalf("the comments are\n%s", strings.Join(all, "\n----\n"))
	}
	if own := f.comments[2].Body; !regexp.MustCompile(args[0]).MatchString(own) {
		ts.Fatalf("our comment has no %s:\n%s", args[0], own)
	}
	if slices.Contains(args, "drop") {
		f.comments = f.comments[:2]
	}
}
