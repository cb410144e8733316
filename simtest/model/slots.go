package model

import (
	"slices"

	"nudge/engine"
)

// slots is how many messages may be claimed in an input, by the account that carries them.
type slots []engine.Slot

// lane is the place of the account of a message, which the first is where it names none;
// -1 where nobody carries it.
func (s slots) lane(account string) int {
	others := -1
	for i, slot := range s {
		if slot.Account == account || account == "" {
			return i
		}
		if slot.Account == engine.AnyAccount && others < 0 {
			others = i
		}
	}
	return others
}

// without are the slots that are left after a message of an account.
func (s slots) without(account string) slots {
	left := slices.Clone(s)
	left[left.lane(account)].Free--
	return left
}

func (s slots) free(account string) bool {
	i := s.lane(account)
	return i >= 0 && s[i].Free > 0
}

// slotsOf are the slots of an input; none where nothing may go out.
func (w *World) slotsOf(j *engine.Journaled) slots {
	if w.killed || w.outbound == engine.OutboundHold {
		return nil
	}
	return slots(j.Slots)
}
