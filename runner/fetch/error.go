package fetch

import (
	"crypto/tls"
	"errors"
	"net"
)

// Error is why a request has no answer that could be used. Its text may stand on a
// run's timeline.
type Error struct {
	Why     Reason
	request string // method, scheme and host
	detail  string
}

// Reason is why a request has no answer: a closed list.
type Reason string

const (
	BadRequest  Reason = "the request cannot be made"
	NotPublic   Reason = "the address is not public"
	NoHost      Reason = "there is no such host"
	NoAnswer    Reason = "no answer"
	Certificate Reason = "the certificate of the service is not good"
	TooLarge    Reason = "the answer is too large"
)

// Error is the text of the error.
func (e *Error) Error() string {
	text := string(e.Why)
	if e.request != "" {
		text = e.request + ": " + text
	}
	switch {
	case e.detail == "":
	case e.Why == NoAnswer:
		text += " " + e.detail
	default:
		text += ": " + e.detail
	}
	if e.Why == NotPublic {
		text += "; allow_private under fetch in nudge.yaml may allow it"
	}
	return text
}

// Final reports whether asking again cannot help.
func (e *Error) Final() bool { return e.Why != NoAnswer && e.Why != NoHost }

// unanswered is the error of a request that failed on the way. What failed is not
// told in detail, because it would tell about networks.
func unanswered(err error) *Error {
	var host *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &host):
		return &Error{Why: NoHost}
	case errors.As(err, &certificate):
		return &Error{Why: Certificate}
	}
	return &Error{Why: NoAnswer}
}
