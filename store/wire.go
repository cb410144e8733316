package store

import (
	"encoding/binary"
	"errors"

	"nudge/engine"
)

// AppendInput appends an input in the journal's encoding, for another node. It adds what no journal has: the token that brought an
// event.
func AppendInput(b []byte, in *engine.Input) []byte {
	from := ""
	if ev, ok := in.Payload.(*engine.Event); ok {
		from = ev.From
	}
	b = appendSized(b, encodeJournaled(&engine.Journaled{Input: in}))
	return appendSized(b, []byte(from))
}

// ReadInput reads an input, and returns what follows it.
func ReadInput(b []byte) (in *engine.Input, rest []byte, err error) {
	record, rest, err := readSized(b)
	if err != nil {
		return nil, nil, err
	}
	j, err := decodeJournaled(record)
	if err != nil {
		return nil, nil, err
	}
	from, rest, err := readSized(rest)
	if ev, ok := j.Input.Payload.(*engine.Event); ok && err == nil {
		ev.From = string(from)
	}
	return j.Input, rest, err
}

var errCut = errors.New("the message ends too early")

func appendSized(b, part []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}

func readSized(b []byte) (part, rest []byte, err error) {
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return nil, nil, errCut
	}
	end := n + int(size)
	return b[n:end], b[end:], nil
}
