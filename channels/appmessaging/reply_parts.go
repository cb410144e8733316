package appmessaging

import (
	"bytes"
	"encoding/json"
	"strings"

	"nudge/channels"
)

// beside adds to a reply what it has beside its words. One plain text is no part of its own:
// one event of the provider carries it as the body, another as a part.
func beside(r channels.Reply, parts, metadata json.RawMessage) channels.Reply {
	r.Parts = readParts(parts)
	if len(r.Parts) == 1 && isPlain(r.Parts[0].Type) && r.Parts[0].URL == "" {
		r.Parts = nil
	}
	if metadata = compact(metadata); !bytes.Equal(metadata, []byte("{}")) {
		r.Metadata = metadata
	}
	return r.Limited()
}

// readParts reads the parts of a message, as many as a reply keeps. A part that is no object is
// left out, and so is a field of another type than ours.
func readParts(raw json.RawMessage) []channels.ReplyPart {
	var parts []channels.ReplyPart
	for item := range elements(raw) {
		if kindOf(item) != "object" {
			continue
		}
		if len(parts) == channels.MaxReplyParts {
			break
		}
		var p channels.ReplyPart
		for name, value := range members(item) {
			switch string(name) {
			case "type":
				p.Type = text(value)
			case "name":
				p.Name = text(value)
			case "url":
				p.URL = text(value)
			case "data":
				p.Data = compact(value)
			}
		}
		p.Data = unquoted(p.Type, p.Data)
		parts = append(parts, p)
	}
	return parts
}

// isPlain reports whether a MIME type is that of plain text.
func isPlain(mime string) bool { return mediaType(mime) == "text/plain" }

// mediaType returns a MIME type without its parameters, in small letters.
func mediaType(mime string) string {
	kind, _, _ := strings.Cut(mime, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// unquoted returns the data of a part as JSON. The apps of the provider's SDKs write JSON as
// text, and custom channels write it as it is; a flow must not have to know which.
func unquoted(mime string, data json.RawMessage) json.RawMessage {
	kind := mediaType(mime)
	if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return data
	}
	if inner := []byte(text(data)); len(inner) > 0 && json.Valid(inner) {
		return compact(inner)
	}
	return data
}

// compact returns JSON without blanks between its values, and nil for null or nothing. The
// result shares no memory with raw.
func compact(raw []byte) json.RawMessage {
	var b bytes.Buffer
	if len(raw) == 0 || json.Compact(&b, raw) != nil || b.String() == "null" {
		return nil
	}
	return b.Bytes()
}
