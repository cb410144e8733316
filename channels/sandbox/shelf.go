package sandbox

import "slices"

// shelf keeps the newest messages, in order, and the conversations they are of.
// Its owner locks.
type shelf struct {
	limit         int // messages
	bytes         int // of the requests kept
	order         []*record
	first         int // index of the oldest in order; those before it are gone
	byID          map[string]*record
	conversations map[string]*Conversation
}

func newShelf(limit int) *shelf {
	return &shelf{limit: limit, byID: map[string]*record{}, conversations: map[string]*Conversation{}}
}

// all are the messages kept, oldest first. The slice is good until the next put.
func (s *shelf) all() []*record { return s.order[s.first:] }

// put adds the newest message and lets go of the oldest beyond the limits.
func (s *shelf) put(r *record) {
	s.order = append(s.order, r)
	s.byID[r.ID] = r
	s.bytes += len(r.Request)
	c := s.conversations[r.Conversation]
	if c == nil {
		c = &Conversation{ID: r.Conversation}
		s.conversations[r.Conversation] = c
	}
	c.Messages++
	c.Profile, c.Last, c.Updated = r.Profile, r.Text, r.At
	for len(s.all()) > s.limit || s.bytes > MaxKeptBytes {
		s.drop()
	}
}

func (s *shelf) drop() {
	r := s.order[s.first]
	s.order[s.first] = nil
	s.first++
	if s.first > len(s.order)/2 {
		s.order = slices.Delete(s.order, 0, s.first)
		s.first = 0
	}
	delete(s.byID, r.ID)
	s.bytes -= len(r.Request)
	c := s.conversations[r.Conversation]
	if c.Messages--; c.Messages == 0 {
		delete(s.conversations, r.Conversation)
	}
}

// newest is the newest message that reached out to a person in a conversation, or
// in any when the conversation is empty; nil when none is kept.
func (s *shelf) newest(profile, conversation string) *record {
	for _, r := range slices.Backward(s.all()) {
		if r.Profile == profile && !r.Inbound && !r.dead &&
			(conversation == "" || r.Conversation == conversation) {
			return r
		}
	}
	return nil
}
