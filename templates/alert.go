package templates

import "nudge/lang/node"

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

func (c *compiler) alert(a *alert) *compiledAlert {
	if a == nil {
		return nil
	}
	return &compiledAlert{title: c.text(a.title), body: c.text(a.body), apns: c.structure(a.apns), fcm: c.structure(a.fcm)}
}
