package store

import (
	"encoding/binary"
	"fmt"

	"nudge/engine"
)

// An ended run leaves a sign in the place of its record. The sign holds the end instant.
// The record itself moves to the end of the bucket of ended runs. So ending a run costs
// only one page that is not at the end of its bucket, ended runs can still be found by
// their ID, and dropping them in the order of their ends needs no search.

// signVersion is the first byte of a sign. No record begins with it.
const signVersion = 0xff

// endedKey returns the key of the record of an ended run.
func endedKey(id engine.RunID, ended engine.Instant) []byte {
	return numbered(uint64(ended), id[:])
}

func parseEndedKey(key []byte) (id engine.RunID, ended engine.Instant, err error) {
	if len(key) != 8+runIDBytes {
		return id, 0, fmt.Errorf("the key of an ended run has %d bytes", len(key))
	}
	copy(id[:], key[8:])
	return id, engine.Instant(binary.BigEndian.Uint64(key)), nil
}

// signBytes is the length of the longest sign. The record of a live run is longer.
const signBytes = 1 + binary.MaxVarintLen64 + checksumBytes

func encodeSign(r *engine.Run) []byte {
	return encode(signVersion, func(c *codec) { integer(c, &r.Ended) }, r.ID[:]...)
}

// isSign reports whether a record in the bucket of runs is the sign of an ended run.
func isSign(record []byte) bool { return len(record) > 0 && record[0] == signVersion }

// follow returns the key of the record to which a sign leads.
func follow(key, sign []byte) (id engine.RunID, to []byte, err error) {
	var ended engine.Instant
	if len(key) != runIDBytes {
		return id, nil, errDamaged
	}
	copy(id[:], key)
	err = decode(sign, signVersion, func(c *codec) { integer(c, &ended) }, key...)
	return id, endedKey(id, ended), err
}

// liveRecord returns the record of a live run, or nil.
func liveRecord(r Reader, id []byte) []byte {
	if record := r.Get(Runs, id); !isSign(record) {
		return record
	}
	return nil
}

// readRun returns a run, live or ended, or nil when there is none.
func readRun(r Reader, id engine.RunID) (*engine.Run, error) {
	record := r.Get(Runs, id[:])
	if record == nil {
		return nil, nil
	}
	run, err := runOf(r, id[:], record)
	if err != nil {
		return nil, &DamagedRun{Run: id, What: err}
	}
	return run, nil
}

// runOf returns the run whose record or sign has this key in the bucket of runs.
func runOf(r Reader, key, record []byte) (*engine.Run, error) {
	if isSign(record) {
		id, to, err := follow(key, record)
		if err != nil {
			return nil, err
		}
		if record = r.Get(Ended, to); record == nil {
			return nil, fmt.Errorf("run %s has ended and its record is not there", id)
		}
	}
	return decodeRun(key, record)
}

// decodeEnded reads the record of an ended run. A record that cannot be read is a DamagedRun.
func decodeEnded(key, record []byte) (*engine.Run, error) {
	id, _, err := parseEndedKey(key)
	if err != nil {
		return nil, damaged(Ended, key, err)
	}
	run, err := decodeRun(id[:], record)
	if err != nil {
		return nil, &DamagedRun{Run: id, What: err}
	}
	return run, nil
}
