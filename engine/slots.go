package engine

import "slices"

// Slots says how many messages one input may claim, by account. The first slot is the
// default account, which also sends the messages that name no account. A message of an
// account that is not listed stays planned. Inputs share the slice; it must not be changed.
type Slots []Slot

// Slot is how many messages of one account may be claimed.
type Slot struct {
	Account string `json:"account,omitempty"`
	Free    int    `json:"free,omitempty"`
}

// AnyAccount is the account of a slot for all accounts that are not listed.
const AnyAccount = "*"

// AnySlots returns n slots that messages of all accounts share.
func AnySlots(n int) Slots { return Slots{{AnyAccount, n}} }

// index returns the index of the slot that a message of the account takes, or -1.
func (s Slots) index(account string) int {
	for i := range s {
		if s[i].Account == account {
			return i
		}
	}
	if account == "" && len(s) > 0 {
		return 0
	}
	return slices.IndexFunc(s, func(x Slot) bool { return x.Account == AnyAccount })
}

// free returns how many messages of an account may be claimed.
func (s Slots) free(account string) int {
	if i := s.index(account); i >= 0 {
		return s[i].Free
	}
	return 0
}

// without returns the slots after a message of the account has taken one.
func (s Slots) without(account string) Slots {
	left := slices.Clone(s)
	left[left.index(account)].Free--
	return left
}
