package sandbox

import (
	"fmt"
	"net/http"

	"nudge/lang/diag"
	"nudge/sandbox/people"
)

// showFaults is GET /sandbox/faults.
func (s *Sandbox) showFaults(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, http.StatusOK, s.Faults())
}

// putFaults is PUT /sandbox/faults. It replaces all of them, and begins to count anew.
func (s *Sandbox) putFaults(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	var list diag.List
	f := people.ReadFaults("faults", body, &list)
	if list.HasErrors() {
		answerInvalid(w, failuresOf(list))
		return
	}
	s.SetFaults(f)
	answerJSON(w, http.StatusOK, s.Faults())
}

// deleteFaults is DELETE /sandbox/faults: nothing goes wrong from here on. What is
// withheld already stays so.
func (s *Sandbox) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	s.SetFaults(people.Faults{})
	w.WriteHeader(http.StatusNoContent)
}

// failuresOf are diagnostics in the API's shape, by line and column.
func failuresOf(list diag.List) failures {
	list.Sort()
	var f failures
	for _, d := range list {
		message := d.Message
		if d.Hint != "" {
			message += " (" + d.Hint + ")"
		}
		f.add(true, fmt.Sprintf("%d:%d", d.Span.Start.Line, d.Span.Start.Column), message)
	}
	return f
}
