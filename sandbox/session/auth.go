package session

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Auth is how apps prove the identity of their user, set up per API space at the provider.
type Auth struct {
	Issuer   string // claim iss
	Audience string // claim aud
	Secret   string // shared with the server that signs; HS256
	IDClaim  string // the claim that is the profile ID
}

// DefaultAuth is for development: its secret is no secret.
func DefaultAuth() Auth {
	return Auth{Issuer: "nudge", Audience: "sandbox", Secret: "nudge-sandbox-secret", IDClaim: "sub"}
}

// Complete is a with the fields of DefaultAuth where its own are empty.
func (a Auth) Complete() Auth {
	d := DefaultAuth()
	return Auth{
		cmp.Or(a.Issuer, d.Issuer), cmp.Or(a.Audience, d.Audience),
		cmp.Or(a.Secret, d.Secret), cmp.Or(a.IDClaim, d.IDClaim),
	}
}

// header is that of every token made here.
var header = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`))

// Sign makes a token of claims, which must encode as JSON.
func Sign(claims map[string]any, secret string) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic("session: claims do not encode: " + err.Error())
	}
	text := header + "." + base64.RawURLEncoding.EncodeToString(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(mac(text, secret))
}

func mac(text, secret string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(text))
	return h.Sum(nil)
}

// profile is the profile ID that a token proves, for the nonce of its challenge. An error
// names the wrong claim.
func (a Auth) profile(token, nonce string, now time.Time) (string, error) {
	claims, err := open(token, a.Secret)
	if err != nil {
		return "", err
	}
	if iss, _ := claims["iss"].(string); iss != a.Issuer {
		return "", fmt.Errorf("its issuer (iss) is %q; want %q", iss, a.Issuer)
	}
	if !hasAudience(claims["aud"], a.Audience) {
		return "", fmt.Errorf("its audience (aud) is %v; want %q", claims["aud"], a.Audience)
	}
	if got, _ := claims["nonce"].(string); got != nonce {
		return "", errors.New("its nonce is not that of the challenge")
	}
	if exp, ok := claims["exp"].(float64); !ok || !now.Before(time.Unix(int64(exp), 0)) {
		return "", errors.New("it has no exp, in seconds, or has expired")
	}
	id, _ := claims[a.IDClaim].(string)
	if id == "" || len(id) > MaxProfileID {
		return "", fmt.Errorf("its claim %s is not a profile ID of 1 to %d bytes", a.IDClaim, MaxProfileID)
	}
	return id, nil
}

// hasAudience reports whether a claim, which is a text or a list of them, names want.
func hasAudience(claim any, want string) bool {
	if list, ok := claim.([]any); ok {
		return slices.Contains(list, any(want))
	}
	return claim == want
}

// open reads the claims of a token that was signed with a secret.
func open(token, secret string) (map[string]any, error) {
	text, signature, _ := cutLast(token, ".")
	given, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(signature, "="))
	head, payload, ok := strings.Cut(text, ".")
	if err != nil || !ok {
		return nil, errors.New("it is not a JWT")
	}
	var h struct {
		Alg string `json:"alg"`
	}
	if decode(head, &h) != nil || h.Alg != "HS256" {
		return nil, errors.New("its alg is not HS256")
	}
	if !hmac.Equal(given, mac(text, secret)) {
		return nil, errors.New("it is signed with another secret")
	}
	var claims map[string]any
	if decode(payload, &claims) != nil {
		return nil, errors.New("its payload is not a JSON object")
	}
	return claims, nil
}

func decode(piece string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(piece, "="))
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Claims reports whether a token has the form of a session token, of any sandbox and however
// old.
func Claims(token string) bool {
	parts := strings.Split(token, ".")
	var c struct {
		ID string `json:"sessionId"`
	}
	return len(parts) == 3 && decode(parts[1], &c) == nil && c.ID != ""
}
