package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/server"
)

// tokenName is the form of a token's name, as it stands in logs.
var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$`)

// tokens reads the tokens of the API. A text is a token that may do everything; a mapping says whose it is,
// what it may do, and until when.
func (r *reader) tokens(v *node.Value) (all []server.Token) {
	if v == nil {
		return nil
	}
	items := []*node.Value{v}
	if !v.IsText() {
		items = v.List()
	}
	if v.IsList() && len(items) == 0 {
		v.Errorf(node.CodeEmpty, "leave it out", "tokens has no entry")
	}
	for i, item := range items {
		if item.IsMap() {
			if t, ok := r.token(item.Map(), "token"); ok {
				all = append(all, t)
			}
			continue
		}
		if text := r.str(item.Text()); r.longEnough(item, text, "tokens") {
			all = append(all, server.NewToken(fmt.Sprint("token ", i+1), text))
		}
	}
	return all
}

// longEnough reports whether a secret has enough characters; an empty one was reported already.
func (r *reader) longEnough(v *node.Value, text, key string) bool {
	if text != "" && len(text) < minSecret {
		v.Errorf(node.CodeBadValue, "for example what openssl rand -hex 32 prints", "%s must have %d characters or more", key, minSecret)
	}
	return len(text) >= minSecret
}

// token reads a token whose secret stands under a key: its text under token, or the hash of it under sha256.
func (r *reader) token(m *node.Map, secret string) (t server.Token, ok bool) {
	before := len(r.list)
	t.Name = r.str(m.Text("name"))
	if t.Name == "" || !tokenName.MatchString(t.Name) {
		m.Errorf("name", node.CodeBadValue, "for example name: shop", "a token needs a name of 1 to 64 letters, digits, spaces, dots, dashes and underscores")
	}
	t.Scopes = r.scopes(m)
	if m.Has("expires") {
		t.Expires = r.expiry(m)
	}
	switch text := r.str(m.Text(secret)); {
	case !m.Has(secret):
		m.Errorf(secret, flows.CodeMissingKey, tokenHint[secret], "this token has no %s", secret)
	case secret == "token":
		r.longEnough(m.Get(secret), text, "a token")
		t.Hash = sha256.Sum256([]byte(text))
	default:
		hash, err := hex.DecodeString(text)
		if err != nil || len(hash) != len(t.Hash) {
			m.Errorf(secret, node.CodeBadValue, tokenHint[secret], "sha256 must be the hash of the token: 64 digits of base 16")
		}
		copy(t.Hash[:], hash)
	}
	m.Close()
	return t, len(r.list) == before
}

// tokenHint says where a secret comes from, by its key.
var tokenHint = map[string]string{
	"token":  `for example token: "${SHOP_TOKEN}"`,
	"sha256": "nudge token new makes a token and prints its entry",
}

// scopes reads what a token may do.
func (r *reader) scopes(m *node.Map) (all []server.Scope) {
	for _, text := range r.texts(m.Get("scopes"), "scopes") {
		scope := server.Scope(text)
		if !slices.Contains(server.Scopes, scope) {
			m.Errorf("scopes", node.CodeBadValue, "scopes: "+server.ScopeWords(server.Scopes), "there is no scope %q", text)
			continue
		}
		all = append(all, scope)
	}
	if !m.Has("scopes") {
		m.Errorf("scopes", flows.CodeMissingKey, "for example scopes: [events]; there are "+server.ScopeWords(server.Scopes), "this token has no scopes")
	}
	return all
}

// origins reads the origins whose pages may send events.
func (r *reader) origins(v *node.Value) (all []string) {
	for _, text := range r.texts(v, "cors") {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || text != u.Scheme+"://"+u.Host || text != strings.ToLower(text) {
			v.Errorf(node.CodeBadValue, "for example https://shop.example, as a browser sends it: lower case, without a path", "%q is not an origin", text)
			continue
		}
		all = append(all, text)
	}
	if v != nil && !r.top.Has("tokens") && !r.top.Has("tokens_file") {
		v.Errorf(node.CodeBadValue, "nudge token new web --scope events makes one", "cors needs a token with the scope events, for the pages to send")
	}
	return all
}

// expiry reads when a token ends: a time, or the beginning of a day in UTC.
func (r *reader) expiry(m *node.Map) time.Time {
	text := r.str(m.Text("expires"))
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	m.Errorf("expires", node.CodeBadValue, "for example expires: 2027-01-31, where that day begins in UTC, or 2027-01-31T12:00:00Z", "%q is no date and no time", text)
	return time.Time{}
}

// readTokens reads a file of tokens, of which only hashes are kept:
//
//	tokens:
//	  - { name: shop, scopes: [events], sha256: 9f86d081…, expires: 2027-01-31 }
func readTokens(name string, text []byte) (all []server.Token, list diag.List) {
	r := &reader{env: func(string) (string, bool) { return "", false }}
	r.top = node.Parse(name, text, &r.list)
	for _, item := range r.top.List("tokens") {
		if t, ok := r.token(item.Map(), "sha256"); ok {
			all = append(all, t)
		}
	}
	r.top.Close()
	return all, r.list
}

// secondPerson reads whether every deploy by the API needs a second person.
func (r *reader) secondPerson(m *node.Map) bool {
	needed := m.Bool("second_person")
	if needed && !r.top.Has("tokens") && !r.top.Has("tokens_file") {
		m.Errorf("second_person", node.CodeBadValue, "nudge token new ann --scope author makes one; each person needs a name of their own",
			"second_person needs tokens: without them everybody on this machine is the same person")
	}
	m.Close()
	return needed
}
