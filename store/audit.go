package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"

	"nudge/engine"
)

func auditFields(c *codec, e *engine.AuditEntry) {
	c.uint(&e.Seq)
	integer(c, &e.At)
	actorFields(c, &e.By)
	c.str(&e.Did)
	c.str(&e.On)
	c.str(&e.Profile)
	c.str(&e.Reason)
	c.raw(&e.Before)
	c.raw(&e.After)
	c.str(&e.Erased)
}

func actorFields(c *codec, a *engine.Actor) {
	c.str(&a.Name)
	c.str(&a.Address)
	c.str(&a.Request)
}

func encodeAudit(e *engine.AuditEntry) []byte {
	return encode(auditVersion, func(c *codec) { auditFields(c, e) })
}

func decodeAudit(record []byte) (*engine.AuditEntry, error) {
	e := new(engine.AuditEntry)
	return e, decode(record, auditVersion, func(c *codec) { auditFields(c, e) })
}

// AuditQuery selects entries of the audit trail. An empty field matches every entry.
type AuditQuery struct {
	By      string // name of the actor
	Did     string // what was done, in words
	On      string // what it was done to
	Profile string // the person whom it is about, forgotten or not
	Before  uint64 // only entries of commands before this one; 0 for the newest
	Limit   int    // entries to return: 1 to MaxPage
	Look    int    // entries to look at for them: 1 to MaxLook; 0 for MaxLook
}

// Audit returns the entries of the audit trail that match, newest first. Next is the Before of the
// page behind it, 0 when there is none. A page may be empty and still have a next one, because it reads
// a limited number of entries.
func (s *Store) Audit(q AuditQuery) (entries []*engine.AuditEntry, next uint64, err error) {
	q.Limit = min(max(q.Limit, 1), MaxPage)
	if q.Look <= 0 || q.Look > MaxLook {
		q.Look = MaxLook
	}
	var before []byte
	if q.Before != 0 {
		before = be(q.Before)
	}
	err = s.kv.View(func(r Reader) (failed error) {
		erased, looked, last := "", 0, uint64(0)
		if key := r.Get(Meta, keyAudit); q.Profile != "" && key != nil {
			erased = erasedAs(key, q.Profile)
		}
		r.Descend(Audit, before, func(key, record []byte) bool {
			if len(entries) == q.Limit || looked == q.Look {
				next = last
				return false
			}
			var e *engine.AuditEntry
			if e, failed = decodeAudit(record); failed != nil {
				failed = damaged(Audit, key, failed)
				return false
			}
			looked, last = looked+1, e.Seq
			if q.matches(e, erased) {
				entries = append(entries, e)
			}
			return true
		})
		return failed
	})
	return entries, next, err
}

// AuditFrom returns the entries that match among at most looks entries, from that of a command on, oldest first. More
// reports that there are further entries.
func (s *Store) AuditFrom(seq uint64, looks int, matches func(*engine.AuditEntry) bool) (entries []*engine.AuditEntry, more bool, err error) {
	err = s.kv.View(func(r Reader) (failed error) {
		r.Ascend(Audit, be(seq), func(key, record []byte) bool {
			if more = looks == 0; more {
				return false
			}
			looks--
			var e *engine.AuditEntry
			if e, failed = decodeAudit(record); failed != nil {
				failed = damaged(Audit, key, failed)
				return false
			}
			if matches(e) {
				entries = append(entries, e)
			}
			return true
		})
		return failed
	})
	return entries, more, err
}

func (q *AuditQuery) matches(e *engine.AuditEntry, erased string) bool {
	return (q.By == "" || q.By == e.By.Name) && (q.Did == "" || q.Did == e.Did) && (q.On == "" || q.On == e.On) &&
		(q.Profile == "" || q.Profile == e.Profile || erased != "" && erased == e.Erased)
}

