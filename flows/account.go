package flows

import (
	"slices"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// DefaultAccountKey is the key under accounts that names the default account: the one for
// flows that name none.
const DefaultAccountKey = "default"

// accountNames returns the names of the accounts in nudge.yaml. A single account has no
// name.
func accountNames(m *node.Map, list *diag.List) []string {
	if !m.Has("account") && !m.Has("accounts") {
		return nil
	}
	names := []string{}
	for _, e := range m.Child("accounts").Entries() {
		if e.Key.Value != DefaultAccountKey && checkName(e.Key, "an account", list) {
			names = append(names, e.Key.Value)
		}
	}
	slices.Sort(names)
	return names
}

// account reads the name of an account, which must be one of the project's where it
// declares any.
func (r *reader) account(t *node.Text) string {
	if !checkName(t, "an account", r.list) {
		return ""
	}
	known := r.project.Accounts
	if known == nil || slices.Contains(known, t.Value) {
		return t.Value
	}
	hint := diag.DidYouMean(t.Value, known, "Accounts")
	if len(known) == 0 {
		hint = "give the account a name: accounts: { " + t.Value + ": … }"
	}
	r.list.Errorf(t.Span, codeUnknownAccount, hint, "nudge.yaml has no account %q", t.Value)
	return ""
}
