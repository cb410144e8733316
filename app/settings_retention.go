package app

import (
	"time"

	"nudge/flows"
	"nudge/lang/node"
	"nudge/runner"
)

const (
	day = 24 * time.Hour

	// defaultRunRetention is how long an ended run is kept, or `retention.runs`; then it is
	// deleted within a day. Most receipts arrive long before, and users can still examine the
	// numbers of a quarter.
	defaultRunRetention = 90 * day

	// minRetention is the shortest retention; a shorter one is a mistake of the settings. Within
	// a week every late request has arrived: the answer to a repeated event names its runs for 72
	// hours, and the provider repeats webhooks for about a day. An even later receipt would only
	// have changed a number of a campaign.
	minRetention = 7 * day
)

// retention reads how long old data is kept.
func (r *reader) retention(m *node.Map) runner.Retention {
	kept := runner.Retention{Runs: r.kept(m, "runs", defaultRunRetention), Journal: r.kept(m, "journal", 0), Versions: r.kept(m, "versions", 0)}
	m.Close()
	return kept
}

// kept reads how long one kind of data is kept: a duration, or never, which becomes 0 and
// means that nothing is dropped.
func (r *reader) kept(m *node.Map, key string, usual time.Duration) time.Duration {
	text := r.str(m.Text(key))
	if text == "" {
		return usual
	}
	if text == "never" {
		return 0
	}
	d, err := flows.ParseDuration(text)
	if err != nil {
		m.Errorf(key, node.CodeBadValue, "for example 90d, or never to keep all", "%s: %v", key, err)
		return usual
	}
	kept := time.Duration(d.Days)*day + d.Clock
	if kept < minRetention {
		m.Errorf(key, node.CodeBadValue, "7d is the least, never keeps all", "%s must be 7d or longer: what is younger is still looked up", key)
	}
	return kept
}
