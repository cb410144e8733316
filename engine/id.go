package engine

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/oklog/ulid/v2"
)

// RunID identifies a run. IDs sort in the order in which runs started. An ID contains the
// installation, so two stores never make the same one:
//
//	bytes 0–5    the stamp of the input that started the run, in milliseconds
//	bytes 6–9    the first four bytes of the installation
//	bytes 10–15  the input's number in the journal and the run's number within it
//
// Its text form is a ULID: 26 characters that sort as the bytes do.
type RunID ulid.ULID

// maxSeq is how many journal positions fit into a run ID.
const maxSeq = 1 << 38

func newRunID(stamp Instant, installation Installation, seq uint64, ordinal int) RunID {
	if ordinal >= MaxStartsPerInput || seq >= maxSeq {
		panic(fmt.Sprintf("engine: no run ID for start %d of input %d", ordinal, seq))
	}
	var low [8]byte
	binary.BigEndian.PutUint64(low[:], seq<<10|uint64(ordinal))
	var id ulid.ULID
	if err := id.SetTime(uint64(stamp)); err != nil {
		panic("engine: " + err.Error())
	}
	copy(id[6:10], installation[:4])
	copy(id[10:], low[2:])
	return RunID(id)
}

// HasRunIDs reports whether there are IDs for the runs that an input with a number starts.
func HasRunIDs(seq uint64) bool { return seq < maxSeq }

// ParseRunID reads the text form of a run ID.
func ParseRunID(text string) (RunID, error) {
	id, err := ulid.ParseStrict(text)
	if err != nil {
		return RunID{}, fmt.Errorf("%q is not a run ID: 26 characters of 0-9 and A-Z", text)
	}
	return RunID(id), nil
}

// String is the text form.
func (id RunID) String() string { return ulid.ULID(id).String() }

// MarshalText writes the text form.
func (id RunID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the text form.
func (id *RunID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseRunID(string(text))
	return err
}

// Compare orders run IDs by when their runs started.
func (id RunID) Compare(other RunID) int { return ulid.ULID(id).Compare(ulid.ULID(other)) }

// Time is the stamp of the input that started the run.
func (id RunID) Time() Instant { return Instant(ulid.ULID(id).Time()) }

// Seq is the number of that input in the journal.
func (id RunID) Seq() uint64 {
	var low [8]byte
	copy(low[2:], id[10:])
	return binary.BigEndian.Uint64(low[:]) >> 10
}

// Ordinal is the number of the run among those that the input started, from 0.
func (id RunID) Ordinal() int { return int(binary.BigEndian.Uint16(id[14:]) & (1<<10 - 1)) }

// Installation is the random identity of one store, made when its file is created. It
// prevents staging, production and restored backups from taking each other's receipts.
type Installation [8]byte

// String is the installation in 16 hex digits, as it travels in metadata.nudge.
func (i Installation) String() string { return hex.EncodeToString(i[:]) }

// MarshalText writes the text form.
func (i Installation) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads the text form.
func (i *Installation) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(i) {
		return fmt.Errorf("%q is no installation: 16 hex digits", text)
	}
	copy(i[:], raw)
	return nil
}
