package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"nudge/channels"
)

// sendOutcome is how a send ended, for -o json.
type sendOutcome struct {
	Outcome      string `json:"outcome"`
	Message      string `json:"message,omitempty"` // the provider's ID
	Conversation string `json:"conversation,omitempty"`
	Reason       string `json:"reason,omitempty"`
}

func outcomeOf(r channels.Result) sendOutcome {
	return sendOutcome{r.Outcome.String(), r.ProviderID, r.Conversation, r.Reason}
}

func inWords(r channels.Result) string {
	switch r.Outcome {
	case channels.Accepted:
		return "accepted by the provider as " + r.ProviderID
	case channels.Unknown:
		return "unknown: it may have been sent or not: " + r.Reason
	case channels.Deferred:
		return "not sent, but it may be tried again: " + r.Reason
	}
	return r.Outcome.String() + ": " + r.Reason
}

// showMessage prints a rendered message.
func showMessage(w io.Writer, m channels.Message, output format) error {
	view := viewOf(m)
	if output == asJSON {
		return writeJSON(w, view)
	}
	indent := "\n" + strings.Repeat(" ", 14)
	line := func(name, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			fmt.Fprintf(w, "%-13s %s\n", name, strings.ReplaceAll(text, "\n", indent))
		}
	}
	line("to", view.To)
	line("from", strings.TrimSpace(view.From.Name+" "+bracketed(view.From.ID)))
	line("conversation", view.Conversation)
	line("rules", strings.Join(view.Rules, ", "))
	line("rule set", view.RuleSet)
	line("title", view.Title)
	line("body", view.Body)
	line("template", view.TemplateID)
	for _, p := range view.Parts {
		line("part", p.line())
	}
	for _, p := range view.AppParts {
		line("app part", p.line())
	}
	if view.Alert != nil {
		line("alert", strings.TrimSpace(view.Alert.Title+"\n"+view.Alert.Body))
		line("apns", asLine(view.Alert.APNS))
		line("fcm", asLine(view.Alert.FCM))
	}
	if view.Metadata != nil {
		line("metadata", asLine(view.Metadata))
	}
	line("addresses", asLine(view.Addresses))
	line("options", asLine(view.ChannelOptions))
	line("custom", asLine(view.CustomBody))
	line("overrides", asLine(view.Overrides))
	if view.RequireOptIn {
		line("opt-in", "required")
	}
	return nil
}

func bracketed(id string) string {
	if id == "" {
		return ""
	}
	return "(" + id + ")"
}

func asLine(v any) string {
	raw, err := json.Marshal(v)
	if err != nil || string(raw) == "null" {
		return ""
	}
	return string(raw)
}

// messageView is a message as -o json prints it.
type messageView struct {
	To             string                    `json:"to"`
	Addresses      map[string]string         `json:"addresses,omitempty"`
	From           senderView                `json:"from,omitzero"`
	Conversation   string                    `json:"conversation"`
	Rules          []string                  `json:"rules,omitempty"`
	RuleSet        string                    `json:"ruleSet,omitempty"`
	Title          string                    `json:"title,omitempty"`
	Body           string                    `json:"body,omitempty"`
	TemplateID     string                    `json:"templateId,omitempty"`
	Parts          []partView                `json:"parts,omitempty"`
	AppParts       []partView                `json:"appParts,omitempty"`
	Alert          *alertView                `json:"alert,omitempty"`
	Metadata       any                       `json:"metadata,omitempty"`
	ChannelOptions map[string]map[string]any `json:"channelOptions,omitempty"`
	CustomBody     map[string]any            `json:"customBody,omitempty"`
	Overrides      map[string]any            `json:"overrides,omitempty"`
	RequireOptIn   bool                      `json:"requireOptIn,omitempty"`
}

type senderView struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Avatar string `json:"avatar,omitempty"`
}

type partView struct {
	Name     string   `json:"name,omitempty"`
	Type     string   `json:"type"`
	Data     string   `json:"data,omitempty"`
	URL      string   `json:"url,omitempty"`
	Size     int64    `json:"size,omitempty"`
	Channels []string `json:"channels,omitempty"`
}

// line is the part on one line. Of a long one only the beginning is shown.
func (p partView) line() string {
	content := p.URL + p.Data
	if len(p.Data) > 200 {
		content = fmt.Sprintf("%s… (%d characters)", strings.ToValidUTF8(p.Data[:200], ""), len(p.Data))
	}
	return strings.TrimSpace(p.Name + " " + p.Type + " " + content)
}

type alertView struct {
	Title string         `json:"title,omitempty"`
	Body  string         `json:"body,omitempty"`
	APNS  map[string]any `json:"apns,omitempty"`
	FCM   map[string]any `json:"fcm,omitempty"`
}

func viewOf(m channels.Message) messageView {
	v := messageView{
		To: m.To, Addresses: m.Addresses, Conversation: m.Conversation, Rules: m.Rules, RuleSet: m.RuleSet,
		Title: m.Title, Body: m.Body, TemplateID: m.Template, Parts: partViews(m.Parts), AppParts: partViews(m.AppParts),
		Metadata: m.Metadata, ChannelOptions: m.Options, CustomBody: m.Custom, Overrides: m.Overrides, RequireOptIn: m.OptIn,
	}
	if m.From != nil {
		v.From = senderView(*m.From)
	}
	if m.Alert != nil {
		v.Alert = &alertView{m.Alert.Title, m.Alert.Body, m.Alert.APNS, m.Alert.FCM}
	}
	return v
}

func partViews(parts []channels.Part) (views []partView) {
	for _, p := range parts {
		views = append(views, partView(p))
	}
	return views
}
