package store

import (
	"bytes"
	"encoding/json"
)

// eraseProposal adds the write that takes the person out of a proposal: of its note, and of what jobs have found out about it. Its
// files stay as they are, as those of every version do.
func (e *erasure) eraseProposal(key, record []byte, add func(write)) error {
	p, err := decodeProposal(record)
	if err == nil && e.isWordOf(p.Note) {
		p.Note = e.withoutWord(p.Note)
		add(write{bucket: Proposals, key: bytes.Clone(key), value: encodeProposal(p)})
	}
	return err
}

func (e *erasure) eraseProposed(key, record []byte, add func(write)) error {
	p, err := decodeProposed(record)
	if err != nil || p.part == proposedFiles {
		return err
	}
	if without, changed := e.withoutPeople(p.json); changed {
		p.json = without
		add(write{bucket: Proposed, key: bytes.Clone(key), value: encodeProposed(p)})
	}
	return nil
}

// peopleFields are the fields of what a job has found out that name people, or have something of theirs. Every other text is of
// the project.
var peopleFields = []string{"profile", "key"}

// withoutPeople is JSON in which every object that is about the person is gone from its list, and reports whether there was one.
func (e *erasure) withoutPeople(raw json.RawMessage) (json.RawMessage, bool) {
	if !bytes.Contains(raw, []byte(e.profile)) && !bytes.ContainsRune(raw, '\\') {
		return raw, false
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if d.Decode(&tree) != nil {
		return raw, false
	}
	tree, changed := e.cutPeople(tree)
	if !changed {
		return raw, false
	}
	return jsonOf(tree), true
}

func (e *erasure) cutPeople(tree any) (left any, changed bool) {
	switch node := tree.(type) {
	case []any:
		kept := make([]any, 0, len(node))
		for _, item := range node {
			if e.isAboutThem(item) {
				changed = true
				continue
			}
			item, cut := e.cutPeople(item)
			kept, changed = append(kept, item), changed || cut
		}
		return kept, changed
	case map[string]any:
		for name, value := range node {
			cut := false
			node[name], cut = e.cutPeople(value)
			changed = changed || cut
		}
	}
	return tree, changed
}

func (e *erasure) isAboutThem(item any) bool {
	object, ok := item.(map[string]any)
	if !ok {
		return false
	}
	for _, name := range peopleFields {
		if text, ok := object[name].(string); ok && e.isWordOf(text) {
			return true
		}
	}
	return false
}
