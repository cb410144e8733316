package server

import (
	"net/http"
	"net/url"
	"slices"

	"nudge/lang/diag"
)

// onlyParameters refuses a query with another parameter than those of its route.
func onlyParameters(values url.Values, known []string) error {
	for name := range values {
		if !slices.Contains(known, name) {
			return wrongParameter(name, "is not a parameter here; "+diag.DidYouMean(name, known, "allowed"))
		}
	}
	return nil
}

// wrongParameter is the problem of a parameter of a query; the detail follows its name.
func wrongParameter(field, detail string) error {
	return problemOf(http.StatusBadRequest, "parameter", field+" "+detail, fieldProblem{field, detail})
}
