package appmessaging

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's choice; HMAC-SHA1 is not broken by collisions
	"encoding/hex"
	"hash"
	"sync"

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
	p.macs = p.most[:0]
	for _, secret := range w.Secrets {
		if secret != "" { // nothing is signed by nobody
			p.macs = append(p.macs, macOf(secret))
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
	macs  []mac  // one for each secret
	most  [2]mac // of macs, as many as there usually are
}

// mac is a hash that is ready for a secret. Making one takes as long as hashing a short body, so it is used again.
type mac struct {
	hash.Hash
	unused *sync.Pool // for others of the secret
}

// unusedMacs are the hashes by secret. There are as many pools as there have been secrets.
var unusedMacs sync.Map

func macOf(secret Secret) mac {
	pool, ok := unusedMacs.Load(secret)
	if !ok {
		pool, _ = unusedMacs.LoadOrStore(secret, &sync.Pool{New: func() any { return hmac.New(sha1.New, []byte(secret)) }})
	}
	return mac{pool.(*sync.Pool).Get().(hash.Hash), pool.(*sync.Pool)}
}

// Write adds bytes of the body.
func (p *signed) Write(b []byte) (int, error) {
	for _, mac := range p.macs {
		mac.Write(b)
	}
	return len(b), nil
}

// Check is nil if one of the secrets signed exactly these bytes. It may be called once.
func (p *signed) Check() error {
	found := false
	var sum [sha1.Size]byte
	for _, mac := range p.macs {
		found = hmac.Equal(p.given[:], mac.Sum(sum[:0])) || found
		mac.Reset()
		mac.unused.Put(mac.Hash)
	}
	p.macs = nil
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