// erasedAs is what stays of the ID of a forgotten person: who knows the ID can find their entries, and
// nobody can tell the ID from it without the key.
func erasedAs(key []byte, profile string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(profile))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// auditKey returns the key of the hashes of forgotten people, and makes it if there is none.
func auditKey(w Writer) ([]byte, error) {
	if key := w.Get(Meta, keyAudit); key != nil {
		return bytes.Clone(key), nil
	}
	key := newAuditKey()
	return key, w.Put(Meta, keyAudit, key)
}

func newAuditKey() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key)
	return key
}

// forgottenWord stands in place of the ID of a forgotten person, in what is about somebody or something else.
const forgottenWord = "(forgotten)"

// eraseAudit adds the write that takes the person out of an entry. Of an entry that is about them only who did
// what, and when, stays. In any other their ID is replaced where it can stand; the rest of it belongs to
// others, and nobody must get rid of it by forgetting somebody.
func (e *erasure) eraseAudit(w Writer, key, record []byte, add func(write)) error {
	entry, err := decodeAudit(record)
	if err != nil || entry.Seq > e.upTo {
		return err
	}
	if entry.Profile != e.profile {
		if e.replaceIn(entry) {
			add(write{bucket: Audit, key: bytes.Clone(key), value: encodeAudit(entry)})
		}
		return nil
	}
	secret, err := auditKey(w)
	if err != nil {
		return err
	}
	entry.Erased = erasedAs(secret, e.profile)
	if entry.On == entry.Profile {
		entry.On = ""
	}
	entry.Profile, entry.Reason, entry.Before, entry.After = "", "", nil, nil
	add(write{bucket: Audit, key: bytes.Clone(key), value: encodeAudit(entry)})
	return nil
}

// replaceIn replaces the person's ID in an entry about somebody or something else, and reports whether it stood
// there: in the reason, in the list of people who get messages, and in the attributes of another person.
func (e *erasure) replaceIn(entry *engine.AuditEntry) (changed bool) {
	if e.isWordOf(entry.Reason) {
		entry.Reason, changed = e.withoutWord(entry.Reason), true
	}
	mayHold := func(field string) bool { return false }
	switch entry.Did {
	case engine.DidSetOutbound:
		mayHold = func(field string) bool { return field == "only" }
	case engine.DidChangePerson:
		mayHold = func(field string) bool { return field != "opt_outs" }
	}
	for _, object := range []*json.RawMessage{&entry.Before, &entry.After} {
		if without, found := e.withoutAsked(*object); found && entry.Profile == "" {
			*object, changed = without, true
		}
		fields := map[string]json.RawMessage{}
		if len(*object) == 0 || json.Unmarshal(*object, &fields) != nil {
			continue
		}
		for name, value := range fields {
			if !mayHold(name) || !e.standsIn(value) {
				continue
			}
			var tree any
			if json.Unmarshal(value, &tree) != nil {
				continue
			}
			fields[name], changed = jsonOf(replaced(tree, e.profile)), true
		}
		if changed {
			*object = jsonOf(fields)
		}
	}
	return changed
}

// replaced is JSON with another text in place of every text that is the given one.
func replaced(tree any, text string) any {
	switch node := tree.(type) {
	case string:
		if node == text {
			return forgottenWord
		}
	case []any:
		for i := range node {
			node[i] = replaced(node[i], text)
		}
	case map[string]any:
		for key := range node {
			node[key] = replaced(node[key], text)
		}
	}
	return tree
}

func jsonOf(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("store: JSON that was decoded does not encode: " + err.Error())
	}
	return raw
}

// purgeAudit drops the entries of commands up to a number.
func purgeAudit(w Writer, upTo uint64) error {
	var keys [][]byte
	w.Ascend(Audit, nil, func(key, _ []byte) bool {
		if len(key) != 8 || binary.BigEndian.Uint64(key) > upTo {
			return false
		}
		keys = append(keys, bytes.Clone(key))
		return true
	})
	for _, key := range keys {
		if err := w.Delete(Audit, key); err != nil {
			return err
		}
	}
	return nil
}
