package appmessaging

import (
	"errors"
	"fmt"

	"nudge/channels"
)

// check reports what the API would refuse about m, in better words than the provider's.
// Templates that load do not make most of these mistakes, but other callers may.
func check(m *channels.Message) error {
	if m.To == "" {
		return errors.New("the message has no recipient")
	}
	if _, ok := m.Addresses["profileId"]; ok {
		return errors.New("the message has a second profile among its addresses")
	}
	if err := checkContent(m); err != nil {
		return err
	}
	if len(m.Rules) > 0 && m.RuleSet != "" {
		return errors.New("the message has both rules and a rule set; want one of them")
	}
	if m.Custom[channelID] != nil || m.Options[channelID] != nil {
		return errors.New("what is for " + channelID + " alone stands in the fields of the message itself")
	}
	bodies := own(m) || len(m.Custom) > 0
	if options := len(m.Options) > 0 || m.From != nil && !own(m); options && bodies {
		return errors.New("the message has both options and a body of a channel; want one of them. An alert, metadata and " +
			"parts of app messaging are a body of it, and a sender is an option where there is none")
	}
	if err := checkAlert(m.Alert); err != nil {
		return err
	}
	if err := checkParts("part", m.Parts); err != nil {
		return err
	}
	return checkParts("app messaging's part", m.AppParts)
}

// checkAlert reports a push notification with a field of a wrong type.
func checkAlert(a *channels.Alert) error {
	if a == nil {
		return nil
	}
	for platform, fields := range map[string]map[string]any{"apns": a.APNS, "fcm": a.FCM} {
		if field, want := channels.PlatformProblem(platform, fields); field != "" {
			return fmt.Errorf("%s.%s of the alert must be %s", platform, field, want)
		}
	}
	return nil
}

// checkParts reports a part that has two contents, or content that is not encoded as its
// type requires.
func checkParts(which string, parts []channels.Part) error {
	for i, p := range parts {
		switch {
		case p.Data != "" && p.URL != "":
			return fmt.Errorf("%s %d of the message has both data and a URL; want one of them", which, i+1)
		case !channels.IsText(p.Type) && !channels.IsBase64(p.Data):
			return fmt.Errorf("%s %d of the message has the type %s and data that is not base64", which, i+1, p.Type)
		}
	}
	return nil
}

// checkContent reports a message without content, or with two contents.
func checkContent(m *channels.Message) error {
	switch {
	case m.Body == "" && len(m.Parts) == 0 && m.Template == "" && len(m.AppParts) == 0 && len(m.Custom) == 0:
		return errors.New("the message has neither a body nor parts")
	case m.Body != "" && len(m.Parts) > 0:
		return errors.New("the message has both a body and parts; want one of them")
	case m.Template != "" && (m.Body != "" || len(m.Parts) > 0):
		return errors.New("the message has both a template kept at the provider and a body or parts; want one of them")
	case own(m) && m.Body == "" && len(m.AppParts) == 0 && len(m.Parts) > 0 && len(appParts(m.Parts)) == 0:
		return errors.New("none of the parts of the message is for " + channelID)
	case own(m) && m.Body == "" && len(m.Parts) == 0 && len(m.AppParts) == 0:
		return errors.New("an alert and metadata need a body or parts of their own")
	}
	return nil
}
