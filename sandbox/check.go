package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"nudge/channels"
)

// check returns the mistakes of the request as a whole: missing fields, and fields that
// exclude each other (Dotdigital, "Channel: App messaging", "Multi-part messages", "Branch").
func (r *request) check() failures {
	var f failures
	r.checkAddress(&f)
	f.add(len(r.Rules) == 0 && r.RuleSet == "", "rules", "rules or a ruleSet is required")
	f.add(len(r.Rules) > 0 && r.RuleSet != "", "ruleSet", "rules and ruleSet exclude each other")
	f.add(slices.Contains(r.Rules, ""), "rules", "holds an empty channel")
	f.add(r.Body == nil && len(r.MessageParts) == 0 && len(r.CustomBody) == 0 && r.TemplateID == "", "body",
		"a body, messageParts, a templateId or a customBody is required")
	f.add(r.Body != nil && len(r.MessageParts) > 0, "messageParts", "body and messageParts exclude each other")
	f.add(r.TemplateID != "" && (len(r.MessageParts) > 0 || r.Body != nil), "templateId",
		"makes the messageParts; body, messageParts and templateId exclude each other")
	f.add(!isObject(r.Metadata), "metadata", "want an object")
	r.Overrides.check(&f)
	r.checkChannels(&f)
	f.add(r.options.From != nil && r.options.From.ProfileID == "", "channelOptions.appMessaging.from.profileId", "is required")
	if r.ExpiresOn != "" {
		_, err := time.Parse(time.RFC3339, r.ExpiresOn)
		f.add(err != nil, "expiresOn", "is not an ISO 8601 instant, like 2030-01-31T09:00:00.000Z")
	}
	checkParts(&f, "messageParts", r.MessageParts)
	r.app.check(&f)
	return f
}

// checkAddress requires texts only, and the profile when app messaging is the only channel. A
// channel without its address is skipped.
func (r *request) checkAddress(f *failures) {
	if r.To == nil {
		f.add(true, "to", "is required")
		return
	}
	var wrong failures
	for name, raw := range r.To {
		if _, ok := asText(raw); !ok {
			wrong.add(true, "to."+name, "want text")
		}
	}
	f.join(wrong)
	others := len(r.Rules) == 0 || slices.ContainsFunc(r.Rules, func(id string) bool { return id != channelID })
	raw, given := r.To["profileId"]
	f.add(string(raw) == `""`, "to.profileId", "is empty")
	f.add(len(r.To) == 0 && others, "to", "want at least one address")
	f.add(!given && !others, "to.profileId", "is required by app messaging")
}

// checkChannels checks the fields per channel: options are objects, and the body of a custom
// channel is text.
func (r *request) checkChannels(f *failures) {
	var wrong failures
	for id, raw := range r.ChannelOptions {
		if !isObject(raw) {
			wrong.add(true, "channelOptions."+id, "want an object")
		}
	}
	for id, raw := range r.CustomBody {
		if _, both := r.ChannelOptions[id]; both {
			wrong.add(true, "customBody."+id, "customBody and channelOptions exclude each other")
		}
		if !textOrObject(raw) {
			wrong.add(true, "customBody."+id, "want an object, or text for a custom channel")
		}
	}
	f.join(wrong)
}

// check returns the mistakes of a customBody for this channel.
func (m *appMessage) check(f *failures) {
	if m == nil {
		return
	}
	const at = "customBody.appMessaging."
	f.add(len(m.Parts) == 0, at+"parts", "is required")
	f.add(m.From != nil && m.From.ProfileID == "", at+"from.profileId", "is required")
	f.add(!isObject(m.Metadata), at+"metadata", "want an object")
	checkParts(f, at+"parts", m.Parts)
	for i, p := range m.Parts {
		_, text := asText(p.Data)
		f.add(len(p.Data) > 0 && p.Data[0] == '{' && !text, fmt.Sprintf("%sparts[%d].data", at, i), "want text here")
	}
	if m.Alert != nil {
		m.Alert.check(f, at+"alert.platforms.")
	}
}

func (a *alert) check(f *failures, at string) {
	if apns := a.Platforms.APNS; apns != nil {
		f.add(!textOrObject(apns.Sound), at+"apns.sound", "want text")
		f.add(!isObject(apns.Payload), at+"apns.payload", "want an object")
	}
	if fcm := a.Platforms.FCM; fcm != nil {
		f.add(!textOrObject(fcm.CollapseKey), at+"fcm.collapse_key", "want text")
		f.add(!isObject(fcm.Data), at+"fcm.data", "want an object")
	}
}

func textOrObject(raw json.RawMessage) bool {
	_, text := asText(raw)
	return text || isObject(raw)
}

func checkParts(f *failures, name string, parts []part) {
	for i, p := range parts {
		at := fmt.Sprintf("%s[%d]", name, i)
		has := len(p.Data) > 0
		f.add(has && p.URL != "", at+".url", "url and data exclude each other")
		f.add(!has && p.URL == "", at+".data", "data or a url is required")
		f.add(has && !textOrObject(p.Data), at+".data", "want text, base64 or an object")
		text, isText := asText(p.Data)
		f.add(isText && !channels.IsText(p.Type) && !channels.IsBase64(text), at+".data", "is not base64, which "+p.Type+" needs")
		f.add(p.Size < 0, at+".size", "want a number of bytes")
		f.add(slices.Contains(p.Channels, ""), at+".channels", "holds an empty channel")
	}
}
