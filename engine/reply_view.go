package engine

import (
	"cmp"
	"encoding/json"

	"nudge/channels"
	"nudge/flows"
	"nudge/lang/shape"
)

// replyContent is what a reply has beside its text, as its signal keeps it.
type replyContent struct {
	Parts    []channels.ReplyPart `json:"parts,omitempty"`
	Metadata json.RawMessage      `json:"metadata,omitempty"`
}

// besideText returns the Data of a reply's signal; nil for a reply that is only text.
func besideText(rp *channels.Reply) json.RawMessage {
	limited := rp.Limited()
	if len(limited.Parts) == 0 && limited.Metadata == nil {
		return nil
	}
	raw, err := json.Marshal(replyContent{limited.Parts, limited.Metadata})
	if err != nil {
		panic("engine: a reply within its limits does not encode: " + err.Error())
	}
	return raw
}

// view returns a reply as conditions and templates see it. Its number is read as the locale
// writes it.
func (h *Signal) view(locale string) map[string]any {
	parts, metadata := h.content()
	return map[string]any{
		"text": h.Text, "keyword": flows.Keyword(h.Text), "number": flows.Number(h.Text, locale),
		"at": shape.TimeOf(h.At.Time()), "conversation": h.Conversation,
		"parts": parts, "metadata": metadata,
	}
}

// content returns the parts and the metadata of a reply. JSON that the language cannot read,
// such as an object that has one key twice, is absent.
func (h *Signal) content() (parts []any, metadata any) {
	parts = []any{}
	var c replyContent
	if len(h.Data) == 0 || json.Unmarshal(h.Data, &c) != nil {
		return parts, nil
	}
	for _, p := range c.Parts {
		parts = append(parts, map[string]any{"type": p.Type, "name": textOrNil(p.Name), "url": textOrNil(p.URL), "data": anything(p.Data)})
	}
	return parts, anything(c.Metadata)
}

// anything reads JSON of any shape; nil if there is none, or none that can be read.
func anything(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	v, err := shape.Any.Decode(raw)
	if err != nil {
		return nil
	}
	return v
}

// localeOf returns the locale of the person in a profile as conditions see it, or that of the
// project.
func localeOf(profile map[string]any, f *flows.Flow) string {
	locale, _ := profile["locale"].(string)
	return cmp.Or(locale, f.Locale)
}
