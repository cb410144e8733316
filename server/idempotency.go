package server

import (
	"net/http"

	"nudge/lang/encoding"
)

// keyHeader names the request of a client that may send it again. A request with the key of
// an earlier one gets that one's answer and changes nothing; with another body it is a
// conflict. The engine remembers the keys, as it does the ids of events.
const keyHeader = "Idempotency-Key"

// idOf returns the id of a request's input: the one in its body, or else its key.
func idOf(r *http.Request, inBody string) (string, error) {
	switch key := r.Header.Get(keyHeader); {
	case key == "" || key == inBody:
		return inBody, nil
	case inBody != "":
		return "", problemOf(http.StatusBadRequest, "id", "id and Idempotency-Key are both given and differ; give one",
			fieldProblem{"id", "differs from Idempotency-Key"})
	default:
		if err := encoding.Check([]byte(key)); err != nil {
			return "", problemOf(http.StatusBadRequest, "id", "the Idempotency-Key is "+err.Error(), fieldProblem{"id", "is not UTF-8"})
		}
		return key, nil
	}
}
