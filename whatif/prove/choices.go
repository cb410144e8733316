package prove

import "encoding/binary"

// choices is the choices by which one way on from a state differs from the others: which
// input comes, how a condition turns out that nobody can know, whether a moment is past.
// Running the same code with every tape explores every way.
type choices struct {
	chosen []uint16
	width  []uint16 // how many ways there were at each choice
	at     int
}

// choose picks one of n ways.
func (t *choices) choose(n int) int {
	if t.at == len(t.chosen) {
		t.chosen, t.width = append(t.chosen, 0), append(t.width, uint16(n))
	}
	t.at++
	return int(t.chosen[t.at-1])
}

// next winds the tape back and goes to the next combination. It reports false after the
// last.
func (t *choices) next() bool {
	t.at = 0
	for len(t.chosen) > 0 {
		last := len(t.chosen) - 1
		if t.chosen[last]++; t.chosen[last] < t.width[last] {
			return true
		}
		t.chosen, t.width = t.chosen[:last], t.width[:last]
	}
	return false
}

// tape is the choices that were made, to be replayed.
func (t *choices) tape() string {
	b := make([]byte, 0, 2*len(t.chosen))
	for _, c := range t.chosen {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return string(b)
}

// replay makes the choices of a tape again.
func replay(tape string) *choices {
	t := &choices{}
	for b := []byte(tape); len(b) > 0; b = b[2:] {
		t.chosen = append(t.chosen, binary.LittleEndian.Uint16(b))
	}
	return t
}
