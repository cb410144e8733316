package appmessaging

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's choice; HMAC-SHA1 is not broken by collisions
	"encoding/hex"
	"hash"

	"nudge/channels"
)

// SignatureHeader is the request header in which the provider signs a webhook.
const SignatureHeader = "X-Comapi-Signature"

// errSignature reports a webhook without a signature by one of our secrets.
var errSignature = &channels.Rejection{
	Reason: channels.NotAuthentic, Detail: "the signature in " + SignatureHeader + " is missing or wrong",
}

// Sign returns the provider's signature of a webhook body: HMAC-SHA1 in lower-case
// hex over the raw bytes (Dotdigital, "Webhooks").
func Sign(secret string, body []byte) string {
	return hex.EncodeToString(digest(secret, body))
}

// Inspect reads the signature in the header. There must be exactly one, of 20 bytes in hex;
// upper-case hex is as good. Without secrets every webhook is refused.
func (w Webhook) Inspect(header map[string][]string) (channels.Proof, error) {
	values := header[SignatureHeader]
	if len(values) != 1 {
		return nil, errSignature
	}
	p := &signed{}
	if len(values[0]) != 2*sha1.Size {
		return nil, errSignature
	}
	if _, err := hex.Decode(p.given[:], []byte(values[0])); err != nil {
		return nil, errSignature
	}
	p.macs = make([]hash.Hash, 0, len(w.Secrets))
	for _, secret := range w.Secrets {
		if secret != "" { // nothing is signed by nobody
			p.macs = append(p.macs, hmac.New(sha1.New, []byte(secret)))
		}
	}
	if len(p.macs) == 0 {
		return nil, errSignature
	}
	return p, nil
}

// signed proves a body by the signature that came with it.
type signed struct {
	given [sha1.Size]byte
	macs  []hash.Hash // one for each secret
}

// Write adds bytes of the body.
func (p *signed) Write(b []byte) (int, error) {
	for _, mac := range p.macs {
		mac.Write(b)
	}
	return len(b), nil
}

// Check is nil if one of the secrets signed exactly these bytes.
func (p *signed) Check() error {
	found := false
	for _, mac := range p.macs {
		found = hmac.Equal(p.given[:], mac.Sum(nil)) || found
	}
	if !found {
		return errSignature
	}
	return nil
}

func digest(secret string, body []byte) []byte {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write(body)
	return h.Sum(nil)
}
