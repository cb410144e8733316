package app

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/server"
	"nudge/store/bolt"
)

// expiresSoon is how long before its end the log begins to say that a token ends, at each start and reload.
const expiresSoon = 14 * day

// under is the path of a file that the project names.
func (i *Instance) under(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(i.config.Dir, name)
}

// tokensOf returns the tokens of a project with those of its file, or what is wrong with them.
func (i *Instance) tokensOf(p *Project) (all []server.Token, list diag.List) {
	all = p.Settings.Tokens
	file := p.Settings.TokensFile
	if file != "" {
		var more []server.Token
		more, list = ReadTokens(i.under(file))
		all = append(all[:len(all):len(all)], more...)
	}
	if before := i.tokens.Load(); len(list) == 0 && len(all) == 0 && (file != "" || before != nil && len(*before) > 0) {
		list.Errorf(diag.Span{File: cmp.Or(file, flows.ProjectFile)}, node.CodeEmpty, "nudge token new makes one",
			"no token is left, and without tokens anybody on this machine could use the API")
	}
	return all, list
}

// useTokens makes tokens and origins those that the API takes.
func (i *Instance) useTokens(all []server.Token, origins []string) {
	now := time.Now()
	for _, t := range all {
		if left := t.Expires.Sub(now); !t.Expires.IsZero() && left < expiresSoon {
			i.log.Warn("a token ends soon, or has ended", "token", t.Name, "expires", t.Expires.UTC())
		}
	}
	i.tokens.Store(&all)
	i.origins.Store(&origins)
}

// tokenEntry is a token in the audit trail.
type tokenEntry struct {
	Name    string         `json:"name"`
	Scopes  []server.Scope `json:"scopes"`
	Expires *time.Time     `json:"expires,omitempty"` // nil: never
}

// apiAccess says in the audit trail who may use the API.
type apiAccess struct {
	Tokens  []tokenEntry `json:"tokens"`
	Origins []string     `json:"origins"`
}

func accessOf(tokens []server.Token, origins []string) json.RawMessage {
	shown := apiAccess{[]tokenEntry{}, append([]string{}, origins...)}
	for _, t := range tokens {
		e := tokenEntry{Name: t.Name, Scopes: t.Scopes}
		if !t.Expires.IsZero() {
			e.Expires = &t.Expires
		}
		shown.Tokens = append(shown.Tokens, e)
	}
	raw, err := json.Marshal(shown)
	if err != nil {
		panic("app: names and scopes that do not encode: " + err.Error())
	}
	return raw
}

// noteStart leaves an entry in the audit trail of a start, with who may use the API from now on.
func (i *Instance) noteStart(ctx context.Context, by *engine.Actor) error {
	note := &engine.Note{Did: "start", After: accessOf(*i.tokens.Load(), *i.origins.Load())}
	return i.submit(ctx, &engine.Input{By: by, Payload: note})
}

// noteTokens leaves an entry in the audit trail if other tokens or origins are about to be used than
// until now.
func (i *Instance) noteTokens(ctx context.Context, tokens []server.Token, origins []string, by *engine.Actor) error {
	was, from := *i.tokens.Load(), *i.origins.Load()
	same := func(a, b server.Token) bool {
		return a.Name == b.Name && a.Hash == b.Hash && a.Expires.Equal(b.Expires) && slices.Equal(a.Scopes, b.Scopes)
	}
	if slices.EqualFunc(was, tokens, same) && slices.Equal(from, origins) {
		return nil
	}
	note := &engine.Note{Did: "reload tokens", Before: accessOf(was, from), After: accessOf(tokens, origins)}
	return i.submit(ctx, &engine.Input{By: by, Payload: note})
}

// needsSecond reports whether a deploy by the API needs a second person now.
func (i *Instance) needsSecond() bool { return i.secondPerson.Load() }

// currentTokens are the tokens that the API takes now.
func (i *Instance) currentTokens() []server.Token { return *i.tokens.Load() }

// currentOrigins are the origins whose pages may send events now.
func (i *Instance) currentOrigins() []string { return *i.origins.Load() }

// ReadTokens reads a file of tokens.
func ReadTokens(file string) ([]server.Token, diag.List) {
	text, err := os.ReadFile(file)
	if err != nil {
		var list diag.List
		list.Errorf(diag.Span{File: filepath.Base(file)}, node.CodeBadValue, "", "the tokens cannot be read: %v", err)
		return nil, list
	}
	return readTokens(filepath.Base(file), text)
}

// MadeToken is a token that was just made.
type MadeToken struct {
	Text  string // the token itself; nobody keeps it
	Entry string // its line in a file of tokens
}

// MakeToken makes a token with at least one scope. A zero expiry is none. The only error is a name
// of another form than tokens have.
func MakeToken(name string, scopes []server.Scope, expires time.Time) (MadeToken, error) {
	if !tokenName.MatchString(name) {
		return MadeToken{}, wrongInput(fmt.Errorf("%q is no name of a token: 1 to 64 letters, digits, spaces, dots, dashes and underscores", name))
	}
	text := "nudge_" + rand.Text() // 130 bits
	hash := sha256.Sum256([]byte(text))
	entry := fmt.Sprintf("- { name: %q, scopes: [%s], sha256: %s", name, server.ScopeWords(scopes), hex.EncodeToString(hash[:]))
	if !expires.IsZero() {
		entry += ", expires: " + expires.UTC().Format(time.RFC3339)
	}
	return MadeToken{text, entry + " }"}, nil
}

// AddToken adds a token to a file of tokens, and makes the file if there is none. Only its owner may
// read it. A file that it cannot extend stays as it is.
func AddToken(file string, t MadeToken) error {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return failed(err)
	}
	var before []server.Token
	if len(text) == 0 {
		text = []byte("# The tokens of the API. Only their hashes are here; nudge token new makes another.\ntokens:\n")
	} else {
		var list diag.List
		if before, list = readTokens(filepath.Base(file), text); list.HasErrors() {
			return wrongInput(fmt.Errorf("the file of tokens has mistakes:\n%w", list))
		}
		text = append(bytes.TrimRight(text, "\n"), '\n')
	}
	text = append(text, "  "+t.Entry+"\n"...)
	after, list := readTokens(filepath.Base(file), text)
	if list.HasErrors() || len(after) != len(before)+1 {
		return wrongInput(fmt.Errorf("%s does not end with a list of two spaces of indentation; add this line yourself:\n%s", file, t.Entry))
	}
	return replaceFile(file, text)
}

// replaceFile writes a file as a whole, and keeps its owner and mode: a server that runs as somebody else must go on reading it. A new
// file is of the owner and group of its folder, and the group may read it if it may read a folder that is closed to all others.
func replaceFile(file string, text []byte) (err error) {
	as, mode := os.FileInfo(nil), os.FileMode(0o600)
	if as, err = os.Stat(file); err == nil {
		mode = as.Mode().Perm()
	} else if as, err = os.Stat(filepath.Dir(file)); err != nil {
		return failed(err)
	} else if as.Mode().Perm()&0o047 == 0o040 {
		mode = 0o640
	}
	temp, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*") // its mode is 0600
	if err != nil {
		return failed(err)
	}
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close(), bolt.KeepOwner(temp.Name(), as))
	if err == nil {
		err = os.Rename(temp.Name(), file)
	}
	if err != nil {
		return failed(errors.Join(err, os.Remove(temp.Name())))
	}
	return nil
}
