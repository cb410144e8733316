package appmessaging

import (
	"bytes"
	"cmp"
	"fmt"

	"nudge/channels"
)

// Limits on a webhook. A batch has at most 500 envelopes (Dotdigital, webhook
// API), which is 8 KiB for each by default, and nothing documented nests deeper than
// eight levels.
const (
	DefaultBody = 4 << 20  // bytes of a webhook, or `webhooks.max_body`; a larger one is refused with 413
	MaxBody     = 10 << 20 // the largest `webhooks.max_body`, in bytes; a larger setting is a mistake
	maxDepth    = 32       // levels of JSON in one event of a webhook; a deeper event is ignored, and counted as malformed
	maxEvents   = 5000     // events of one webhook, ten times what the provider sends; more are refused with 400
)

// WebhookName is where the provider posts to: /webhooks/comapi.
const WebhookName = "comapi"

// errOutline reports a webhook that is neither a JSON object nor an array.
var errOutline = &channels.Rejection{
	Reason: channels.Malformed, Detail: "the body is neither a JSON object nor an array",
}

// errMany reports a webhook with more events than any batch has.
var errMany = &channels.Rejection{
	Reason: channels.Malformed, Detail: fmt.Sprintf("the body has more than %d events", maxEvents),
}

var _ channels.Receiver = Webhook{}

// Webhook decodes what the provider posts to us.
type Webhook struct {
	// Secrets are the secrets of the webhook, any of which is good: two while one
	// replaces the other. Without any, every webhook is refused.
	Secrets []Secret

	// MaxBody is how many bytes a body may have, at most the constant of that name; 0
	// means DefaultBody.
	MaxBody int
}

// Name is WebhookName.
func (w Webhook) Name() string { return WebhookName }

// BodyLimit returns how many bytes a body may have.
func (w Webhook) BodyLimit() int { return cmp.Or(w.MaxBody, DefaultBody) }

// Decode reads one event or an array of them.
func (w Webhook) Decode(body []byte) (channels.Inbound, error) {
	pieces, err := split(body)
	if err != nil {
		return channels.Inbound{}, err
	}
	var in decoded
	for _, p := range pieces {
		in.add(p)
	}
	return in.Inbound, nil
}

// piece is the undecoded JSON of one envelope, and how deep it nests.
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
		return nil, errOutline
	}
	first, last := body[0], body[len(body)-1]
	if first == '{' && last == '}' {
		_, depth, _ := cut(body)
		return []piece{{body, depth}}, nil
	}
	if first != '[' || last != ']' {
		return nil, errOutline
	}
	rest := bytes.Trim(body[1:len(body)-1], " \t\r\n")
	var pieces []piece
	for more := len(rest) > 0; more; {
		item, depth, end := cut(rest)
		if len(pieces) == maxEvents {
			return nil, errMany
		}
		pieces = append(pieces, piece{item, depth})
		if more = end < len(rest); more {
			if rest[end] != ',' {
				return nil, errOutline // brackets do not match: items cannot be told apart
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

// decoded collects the contents of a webhook's envelopes.
type decoded struct{ channels.Inbound }

// add decodes one envelope and adds its content.
func (in *decoded) add(p piece) {
	if p.depth > maxDepth {
		in.malformed("", fmt.Errorf("nests %d levels deep; want at most %d", p.depth, maxDepth))
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
		in.ignore(e.Name, channels.UnknownEvent, "")
	}
	if err != nil {
		in.malformed(e.Name, err)
	}
}

func (in *decoded) malformed(name string, err error) {
	in.ignore(name, channels.MalformedEvent, clip(err.Error()))
}

func (in *decoded) ignore(name string, reason channels.IgnoreReason, detail string) {
	in.Ignored = append(in.Ignored, channels.Ignored{Event: clip(name), Reason: reason, Detail: detail})
}
