package appmessaging

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's choice; HMAC-SHA1 is not broken by collisions
	"encoding/hex"

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

// verify reports errSignature unless signature was made over exactly these bytes
// with one of the secrets. Upper-case hex is as good. An empty secret never
// matches, so without secrets every webhook is refused.
func (w Webhook) verify(body []byte, signature string) error {
	given, err := hex.DecodeString(signature)
	if err != nil || len(given) != sha1.Size {
		return errSignature
	}
	for _, secret := range w.Secrets {
		if secret != "" && hmac.Equal(given, digest(string(secret), body)) {
			return nil
		}
	}
	return errSignature
}

func digest(secret string, body []byte) []byte {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write(body)
	return h.Sum(nil)
}
