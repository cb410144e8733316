package templates

import (
	"encoding/base64"
	"path"
	"strings"

	"nudge/channels"
	"nudge/lang/node"
)

// part is one part of a multi-part message as it was written.
type part struct {
	name, kind *node.Text
	data       *node.Text // as it is sent: text, or base64 where the type is not text
	text       *node.Text // encoded where the type is not text
	url, file  *node.Text
	json       *node.Value
	size       int64
	channels   []string
}

// contentKeys are the keys for the content of a part, which has exactly one of them.
var contentKeys = []string{"data", "text", "file", "url", "json"}

func parseParts(m *node.Map) (parts []part) {
	items := m.List("parts")
	if len(items) == 0 && m.Get("parts").IsList() {
		m.Errorf("parts", codeMissing, "", "parts is empty")
	}
	for _, item := range items {
		pm := item.Map()
		if pm == nil {
			continue
		}
		p := part{
			name: pm.Text("name"), kind: pm.Text("type"), data: pm.Text("data"), text: pm.Text("text"),
			url: pm.Text("url"), file: pm.Text("file"), json: pm.Get("json"), size: int64(pm.Int("size")),
			channels: channelIDs(pm, "channels"),
		}
		pm.Close()
		p.check(pm)
		parts = append(parts, p)
	}
	return parts
}

// check reports missing keys and keys that exclude each other.
func (p *part) check(m *node.Map) {
	var found []string
	for _, key := range contentKeys {
		if m.Has(key) {
			found = append(found, key)
		}
	}
	switch {
	case len(found) == 0:
		m.Errorf("data", codeMissing, "add data, text, file, url or json", "the part has no content")
	case len(found) > 1:
		m.Errorf(found[1], CodeExclusive, "split it into two parts", "a part can have only one of data, text, file, url and json, not %s and %s", found[0], found[1])
	}
	if !m.Has("type") && !m.Has("json") {
		m.Errorf("type", codeMissing, "for example type: text/plain", "the part has no type")
	}
	if p.size < 0 {
		m.Errorf("size", codeBadValue, "", "size cannot be negative")
	}
	if p.data == nil || p.kind == nil || channels.IsText(p.kind.Value) || isTemplate(p.data) || isTemplate(p.kind) {
		return
	}
	if !channels.IsBase64(p.data.Value) {
		m.Errorf("data", codeEncoding, "write text: or file: instead; Nudge encodes them",
			"data of the type %s must be base64, and this is not", p.kind.Value)
	}
}

func isTemplate(t *node.Text) bool { return strings.Contains(t.Value, "{{") }

type compiledPart struct {
	name, kind, data, text, url *text
	json                        structure
	content                     *content // of a file
	size                        int64
	channels                    []string
}

// content is a file that a part carries. The version of a flow contains its bytes, so that
// every run sends the same.
type content struct {
	name, encoded string
	plain         string
	size          int64
}

func (c *compiler) parts(from []part) (parts []compiledPart) {
	for _, p := range from {
		x := compiledPart{name: c.text(p.name), url: c.text(p.url), content: c.content(p.file), size: p.size, channels: p.channels}
		c.forReaders(false, func() { x.kind = c.text(p.kind) })
		// In base64 nobody would find the mark of a link.
		c.forReaders(c.readers && (p.kind == nil || !isTemplate(p.kind) && channels.IsText(p.kind.Value)), func() {
			x.data, x.text = c.text(p.data), c.text(p.text)
			c.asData(func() { x.json = c.structure(p.json) })
		})
		parts = append(parts, x)
	}
	return parts
}

// content reads the file of a part. Its name cannot be a template, because the version of a
// flow must contain the file.
func (c *compiler) content(t *node.Text) *content {
	if t == nil {
		return nil
	}
	if isTemplate(t) {
		c.list.Errorf(t.Span, codeFile, "use a branch with several sends, or send a url", "the name of a file cannot be a template")
		return nil
	}
	if c.use.File == nil {
		c.list.Errorf(t.Span, codeFile, "", "a part cannot use file here")
		return nil
	}
	raw, err := c.use.File(t.Value)
	if err != nil {
		c.list.Errorf(t.Span, codeFile, "for example images/logo.png, in the project's folder", "%s", err)
		return nil
	}
	return &content{path.Base(t.Value), base64.StdEncoding.EncodeToString(raw), string(raw), int64(len(raw))}
}

func (r *renderer) parts(from []compiledPart) (parts []channels.Part) {
	for i := range from {
		parts = append(parts, r.part(&from[i]))
	}
	return parts
}

func (r *renderer) part(p *compiledPart) channels.Part {
	part := channels.Part{
		Name: r.text(p.name), Type: r.text(p.kind), Data: r.text(p.data), URL: r.text(p.url), Size: p.size, Channels: p.channels,
	}
	var size int64
	switch {
	case p.json != nil:
		if part.Type == "" {
			part.Type = "application/json"
		}
		part.Data, size = encoded(part.Type, r.json(p.json))
	case p.text != nil:
		part.Data, size = encoded(part.Type, r.text(p.text))
	case p.content != nil:
		part.Data, size = p.content.encoded, p.content.size
		if channels.IsText(part.Type) {
			part.Data = p.content.plain
		}
		if part.Name == "" {
			part.Name = p.content.name
		}
	}
	if part.Size == 0 {
		part.Size = size
	}
	return part
}

// encoded returns content as a part of the type carries it. Its size in bytes is said only
// where the data does not show it.
func encoded(mediaType, content string) (data string, size int64) {
	if channels.IsText(mediaType) {
		return content, 0
	}
	return base64.StdEncoding.EncodeToString([]byte(content)), int64(len(content))
}
