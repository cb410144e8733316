package engine

import "slices"

// Accounts tells the engine how the accounts of a process behave. It arrives when a process
// starts with changed account settings, or starts after a long stop.
type Accounts struct {
	List []AccountPolicy `json:"list,omitempty"` // the default one first; empty when no account needs a policy
	// Down says that webhooks may have been lost since the last input: the provider gives up
	// on a webhook that nobody accepts.
	Down bool `json:"down,omitempty"`
}

// AccountPolicy is what the engine needs to know about one account.
type AccountPolicy struct {
	Account string `json:"account,omitempty"` // its name; see [AnyAccount]
	ByID    bool   `json:"by_id,omitempty"`   // its receipts name a message by the provider's ID alone
	Verify  bool   `json:"verify,omitempty"`  // check the message status before a timer of a wait for a receipt fires
	Asks    bool   `json:"asks,omitempty"`    // the provider can be asked for a message's status
}

// Kind is InputAccounts.
func (in *Accounts) Kind() InputKind { return InputAccounts }

func (in *Accounts) needs(*Engine, *Needs) {}

// apply stores how the accounts behave.
func (in *Accounts) apply(a *applier) {
	a.changed = true
	state := &a.e.State
	state.Accounts = slices.Clone(in.List)
	if in.Down {
		state.Down, state.Surveying, state.Surveyed = a.now, true, RunID{}
	}
}

// policyOf returns the policy of the account of a message.
func (s *State) policyOf(account string) AccountPolicy {
	for _, p := range s.Accounts {
		if p.Account == account || p.Account == AnyAccount {
			return p
		}
	}
	if account == "" && len(s.Accounts) > 0 {
		return s.Accounts[0]
	}
	return AccountPolicy{}
}

// correlates reports whether any account has receipts that name messages by the provider's
// ID.
func (s *State) correlates() bool {
	return slices.ContainsFunc(s.Accounts, func(p AccountPolicy) bool { return p.ByID })
}
