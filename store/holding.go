package store

import "nudge/engine"

// Holder is what a KV may be, too, if it can say of several of its kind at once which have keys with given beginnings.
type Holder interface {
	KV
	// Holding returns for each prefix the places of those among all that have a key in a bucket which begins with it. It reports
	// false, and does nothing, if that is not possible.
	Holding(all []KV, b Bucket, prefixes [][]byte) (found [][]int, possible bool, err error)
}

// WithKeys returns for each key the places of those stores in which a live run of its flow has it.
func WithKeys(stores []*Store, keys []engine.FlowKey) ([][]int, error) {
	prefixes := make([][]byte, len(keys))
	for i, k := range keys {
		prefixes[i] = keyPrefix(k)
	}
	return holding(stores, Keys, prefixes)
}

// WithMessages returns for each ID of the provider the places of those stores in which a run has sent the message, through an account
// whose receipts name it by that alone.
func WithMessages(stores []*Store, providerIDs []string) ([][]int, error) {
	prefixes := make([][]byte, len(providerIDs))
	for i, id := range providerIDs {
		prefixes[i] = providerPrefix(id)
	}
	return holding(stores, Sent, prefixes)
}

// WithRun returns the places of those stores that have a run, live or ended.
func WithRun(stores []*Store, id engine.RunID) ([]int, error) {
	live, err := holding(stores, Runs, [][]byte{id[:]})
	if err != nil || len(live[0]) > 0 {
		return live[0], err
	}
	apart, err := holding(stores, Quarantine, [][]byte{id[:]})
	return apart[0], err
}

// holding asks all at once if they can be asked so, and else one after the other.
func holding(stores []*Store, b Bucket, prefixes [][]byte) ([][]int, error) {
	found := make([][]int, len(prefixes))
	if len(stores) == 0 || len(prefixes) == 0 {
		return found, nil
	}
	if h, ok := stores[0].kv.(Holder); ok {
		all := make([]KV, len(stores))
		for n, s := range stores {
			all[n] = s.kv
		}
		if got, possible, err := h.Holding(all, b, prefixes); possible || err != nil {
			return append(got, found[len(got):]...), err
		}
	}
	for n, s := range stores {
		for i, prefix := range prefixes {
			has, err := s.hasPrefix(b, prefix)
			if err != nil {
				return found, err
			}
			if has {
				found[i] = append(found[i], n)
			}
		}
	}
	return found, nil
}
