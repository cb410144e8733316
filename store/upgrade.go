package store

import (
	"bytes"
	"fmt"
)

// Format is the version of the store's layout. Open refuses a store of another format; see [Upgrade] for older ones.
const Format = 9

// OldestFormat is the oldest format that can be upgraded. Those before it were never released.
const OldestFormat = 8

// upgrades lead from a format to the next one, each in one transaction.
var upgrades = map[byte]func(Writer) error{
	8: func(w Writer) error { // a backup can tell who was forgotten only if the key was there before it
		_, err := auditKey(w)
		return err
	},
}

// OldFormatError says that a store has a format which can be upgraded.
type OldFormatError struct{ Format int }

func (e *OldFormatError) Error() string {
	return fmt.Sprintf("the store has format %d, and this Nudge works with format %d: nudge serve upgrades it when it starts, and nudge store upgrade does it before, "+
		"both after a copy", e.Format, Format)
}

// FormatOf returns the format of the store in a kv; 0 if it has no records yet.
func FormatOf(kv KV) (format int, err error) {
	err = kv.View(func(r Reader) error {
		if record := r.Get(Meta, keyFormat); len(record) == 1 {
			format = int(record[0])
		}
		return nil
	})
	return format, err
}

// Upgrade brings a store of an older format to the current one, step by step. Each step is one transaction: if Upgrade is cut short, the next one goes on
// from there. Nothing can be brought back, so copy the store before.
func Upgrade(kv KV) error {
	for {
		format, err := FormatOf(kv)
		step := upgrades[byte(format)]
		if err != nil || step == nil {
			return err
		}
		if err := kv.Update(func(w Writer) error {
			if err := step(w); err != nil {
				return err
			}
			return w.Put(Meta, keyFormat, []byte{byte(format) + 1})
		}); err != nil {
			return fmt.Errorf("upgrade the store from format %d: %w", format, err)
		}
	}
}

// NoteVersion notes which version of Nudge has the store now, for an older one that cannot read it any more.
func (s *Store) NoteVersion(version string) error {
	for _, part := range s.Parts() {
		if err := part.kv.Update(func(w Writer) error {
			if string(w.Get(Meta, keyBy)) == version {
				return nil
			}
			return w.Put(Meta, keyBy, []byte(version))
		}); err != nil {
			return err
		}
	}
	return nil
}

// refused says what to do with a store of another format, which a version of Nudge has had; empty for one that is not known.
func refused(format, by []byte) error {
	switch {
	case len(format) == 1 && format[0] < OldestFormat:
		return fmt.Errorf("the store has format %d, of a Nudge that was never released; this one upgrades stores from format %d on. "+
			"Let the older one end its runs, or begin with an empty data folder", format[0], OldestFormat)
	case len(format) == 1 && format[0] < Format:
		return &OldFormatError{int(format[0])}
	case len(by) > 0:
		return fmt.Errorf("the store has format %v, and this Nudge reads format %d: Nudge %s had it last, and it or a newer one can read it", format, Format, bytes.ToValidUTF8(by, nil))
	}
	return fmt.Errorf("the store has format %v, which this Nudge cannot read; it reads format %d", format, Format)
}
