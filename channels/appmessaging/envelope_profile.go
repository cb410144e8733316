package appmessaging

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"nudge/channels"
)

// profile reads what the provider knows of a person. Its own fields begin with an
// underscore (Dotdigital, profile API).
func (in *decoded) profile(e *envelope) error {
	var fields map[string]json.RawMessage
	if err := e.fill(&fields); err != nil {
		return err
	}
	id := text(fields["id"])
	switch {
	case id == "":
		return errors.New("has no payload.id, so nothing says whom it is about")
	case e.EventID == "":
		return errors.New("has no eventId, so a copy of it could not be told apart")
	}
	maps.DeleteFunc(fields, func(name string, _ json.RawMessage) bool {
		return name == "id" || strings.HasPrefix(name, "_")
	})
	encoded, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	in.Profiles = append(in.Profiles, channels.ProfileChange{
		ID: e.EventID, Profile: id, Fields: encoded, At: e.Timestamp.Time,
	})
	return nil
}
