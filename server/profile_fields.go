package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"nudge/engine"
	"nudge/lang/shape"
)

// checkProfileID reports what is wrong with the id of a person, as engine.CheckProfileID
// does.
func checkProfileID(id string) error {
	if err := engine.CheckProfileID(id); err != nil {
		return wrongField("id", "a person's id "+err.Error())
	}
	return nil
}

// objectOf reads a JSON object by its fields, each of which may come once.
func objectOf(raw []byte) (map[string]json.RawMessage, error) {
	raw, err := textOfBody(raw)
	if err != nil {
		return nil, err
	}
	if _, err := shape.OpenMap(nil).Decode(raw); err != nil {
		return nil, problemOf(http.StatusBadRequest, "json", "the JSON is wrong: "+err.Error())
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, jsonProblem(err, raw, &struct{}{})
	}
	return fields, nil
}

func textOf(raw json.RawMessage, into *string) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, into)
}

var category = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// categoriesOf reads opt_outs; null and nothing are an empty list.
func categoriesOf(raw json.RawMessage) ([]string, error) {
	var list []string
	if len(raw) > 0 && json.Unmarshal(raw, &list) != nil {
		return nil, wrongField("opt_outs", "opt_outs is a list of categories, or of the word "+engine.OptOutAll)
	}
	for _, c := range list {
		if !category.MatchString(c) {
			return nil, wrongField("opt_outs", fmt.Sprintf("%q is not the name of a category: a-z, 0-9 and _", c))
		}
	}
	return list, nil
}

func wrongField(name, detail string) error {
	return problemOf(http.StatusBadRequest, "invalid", detail, fieldProblem{name, detail})
}

// renamed is a problem whose fields have another name.
func renamed(name string, err error) error {
	var p *problem
	if errors.As(err, &p) {
		for i := range p.Errors {
			p.Errors[i].Field = name
		}
	}
	return err
}
