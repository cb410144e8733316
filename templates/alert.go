package templates

import (
	"strconv"
	"strings"

	"nudge/channels"
	"nudge/lang/node"
)

// alert is the alert of a message as it was written.
type alert struct {
	title, body *node.Text
	apns, fcm   *node.Value
}

type compiledAlert struct {
	title, body *text
	apns, fcm   structure
}

func parseAlert(v *node.Value) *alert {
	m := v.Map()
	if m == nil {
		return nil
	}
	a := &alert{title: m.Text("title"), body: m.Text("body")}
	if platforms := m.Child("platforms"); platforms != nil {
		a.apns, a.fcm = mapping(platforms.Get("apns")), mapping(platforms.Get("fcm"))
		checkPlatform("apns", a.apns)
		checkPlatform("fcm", a.fcm)
		platforms.Close()
	}
	if (a.apns != nil || a.fcm != nil) && (a.title != nil || a.body != nil) {
		v.Warnf(codePlatforms, "move title and body into platforms", "the provider ignores title and body beside platforms")
	}
	if a.title == nil && a.body == nil && a.apns == nil && a.fcm == nil {
		m.Errorf("title", codeMissing, "add title, body or platforms", "the alert is empty")
	}
	m.Close()
	return a
}

// checkPlatform reports a field of a push notification that has a wrong type. A value that
// only the data decides is checked when the message is sent.
func checkPlatform(platform string, v *node.Value) {
	if v == nil {
		return
	}
	fields, _ := literalOf(v).(map[string]any)
	field, want := channels.PlatformProblem(platform, fields)
	if field == "" {
		return
	}
	for name := range strings.SplitSeq(field, ".") {
		v = v.Map().Get(name)
	}
	hint := ""
	if s, ok := v.Literal().(string); ok && want == channels.WholeNumber {
		if _, err := strconv.Atoi(s); err == nil {
			hint = "write " + s + " without quotes"
		}
	}
	v.Errorf(codeBadValue, hint, "%s.%s must be %s", platform, field, want)
}

// literalOf returns a value as it is before its templates are rendered. A text that is one
// single action may become anything.
func literalOf(v *node.Value) any {
	switch {
	case v.IsMap():
		m := map[string]any{}
		for _, e := range v.Map().Entries() {
			m[e.Key.Value] = literalOf(e.Value)
		}
		return m
	case v.IsList():
		return []any{}
	}
	s, ok := v.Literal().(string)
	if ok && strings.HasPrefix(s, "{{") && strings.HasSuffix(s, "}}") {
		return channels.Untold{}
	}
	return v.Literal()
}

func (c *compiler) alert(a *alert) *compiledAlert {
	if a == nil {
		return nil
	}
	return &compiledAlert{title: c.text(a.title), body: c.text(a.body), apns: c.structure(a.apns), fcm: c.structure(a.fcm)}
}
