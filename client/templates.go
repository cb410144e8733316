package client

import (
	"context"
	"encoding/json"
)

// TemplateUse is a step of an active flow that sends a template.
type TemplateUse struct {
	Flow      string   `json:"flow"`
	Version   string   `json:"version"`
	Step      string   `json:"step"`
	Inline    bool     `json:"inline,omitempty"` // the message stands in the flow itself
	Languages []string `json:"languages"`        // the first is for people of any other language
}

// TemplateLine is a template in a list.
type TemplateLine struct {
	Name string        `json:"name"` // of its file; of a message that stands in a flow, the ID of its step
	Uses []TemplateUse `json:"uses"`
}

// Template is a template with what people would read.
type Template struct {
	Name string          `json:"name"`
	Uses []TemplateCases `json:"uses"`
}

// TemplateCases is a use of a template, and what people would read.
type TemplateCases struct {
	TemplateUse
	Optional []string       `json:"optional"`           // the values that its texts read and that may be absent
	Cases    []TemplateCase `json:"cases"`              // the worst first
	LeftOut  int            `json:"left_out,omitempty"` // cases beyond the most that are tried
}

// TemplateCase is a message of a template, for example data.
type TemplateCase struct {
	Locale   string           `json:"locale"`             // of the person
	Language string           `json:"language"`           // of the text that they get
	Absent   []string         `json:"absent"`             // the values that are not there
	Fails    string           `json:"fails,omitempty"`    // why the message cannot be rendered: the run would fail
	Warnings []string         `json:"warnings,omitempty"` // what a reader would stumble over
	Message  *TemplateMessage `json:"message,omitempty"`  // nil if it fails
}

// TemplateMessage is the text of a message, part by part.
type TemplateMessage struct {
	Title    string          `json:"title,omitempty"`
	Body     string          `json:"body,omitempty"`
	Template string          `json:"template,omitempty"` // of the provider, which makes the parts
	Parts    []TemplatePart  `json:"parts,omitempty"`
	Alert    *TemplateAlert  `json:"alert,omitempty"`
	From     string          `json:"from,omitempty"` // the sender's ID
	Metadata json.RawMessage `json:"metadata,omitempty"`
}

// TemplatePart is one part of a message.
type TemplatePart struct {
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
	Text string `json:"text,omitempty"` // of a part whose type is text
	URL  string `json:"url,omitempty"`
	Size int64  `json:"size,omitempty"` // bytes of a part that is not text
}

// TemplateAlert is the push notification beside a message.
type TemplateAlert struct {
	Title string          `json:"title,omitempty"`
	Body  string          `json:"body,omitempty"`
	APNS  json.RawMessage `json:"apns,omitempty"`
	FCM   json.RawMessage `json:"fcm,omitempty"`
}

// Templates lists the templates of the active flows, by name.
func (c *Client) Templates(ctx context.Context) ([]TemplateLine, error) {
	var out struct {
		Templates []TemplateLine `json:"templates"`
	}
	err := c.get(ctx, "/v1/templates", nil, &out)
	return out.Templates, err
}

// Template returns what people would read of a template, for example data.
func (c *Client) Template(ctx context.Context, name string) (*Template, error) {
	t := &Template{}
	return t, c.get(ctx, "/v1/templates/"+segment(name), nil, t)
}
