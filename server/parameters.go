package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"nudge/lang/diag"
)

// onlyParameters refuses a query with another parameter than those of its route, and with one that is given twice: one of the
// two values would be passed over without a word.
func onlyParameters(values url.Values, known []string) error {
	for name, given := range values {
		if !slices.Contains(known, name) {
			return wrongParameter(name, "is not a parameter here; "+diag.DidYouMean(name, known, "allowed"))
		}
		if len(given) > 1 {
			return wrongParameter(name, fmt.Sprintf("is given %d times; give it once", len(given)))
		}
	}
	return nil
}

// wrongParameter is the problem of a parameter of a query; the detail follows its name.
func wrongParameter(field, detail string) error {
	return problemOf(http.StatusBadRequest, "parameter", field+" "+detail, fieldProblem{field, detail})
}
