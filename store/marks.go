package store

import "nudge/engine"

func encodeMarks(text string) []byte {
	return encode(marksVersion, func(c *codec) { c.str(&text) })
}

// Marks returns the marks of the project that was deployed last, as [flows.ParseMarks] reads them; empty
// for none.
func (s *Store) Marks() (text string, err error) {
	err = s.kv.View(func(r Reader) error {
		text, err = readMarks(r)
		return err
	})
	return text, err
}

func readMarks(r Reader) (text string, err error) {
	record := r.Get(Meta, keyMarks)
	if record == nil {
		return "", nil
	}
	err = decode(record, marksVersion, func(c *codec) { c.str(&text) })
	return text, damaged(Meta, keyMarks, err)
}

// addMarks adds the write of the marks that the last deploy of a batch says.
func addMarks(b *engine.Batch, add func(write)) {
	for i := range b.Journal {
		if d, ok := b.Journal[i].Input.Payload.(*engine.Deploy); ok {
			add(write{bucket: Meta, key: keyMarks, value: encodeMarks(d.Marks), delete: d.Marks == ""})
		}
	}
}
