package simtest

import "time"

// shrink leaves out of a failing history whatever it fails without: moves, the groups in
// them, and faults of the disk. It stops after a while with what it has.
func shrink(moves []move, rule string, patience time.Duration) []move {
	begun := time.Now()
	fails := func(shorter []move) bool {
		v, _ := play(shorter)
		return v != nil && v.rule == rule
	}
	if !fails(moves) {
		return moves // it needs what a move does not keep
	}
	for size := len(moves) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(moves) && time.Since(begun) < patience; {
			shorter := append(append([]move{}, moves[:at]...), moves[at+size:]...)
			if fails(shorter) {
				moves = shorter
			} else {
				at += size
			}
		}
	}
	for i := range moves {
		for g := 0; g < len(moves[i].groups) && time.Since(begun) < patience; {
			shorter := append([]move{}, moves...)
			shorter[i].groups = append(append([]groupMove{}, moves[i].groups[:g]...), moves[i].groups[g+1:]...)
			if fails(shorter) {
				moves = shorter
			} else {
				g++
			}
		}
		if moves[i].fault.kind != noFault && time.Since(begun) < patience {
			calmer := append([]move{}, moves...)
			if calmer[i].fault = (fault{}); fails(calmer) {
				moves = calmer
			}
		}
	}
	return moves
}
