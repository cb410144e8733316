package sandbox

import (
	"fmt"
	"slices"
	"time"

	"nudge/sandbox/people"
)

// reach decides whether the one channel can take a message to its person. The reason is
// empty when it can. The message fails at once when it cannot: channels are tried in order,
// and the sandbox has no other one.
func (r *request) reach(optedIn []string) (reason string) {
	parts := r.MessageParts
	if r.app != nil {
		parts = r.app.Parts
	}
	switch {
	case r.RuleSet == "" && !slices.Contains(r.Rules, channelID):
		return noChannel
	case r.profile() == "":
		return "appMessaging needs to.profileId, and the sandbox has no other channel"
	case r.RequireOptIn && !slices.Contains(optedIn, channelID):
		return "the person has not opted in to appMessaging, and the sandbox has no other channel"
	case (r.app != nil || r.Body == nil) && len(parts) > 0 && len(ownParts(parts)) == 0:
		return "no message part is for appMessaging, and the sandbox has no other channel"
	}
	return ""
}

// checkOptIn is the mistake of a message that requires an opt-in which its person has given
// to none of its channels. A rule set may have any channel.
func (r *request) checkOptIn(optedIn []string) failures {
	var f failures
	given := func(channel string) bool { return slices.Contains(optedIn, channel) }
	f.add(r.RequireOptIn && r.RuleSet == "" && !slices.ContainsFunc(r.Rules, given), "requireOptIn",
		fmt.Sprintf("the profile has not opted in to any of %v", r.Rules))
	return f
}

// ownParts are the parts that apps get: those without channels, and those for appMessaging.
func ownParts(all []part) []part {
	return slices.DeleteFunc(slices.Clone(all), func(p part) bool {
		return len(p.Channels) > 0 && !slices.Contains(p.Channels, channelID)
	})
}

// expires is the instant after which a checked request is not delivered any more; zero is
// never.
func (r *request) expires() time.Time {
	at, err := time.Parse(time.RFC3339, r.ExpiresOn)
	if err != nil {
		return time.Time{}
	}
	return at
}

// expiring is a script whose message expires a time after it was sent, unless it is
// delivered, or has failed, before.
func expiring(s people.Script, after time.Duration) people.Script {
	for _, a := range s {
		if a.After < after && (a.Does == people.Delivers || a.Does == people.Fails || a.Does == people.Expires) {
			return s
		}
	}
	return people.Script{{Does: people.Expires, After: after}}
}
