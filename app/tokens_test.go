package app

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nudge/server"
)

func TestTokens(t *testing.T) {
	s, list := AllSettings(env)(`
tokens:
  - ${TOKEN}
  - { name: shop, token: "x${TOKEN}", scopes: events, expires: 2027-01-31 }
  - { name: Team 7, token: "y${TOKEN}", scopes: [read, events], expires: "2027-01-31T12:00:00+01:00" }
tokens_file: tokens.yaml
cors: [ "https://shop.example", "http://127.0.0.1:3000" ]
deploys: { second_person: true }
listen: ":80"
`)
	if len(list) > 0 {
		t.Fatal(list)
	}
	hash := func(text string) [32]byte { return sha256.Sum256([]byte(text)) }
	want := []server.Token{
		{Name: "token 1", Scopes: []server.Scope{server.ScopeAdmin}, Hash: hash("t0ken-t0ken")},
		{Name: "shop", Scopes: []server.Scope{server.ScopeEvents}, Hash: hash("xt0ken-t0ken"), Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
		{Name: "Team 7", Scopes: []server.Scope{server.ScopeRead, server.ScopeEvents}, Hash: hash("yt0ken-t0ken"), Expires: time.Date(2027, 1, 31, 11, 0, 0, 0, time.UTC)},
	}
	for i := range want {
		got := s.Tokens[i]
		if got.Name != want[i].Name || got.Hash != want[i].Hash || !got.Expires.Equal(want[i].Expires) || len(got.Scopes) != len(want[i].Scopes) || got.Scopes[0] != want[i].Scopes[0] {
			t.Errorf("token %d is %+v, want %+v", i, got, want[i])
		}
	}
	if len(s.Origins) != 2 || s.Origins[1] != "http://127.0.0.1:3000" {
		t.Errorf("the origins are %q", s.Origins)
	}
	for text, wrong := range map[string]string{
		"tokens: abcdefgh\ncors: shop.example": `"shop.example" is not an origin`, "tokens: abcdefgh\ncors: [ \"*\" ]": `"*" is not an origin`,
		"tokens: abcdefgh\ncors: https://Shop.example/": "is not an origin", "cors: https://shop.example": "cors needs a token",
		"deploys: { second_person: true }": "second_person needs tokens",
	} {
		if _, list := AllSettings(env)(text); !list.HasErrors() || !strings.Contains(list.Error(), wrong) {
			t.Errorf("%s: %v, want %q", text, list, wrong)
		}
	}
	if !s.SecondPerson {
		t.Error("deploys need no second person")
	}
	if s.TokensFile != "tokens.yaml" {
		t.Errorf("the file is %q", s.TokensFile)
	}
	for text, wrong := range map[string]string{
		`{ token: abcdefgh, scopes: [read] }`:                                "a token needs a name",
		`{ name: "a/b", token: abcdefgh, scopes: [read] }`:                   "a token needs a name",
		`{ name: a, scopes: [read] }`:                                        "this token has no token",
		`{ name: a, token: abc, scopes: [read] }`:                            "a token must have 8 characters or more",
		`{ name: a, token: abcdefgh }`:                                       "this token has no scopes",
		`{ name: a, token: abcdefgh, scopes: [write] }`:                      `there is no scope "write"`,
		`{ name: a, token: abcdefgh, scopes: [read], expires: tomorrow }`:    `"tomorrow" is no date and no time`,
		`{ name: a, token: abcdefgh, scopes: [read], expire: 2027-01-31 }`:   `unknown key "expire"`,
		`{ name: a, token: abcdefgh, scopes: [read], sha256: "0123456789" }`: `unknown key "sha256"`,
	} {
		_, list := AllSettings(env)("tokens: [ " + text + " ]")
		if !list.HasErrors() || !strings.Contains(list.Error(), wrong) {
			t.Errorf("%s: %v, want %q", text, list, wrong)
		}
	}
}

// TestMadeTokens holds that a token is made at random, that its entry is read as it was made, and that a file
// which cannot be extended stays as it was.
func TestMadeTokens(t *testing.T) {
	file, seen := filepath.Join(t.TempDir(), "tokens.yaml"), map[string]bool{}
	until := time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)
	for range 3 {
		one, err := MakeToken("shop", []server.Scope{server.ScopeEvents, server.ScopeRead}, until)
		if err != nil || len(one.Text) != len("nudge_")+26 || seen[one.Text] || strings.Contains(one.Entry, one.Text) {
			t.Fatalf("%+v, %v", one, err)
		}
		seen[one.Text] = true
		if err := AddToken(file, one); err != nil {
			t.Fatal(err)
		}
		all, list := ReadTokens(file)
		last := all[len(all)-1]
		if len(list) > 0 || len(all) != len(seen) || last.Name != "shop" || last.Hash != sha256.Sum256([]byte(one.Text)) || !last.Expires.Equal(until) || len(last.Scopes) != 2 {
			t.Fatalf("%+v, %v", all, list)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	one, err := MakeToken("shop", []server.Scope{server.ScopeEvents}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(file, 0o640), AddToken(file, one)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("whoever could read it can no more: %v, %v", info.Mode(), err)
	}
	for _, text := range []string{"tokens: [ { name: a, scopes: [read], sha256: x } ]\n", "tokens:\n- { name: a, scopes: [read], sha256: " + strings.Repeat("0", 64) + " }\n", "token: []\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := AddToken(file, one)
		if now, _ := os.ReadFile(file); err == nil || string(now) != text {
			t.Errorf("%q: %v; it is now %q", text, err, now)
		}
	}
}
