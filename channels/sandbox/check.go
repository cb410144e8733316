package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// check is everything that is wrong with the request as a whole: what is
// required, and what excludes what (Dotdigital, "Channel: App messaging",
// "Multi-part messages", "Branch").
func (r *request) check() []failure {
	var all []failure
	wrong := func(bad bool, name, message string) {
		if bad {
			all = append(all, failure{name, message})
		}
	}
	wrong(r.To == nil, "to", "is required")
	wrong(r.To != nil && r.To.ProfileID == "", "to.profileId", "is required by app messaging")
	wrong(len(r.Rules) == 0 && r.RuleSet == "", "rules", "rules or a ruleSet is required")
	wrong(len(r.Rules) > 0 && r.RuleSet != "", "ruleSet", "rules and ruleSet exclude each other")
	wrong(slices.Contains(r.Rules, ""), "rules", "holds an empty channel")
	wrong(r.Body == nil && len(r.MessageParts) == 0 && len(r.CustomBody) == 0, "body",
		"a body, messageParts or a customBody is required")
	wrong(r.Body != nil && len(r.MessageParts) > 0, "messageParts",
		"body and messageParts exclude each other")
	for _, id := range slices.Sorted(maps.Keys(r.CustomBody)) {
		_, both := r.ChannelOptions[id]
		wrong(both, "customBody."+id, "customBody and channelOptions exclude each other")
	}
	wrong(r.options.From != nil && r.options.From.ProfileID == "",
		"channelOptions.appMessaging.from.profileId", "is required")
	if r.ExpiresOn != "" {
		_, err := time.Parse(time.RFC3339, r.ExpiresOn)
		wrong(err != nil, "expiresOn", "is not an ISO 8601 instant, like 2030-01-31T09:00:00.000Z")
	}
	all = append(all, checkParts("messageParts", r.MessageParts)...)
	return append(all, r.app.check()...)
}

// check is everything that is wrong with a customBody for this channel.
func (m *appMessage) check() []failure {
	if m == nil {
		return nil
	}
	var all []failure
	if len(m.Parts) == 0 {
		all = append(all, failure{"customBody.appMessaging.parts", "is required"})
	}
	if m.From != nil && m.From.ProfileID == "" {
		all = append(all, failure{"customBody.appMessaging.from.profileId", "is required"})
	}
	return append(all, checkParts("customBody.appMessaging.parts", m.Parts)...)
}

func checkParts(name string, parts []part) []failure {
	var all []failure
	for i, p := range parts {
		at := fmt.Sprintf("%s[%d]", name, i)
		switch {
		case p.Type == "":
			all = append(all, failure{at + ".type", "is required"})
		case len(p.Data) > 0 && p.URL != "":
			all = append(all, failure{at + ".url", "url and data exclude each other"})
		case len(p.Data) == 0 && p.URL == "":
			all = append(all, failure{at + ".data", "data or a url is required"})
		}
	}
	return all
}
