package server

import (
	"fmt"
	"net/http"
	"strings"

	"nudge/engine"
	"nudge/lang/encoding"
)

const (
	// keyHeader makes a request safe to send again: its value becomes the ID of the change.
	keyHeader = "Idempotency-Key"
	// replayedHeader says that the request was carried out before. Some answers show a state,
	// such as that of a campaign, and have no field for it.
	replayedHeader = "Idempotent-Replayed"
)

// submit applies the inputs of a command together, under the name of who sent it, as take does.
func (s *Server) submit(w http.ResponseWriter, r *http.Request, inputs ...*engine.Input) (*engine.Answer, error) {
	by := actorOf(w, r)
	for _, in := range inputs {
		in.By = by
	}
	return s.take(w, r, inputs...)
}

// take applies the inputs of one request together, under its Idempotency-Key if it has one.
// It returns the answer to the last of them, or the problem. Everything that is no list goes
// through here, so that no route can forget the key.
func (s *Server) take(w http.ResponseWriter, r *http.Request, inputs ...*engine.Input) (*engine.Answer, error) {
	if err := adoptKey(r, inputs); err != nil {
		return nil, err
	}
	answers, err := s.config.Runner.Submit(r.Context(), inputs...)
	if err != nil {
		return nil, runnerProblem(err)
	}
	if err := refusalOf(answers); err != nil {
		return nil, err
	}
	last := &answers[len(answers)-1]
	if last.Repeated {
		w.Header().Set(replayedHeader, "true")
	}
	return last, nil
}

// adoptKey makes the Idempotency-Key of a request the ID of its inputs. They are of different
// kinds, and the engine remembers the IDs of each kind by themselves.
func adoptKey(r *http.Request, inputs []*engine.Input) error {
	key := r.Header.Get(keyHeader)
	if key == "" {
		return nil
	}
	if given := r.Header.Values(keyHeader); len(given) > 1 {
		return problemOf(http.StatusBadRequest, "id", fmt.Sprintf("the request has %d values of Idempotency-Key; give one: %s", len(given), strings.Join(given, ", ")))
	}
	if err := encoding.Check([]byte(key)); err != nil {
		return problemOf(http.StatusBadRequest, "id", "the Idempotency-Key is "+err.Error(), fieldProblem{"id", "is not UTF-8"})
	}
	for _, in := range inputs {
		if in.ID != "" && in.ID != key {
			return problemOf(http.StatusBadRequest, "id", fmt.Sprintf("the id %q and the Idempotency-Key %q differ; give only one of them", in.ID, key),
				fieldProblem{"id", "differs from Idempotency-Key"})
		}
		in.ID = key
	}
	return nil
}

// refuseKey is the problem of a request with an Idempotency-Key that is no single change. The
// detail says what to use instead.
func refuseKey(r *http.Request, detail string) error {
	if r.Header.Get(keyHeader) == "" {
		return nil
	}
	return problemOf(http.StatusBadRequest, "id", detail)
}
