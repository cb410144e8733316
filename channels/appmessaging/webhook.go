package appmessaging

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"nudge/channels"
)

// Limits on a webhook. A batch has at most 500 envelopes (Dotdigital, webhook
// API), which is 8 KiB for each by default, and nothing documented nests deeper than
// eight levels.
const (
	DefaultBody = 4 << 20  // bytes of a body
	MaxBody     = 10 << 20 // bytes of a body that may be configured
	MaxDepth    = 32       // levels of JSON within one envelope
)

var (
	// ErrTooLarge reports a webhook of more bytes than are taken. Answer 413.
	ErrTooLarge = errors.New("appmessaging: the webhook is too large")

	// ErrMalformed reports a webhook that is neither a JSON object nor an array, so
	// that there is nothing in it to keep. Answer 400: it will not get better.
	ErrMalformed = errors.New("appmessaging: the webhook is neither a JSON object nor an array")
)

// Webhook decodes what the provider posts to us.
type Webhook struct {
	// Secrets are the secrets of the webhook, any of which is good: two while one
	// replaces the other. Without any, every webhook is refused.
	Secrets []Secret

	// MaxBody is how many bytes a body may have, at most the constant of that name; 0
	// means DefaultBody. Bodies are read before their signature can be checked.
	MaxBody int
}

// Limit is how many bytes a body may have.
func (w Webhook) Limit() int { return cmp.Or(w.MaxBody, DefaultBody) }

// Inbound is what one webhook brought. Receipts, Replies and Profiles are in the order
// of the body. The strings in it are copies; the body may be used again.
type Inbound struct {
	Receipts []channels.Receipt
	Replies  []channels.Reply
	Profiles []channels.ProfileChange

	// Ignored has a line for every envelope that is neither: the name of its event,
	// and after a colon what was wrong when it is an event that we know.
	Ignored []string
	Unknown int // how many of Ignored are events that we do not know
}

// Decode verifies the signature over the raw body and decodes it. Its errors are
// ErrTooLarge, ErrSignature and ErrMalformed; with an error, Inbound is zero.
func (w Webhook) Decode(body []byte, signature string) (Inbound, error) {
	if len(body) > w.Limit() {
		return Inbound{}, ErrTooLarge
	}
	if err := w.Verify(body, signature); err != nil {
		return Inbound{}, err
	}
	pieces, err := split(body)
	if err != nil {
		return Inbound{}, err
	}
	var in Inbound
	for _, p := range pieces {
		in.add(p)
	}
	return in, nil
}

// piece is the JSON of one envelope, not yet looked at, and how deep it nests.
type piece struct {
	json  []byte
	depth int
}

// split cuts a body into its envelopes: one object, or the items of an array. It
// looks at brackets and strings only, so that a fault inside one item is found
// when that item is decoded and stays there.
func split(body []byte) ([]piece, error) {
	body = bytes.Trim(body, " \t\r\n")
	if len(body) < 2 {
		return nil, ErrMalformed
	}
	first, last := body[0], body[len(body)-1]
	if first == '{' && last == '}' {
		_, depth, _ := cut(body)
		return []piece{{body, depth}}, nil
	}
	if first != '[' || last != ']' {
		return nil, ErrMalformed
	}
	rest := bytes.Trim(body[1:len(body)-1], " \t\r\n")
	var pieces []piece
	for more := len(rest) > 0; more; {
		item, depth, end := cut(rest)
		pieces = append(pieces, piece{item, depth})
		if more = end < len(rest); more {
			if rest[end] != ',' {
				return nil, ErrMalformed // brackets do not match: items cannot be told apart
			}
			rest = rest[end+1:]
		}
	}
	return pieces, nil
}

// cut returns the value at the head of b, how deep it nests, and where it ends:
// at a comma or a closing bracket of the level around it, or with b.
func cut(b []byte) (value []byte, depth, end int) {
	level, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			depth = max(depth, level)
		case (c == '}' || c == ']' || c == ',') && level == 0:
			return b[:i], depth, i
		case c == '}' || c == ']':
			level--
		}
	}
	return b, depth, len(b)
}

// add decodes one envelope and puts it where it belongs.
func (in *Inbound) add(p piece) {
	if p.depth > MaxDepth {
		in.ignore("", fmt.Errorf("nests %d levels deep; want at most %d", p.depth, MaxDepth))
		return
	}
	e, err := decode(p.json)
	status, ok := statuses[e.Name]
	switch {
	case err != nil:
	case e.Name == inbound:
		err = in.reply(&e)
	case e.Name == conversationSent:
		err = in.conversation(&e)
	case e.Name == profileCreate || e.Name == profileUpdate:
		err = in.profile(&e)
	case ok:
		err = in.receipt(&e, status)
	default:
		in.Unknown++
		in.ignore(e.Name, nil)
	}
	if err != nil {
		in.ignore(e.Name, err)
	}
}

func (in *Inbound) ignore(name string, err error) {
	line := clip(name)
	if err != nil {
		if line == "" {
			line = "malformed"
		}
		line += ": " + clip(err.Error())
	}
	in.Ignored = append(in.Ignored, line)
}
