package engine

import (
	"encoding/json"
	"regexp"
	"strconv"

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

// view returns a reply as conditions and templates see it.
func (h *Signal) view() map[string]any {
	parts, metadata := h.content()
	return map[string]any{
		"text": h.Text, "keyword": flows.Keyword(h.Text), "number": number(h.Text),
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

var numeral = regexp.MustCompile(`-?\d+(\.\d+)?`)

// number returns the first number in the text: 9 in "I'd say 9!". Without a number it
// returns nil, and every comparison with nil is false.
func number(text string) any {
	digits := numeral.FindString(text)
	if n, err := strconv.Atoi(digits); err == nil {
		return n
	}
	if x, err := strconv.ParseFloat(digits, 64); err == nil {
		return x
	}
	return nil
}
