package sandbox

// conversationRequest is a conversation as it is created or changed.
type conversationRequest struct {
	ID           string               `json:"id"`
	Name         string               `json:"name"`
	Description  string               `json:"description"`
	Roles        *rolesRequest        `json:"roles"`
	IsPublic     *bool                `json:"isPublic"`
	Participants []participantRequest `json:"participants"`
	Scope        string               `json:"messageScope"`
}

type (
	rolesRequest struct {
		Owner       *rightsRequest `json:"owner"`
		Participant *rightsRequest `json:"participant"`
	}
	rightsRequest struct {
		CanSend               *bool `json:"canSend"`
		CanAddParticipants    *bool `json:"canAddParticipants"`
		CanRemoveParticipants *bool `json:"canRemoveParticipants"`
	}
)

// check returns the mistakes of a conversation. isNew: it is about to be created.
func (q *conversationRequest) check(isNew bool) failures {
	var f failures
	f.add(isNew && q.ID == "", "id", "is required")
	f.add(q.Name == "", "name", "is required")
	f.add(isNew && q.IsPublic == nil, "isPublic", "is required")
	f.add(q.Scope != "" && q.Scope != "a2p" && q.Scope != "p2p", "messageScope", "want a2p or p2p")
	f.add(q.Roles == nil, "roles", "is required")
	if q.Roles != nil {
		q.Roles.Owner.check(&f, "roles.owner")
		q.Roles.Participant.check(&f, "roles.participant")
	}
	checkParticipants(&f, "participants", q.Participants)
	return f
}

func (q *rightsRequest) check(f *failures, name string) {
	if q == nil {
		f.add(true, name, "is required")
		return
	}
	f.add(q.CanSend == nil, name+".canSend", "is required")
	f.add(q.CanAddParticipants == nil, name+".canAddParticipants", "is required")
	f.add(q.CanRemoveParticipants == nil, name+".canRemoveParticipants", "is required")
}

// rights are those of a request that was checked.
func (q *rightsRequest) rights() rights {
	return rights{*q.CanSend, *q.CanAddParticipants, *q.CanRemoveParticipants}
}

// document is the document of a checked request. Missing values come from the old one.
func (q *conversationRequest) document(old document) document {
	d := document{q.Name, q.Description, roles{q.Roles.Owner.rights(), q.Roles.Participant.rights()}, old.IsPublic}
	if q.IsPublic != nil {
		d.IsPublic = *q.IsPublic
	}
	return d
}
