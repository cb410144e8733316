package appmessaging

import (
	"errors"
	"fmt"

	"nudge/channels"
)

// check holds m against what the API requires and excludes, in words that are better
// than the provider's. A template that loads makes no message with most of these
// faults; other callers may.
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
	for id := range m.Custom {
		if _, ok := m.Options[id]; ok {
			return fmt.Errorf("the message has both options and a custom body for %s; want one of them", id)
		}
	}
	if m.Custom[channelID] != nil || m.Options[channelID] != nil {
		return errors.New("what is for " + channelID + " alone stands in the fields of the message itself")
	}
	for i, p := range m.Parts {
		if p.Data != "" && p.URL != "" {
			return fmt.Errorf("part %d of the message has both data and a URL; want one of them", i+1)
		}
	}
	return nil
}

// checkContent reports a message that says nothing, or two things.
func checkContent(m *channels.Message) error {
	switch {
	case m.Body == "" && len(m.Parts) == 0 && m.Template == "" && len(m.AppParts) == 0 && len(m.Custom) == 0:
		return errors.New("the message has neither a body nor parts")
	case m.Body != "" && len(m.Parts) > 0:
		return errors.New("the message has both a body and parts; want one of them")
	case m.Template != "" && (m.Body != "" || len(m.Parts) > 0):
		return errors.New("the message has both a template kept at the provider and a body or parts; want one of them")
	case own(m) && m.Body == "" && len(m.Parts) == 0 && len(m.AppParts) == 0:
		return errors.New("an alert and metadata need a body or parts of their own")
	}
	return nil
}
