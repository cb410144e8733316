package sandbox

import (
	"cmp"
	"slices"
)

// messageStore keeps the newest messages, in order, and the conversations they are of.
// Its owner locks.
type messageStore struct {
	limit         int    // messages
	bytes         int    // of the requests kept
	number        uint64 // of the newest message
	order         []*record
	first         int // index of the oldest in order; those before it are gone
	byID          map[string]*record
	conversations map[string]*thread
	dirty         map[uint64]*record // changed since they were saved, by number; nil: gone
	saved         bool               // it is kept in a file, and dirty is kept up
}

func newMessageStore(limit int) *messageStore {
	return &messageStore{
		limit: limit, byID: map[string]*record{}, conversations: map[string]*thread{}, dirty: map[uint64]*record{},
	}
}

// all are the messages kept, oldest first. The slice is good until the next put.
func (s *messageStore) all() []*record { return s.order[s.first:] }

// put adds the newest message and drops the oldest beyond the limits.
func (s *messageStore) put(r *record) {
	s.number++
	r.number = s.number
	s.add(r)
	s.touch(r)
	s.trim()
}

// touch notes that a message has changed.
func (s *messageStore) touch(r *record) {
	if s.saved && s.byID[r.ID] == r {
		s.dirty[r.number] = r
	}
}

// trim drops the oldest messages beyond the limits.
func (s *messageStore) trim() {
	for len(s.all()) > s.limit || s.bytes > MaxKeptBytes {
		s.drop()
	}
}

// add adds a message that has its number, which is above all others'.
func (s *messageStore) add(r *record) {
	s.order = append(s.order, r)
	s.byID[r.ID] = r
	s.bytes += len(r.Request)
	t := s.conversations[r.Conversation]
	if t == nil {
		t = newThread(r)
		s.conversations[r.Conversation] = t
	}
	r.thread = t
	t.Messages++
	t.tell(r)
}

// drop drops the oldest message.
func (s *messageStore) drop() {
	r := s.order[s.first]
	s.order[s.first] = nil
	s.first++
	if s.first > len(s.order)/2 {
		s.order = slices.Delete(s.order, 0, s.first)
		s.first = 0
	}
	delete(s.dirty, r.number) // the file drops all before the oldest
	s.forget(r)
}

// remove removes any message.
func (s *messageStore) remove(r *record) {
	i, found := slices.BinarySearchFunc(s.all(), r.number,
		func(r *record, number uint64) int { return cmp.Compare(r.number, number) })
	if found {
		s.order = slices.Delete(s.order, s.first+i, s.first+i+1)
		if s.saved {
			s.dirty[r.number] = nil
		}
		s.forget(r)
		s.retell(r.thread)
	}
}

// retell makes the summary of a conversation that of its newest message.
func (s *messageStore) retell(t *thread) {
	for _, r := range slices.Backward(s.all()) {
		if r.thread == t {
			t.tell(r)
			return
		}
	}
}

func (s *messageStore) forget(r *record) {
	delete(s.byID, r.ID)
	s.bytes -= len(r.Request)
	t := r.thread
	t.unsay(r)
	if t.Messages--; t.Messages == 0 && !t.kept {
		delete(s.conversations, r.Conversation)
	}
}

// unsay removes a message from its conversation. Usually it is the oldest.
func (t *thread) unsay(r *record) {
	switch i := slices.Index(t.said, r); {
	case i == 0:
		t.said[0] = nil
		t.said = t.said[1:]
	case i > 0:
		t.said = slices.Delete(t.said, i, i+1)
	}
}

// newest is the newest message to a person in a conversation, or in any when conversation is
// empty. It returns nil when none is kept.
func (s *messageStore) newest(profile, conversation string) *record {
	for _, r := range slices.Backward(s.all()) {
		if r.Profile == profile && !r.Inbound && !r.dead && !r.late &&
			(conversation == "" || r.Conversation == conversation) {
			return r
		}
	}
	return nil
}
