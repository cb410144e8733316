package store

import "bytes"

// Lead returns the place of the record that is usually read after an entry: what an index entry leads to. A reader on another machine
// reads that of all entries of a page at once, when one is asked for.
func Lead(b Bucket, key, value []byte) (to Bucket, at []byte, ok bool) {
	switch b {
	case Runs:
		if isSign(value) {
			_, at, err := follow(key, value)
			return Ended, at, err == nil
		}
	case Keys, Sent, Timers, Failures, FailedRuns, CampaignRuns:
		return Runs, key[max(0, len(key)-runIDBytes):], true
	case Outbox:
		ref, err := parseOutboxKey(key)
		return Runs, ref.Run[:], err == nil
	case People:
		return leadOfPerson(key)
	case Fields:
		at := key
		for range 2 {
			var fits bool
			if _, at, fits = unsized(at); !fits {
				return 0, nil, false
			}
		}
		return Profiles, personPrefix(string(at)), true
	case CampaignFlows, CampaignIDs:
		return Campaigns, key[max(0, len(key)-8):], true
	case Campaigns:
		return Tallies, key, true
	case EventTypes:
		return EventSeries, key, true
	case FailureGroups:
		return leadOfGroup(key, value)
	case RefusedPeople:
		return Refusals, key[max(0, len(key)-8):], true
	case IDTimes:
		return IDs, key[min(8, len(key)):], true
	}
	return 0, nil, false
}

// leadOfPerson is the lead of a person's live run, or of their past.
func leadOfPerson(key []byte) (to Bucket, at []byte, ok bool) {
	switch len(key) {
	case liveRunBytes:
		return Runs, key[personHashBytes:], true
	case pastRunBytes:
		return Ended, key[personHashBytes+1:], true
	case pastInputBytes:
		return Journal, key[pastInputBytes-8:], true
	}
	return 0, nil, false
}

// leadOfGroup is the lead of a group of failures: its record, and from that its newest run.
func leadOfGroup(key, value []byte) (to Bucket, at []byte, ok bool) {
	if len(key) == newestBytes && key[0] == newestMark {
		return FailureGroups, groupKey(FailureID(key[1+runIDBytes:])), true
	}
	if !bytes.HasPrefix(key, []byte{groupMark}) {
		return 0, nil, false
	}
	g, err := decodeFailureGroup(value)
	if err != nil {
		return 0, nil, false
	}
	return Runs, g.newest[:], true
}
