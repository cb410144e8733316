// Package preferences makes the links that lead people to the page of their preferences, and reads them.
//
// A link is a capability: who has it may see and change the categories of one person, and nothing
// else. Its token is
//
//	1 · base64url( tag · ciphertext )
//
// where the plaintext is the instant at which the link ends, the category of the message and the
// person's ID. The tag is the HMAC-SHA256 of the plaintext, cut to 128 bits. It is also the nonce of
// AES-256-CTR, which makes the ciphertext (the construction of SIV, RFC 5297). So nobody can guess a
// token or change one, nobody can read the person's ID in it, and the same message has the same link
// at every attempt and in every replay: no random number and no clock is in it.
package preferences

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

const (
	// version begins every token. Another form of tokens gets another one.
	version = "1"
	// tagBytes is how many bytes of the HMAC are in a token.
	tagBytes = 16
	// headBytes is how many bytes of a plaintext stand before its texts: the end of the link in seconds
	// since 1970, and the length of the category.
	headBytes = 8 + 1
	// MaxToken is how many characters a token has at most; a longer one is refused without a look at it.
	MaxToken = 1024
	// maxCategory is how many bytes of a category fit into a token; a longer one is left out, and the link
	// is one for all messages.
	maxCategory = 255
)

// Path is what stands between the address of the page and the token.
const Path = "/p/"

var (
	// ErrInvalid means that a token was not made with one of the secrets.
	ErrInvalid = errors.New("preferences: the link is not valid")
	// ErrExpired means that a token was valid once.
	ErrExpired = errors.New("preferences: the link has expired")
)

// Links makes and reads links. It is immutable and safe for concurrent use.
type Links struct {
	base    string // before Path
	expires time.Duration
	keys    []key // the first one signs; all are accepted
}

// key is what is derived from one secret.
type key struct {
	mac   []byte
	block cipher.Block
}

// New returns the links below a URL, which are valid for some time after their message was planned. The
// first secret signs, and all are accepted; there must be one.
func New(publicURL string, expires time.Duration, secrets []string) *Links {
	l := &Links{base: strings.TrimRight(publicURL, "/") + Path, expires: expires}
	for _, secret := range secrets {
		block, err := aes.NewCipher(derive(secret, "encrypt"))
		if err != nil {
			panic("preferences: a key of 32 bytes is refused: " + err.Error())
		}
		l.keys = append(l.keys, key{derive(secret, "sign"), block})
	}
	return l
}

// derive makes a key of 32 bytes for one purpose.
func derive(secret, purpose string) []byte {
	return sum([]byte(secret), []byte("nudge preferences "+version+" "+purpose))
}

func sum(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// Link is what a token says.
type Link struct {
	Profile  string    // the person
	Category string    // of the message that the link came with; empty for none
	Ends     time.Time // in whole seconds
}

// URL returns the link of a message to a person that was planned at an instant.
func (l *Links) URL(profile, category string, planned time.Time) string {
	if len(category) > maxCategory {
		category = ""
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(planned.Add(l.expires).Unix()))
	plain = append(plain, byte(len(category)))
	plain = append(append(plain, category...), profile...)
	k := l.keys[0]
	token := append(sum(k.mac, plain)[:tagBytes], plain...)
	cipher.NewCTR(k.block, token[:tagBytes]).XORKeyStream(token[tagBytes:], token[tagBytes:])
	return l.base + version + base64.RawURLEncoding.EncodeToString(token)
}

// Read returns what a token says, if it is valid at an instant. Its errors are ErrInvalid and
// ErrExpired. Only who had a valid link can get the second one.
func (l *Links) Read(token string, now time.Time) (Link, error) {
	text, ok := strings.CutPrefix(token, version)
	if !ok || len(token) > MaxToken || strings.ContainsAny(text, "\r\n") { // the decoder skips line breaks
		return Link{}, ErrInvalid
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= tagBytes+headBytes {
		return Link{}, ErrInvalid
	}
	for _, k := range l.keys {
		plain := make([]byte, len(raw)-tagBytes)
		cipher.NewCTR(k.block, raw[:tagBytes]).XORKeyStream(plain, raw[tagBytes:])
		if !hmac.Equal(raw[:tagBytes], sum(k.mac, plain)[:tagBytes]) {
			continue
		}
		n := headBytes + int(plain[headBytes-1])
		if n >= len(plain) {
			return Link{}, ErrInvalid
		}
		link := Link{Profile: string(plain[n:]), Category: string(plain[headBytes:n]), Ends: time.Unix(int64(binary.BigEndian.Uint64(plain)), 0)}
		if !now.Before(link.Ends) {
			return link, ErrExpired
		}
		return link, nil
	}
	return Link{}, ErrInvalid
}
