package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Scope is a word for what a token may do.
type Scope string

// The scopes. Each route needs one.
const (
	ScopeEvents  Scope = "events"  // send events, and nothing else
	ScopeRead    Scope = "read"    // read everything, with what is private masked
	ScopeOperate Scope = "operate" // start and steer campaigns and runs, change people, hold what goes out; and read, what is private too
	ScopeAuthor  Scope = "author"  // plan and deploy flows; and operate
	ScopeAdmin   Scope = "admin"   // everything
)

// Scopes are all of them.
var Scopes = []Scope{ScopeEvents, ScopeRead, ScopeOperate, ScopeAuthor, ScopeAdmin}

// ScopeWords lists scopes in words.
func ScopeWords(scopes []Scope) string {
	var words []string
	for _, s := range scopes {
		words = append(words, string(s))
	}
	return strings.Join(words, ", ")
}

// included are the scopes that a scope has in it.
var included = map[Scope][]Scope{
	ScopeEvents:  {ScopeEvents},
	ScopeRead:    {ScopeRead},
	ScopeOperate: {ScopeOperate, ScopeRead},
	ScopeAuthor:  {ScopeAuthor, ScopeOperate, ScopeRead},
	ScopeAdmin:   Scopes,
}

// Token is a bearer token of the API.
type Token struct {
	Name    string  // says whose it is, in logs and answers; several tokens may have one name
	Scopes  []Scope // what it may do, besides what these include
	Hash    [sha256.Size]byte
	Expires time.Time // from then on it is refused; zero: never
}

// NewToken returns a token with a text, which may do everything and does not expire.
func NewToken(name, text string) Token {
	return Token{Name: name, Scopes: []Scope{ScopeAdmin}, Hash: sha256.Sum256([]byte(text))}
}

// may reports whether a token has a scope.
func (t *Token) may(scope Scope) bool {
	return slices.ContainsFunc(t.Scopes, func(s Scope) bool { return slices.Contains(included[s], scope) })
}

// onlySends reports whether a token may send events and nothing else.
func (t *Token) onlySends() bool {
	return len(t.Scopes) > 0 && !slices.ContainsFunc(t.Scopes, func(s Scope) bool { return s != ScopeEvents })
}

// bearer returns the token that a request brings, or nil, in a time that does not depend on which.
func bearer(r *http.Request, tokens []Token) *Token {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(given))
	found := -1
	for i := range tokens {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], tokens[i].Hash[:]), i, found)
	}
	if found < 0 || !strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	return &tokens[found]
}

// localToken stands for the requests of this machine where there are no tokens.
var localToken = Token{Name: "local", Scopes: []Scope{ScopeAdmin}}

// scoped takes the requests whose token has the scope of a route.
func (s *Server) scoped(route route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t := recordOf(w).token
		if t.may(route.scope) {
			route.handle(w, r)
			return
		}
		s.fail(w, r, problemOf(http.StatusForbidden, "scope",
			"this needs a token with the scope "+string(route.scope)+"; the token "+t.Name+" has "+ScopeWords(t.Scopes)))
	}
}
