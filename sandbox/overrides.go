package sandbox

import (
	"bytes"
	"encoding/json"
)

// overrides are what a request changes about the conversation that it creates. Dotdigital
// documents an object and none of its keys: here they are those of a conversation.
type overrides struct {
	App struct {
		Conversation *conversationOverrides `json:"conversation"`
	} `json:"appMessaging"`
}

type conversationOverrides struct {
	Name         *string              `json:"name"`
	Description  *string              `json:"description"`
	Roles        *rolesRequest        `json:"roles"`
	IsPublic     *bool                `json:"isPublic"`
	Participants []participantRequest `json:"participants"`
	Scope        string               `json:"messageScope"`
}

func (o *overrides) check(f *failures) {
	c := o.App.Conversation
	if c == nil {
		return
	}
	const within = "overrides.appMessaging.conversation."
	f.add(c.Name != nil && *c.Name == "", within+"name", "is empty")
	f.add(c.Scope != "" && c.Scope != "a2p" && c.Scope != "p2p", within+"messageScope", "want a2p or p2p")
	if c.Roles != nil {
		c.Roles.Owner.check(f, within+"roles.owner")
		c.Roles.Participant.check(f, within+"roles.participant")
	}
	checkParticipants(f, within+"participants", c.Participants)
}

// overridesOf are the overrides of a stored request, nil for none.
func overridesOf(request []byte) *conversationOverrides {
	var q struct {
		Overrides overrides `json:"overrides"`
	}
	if !bytes.Contains(request, []byte(`"overrides"`)) || json.Unmarshal(request, &q) != nil {
		return nil
	}
	return q.Overrides.App.Conversation
}

// override changes a new conversation.
func (t *thread) override(c *conversationOverrides) {
	if c.Name != nil {
		t.Name = *c.Name
	}
	if c.Description != nil {
		t.Description = *c.Description
	}
	if c.Roles != nil {
		t.Roles = roles{c.Roles.Owner.rights(), c.Roles.Participant.rights()}
	}
	if c.IsPublic != nil {
		t.IsPublic = *c.IsPublic
	}
	for _, p := range c.Participants {
		t.enrol(p)
	}
	t.scope = c.Scope
	t.kept = true
}
