package main

import (
	"strings"

	"nudge/channels/appmessaging"
	"nudge/flows/node"
)

const maxSenders = 4096

// account reads whom messages go through. The channel itself says what is wrong with
// it; here that is put at its key.
func (r *reader) account(m *node.Map) *account {
	if m == nil {
		return nil
	}
	before := len(r.list)
	a := &account{Config: appmessaging.Config{
		BaseURL: r.str(m.Text("url")), PathPrefix: r.str(m.Text("path")), Token: appmessaging.Secret(r.str(m.Text("token"))),
		User: r.str(m.Text("user")), Password: appmessaging.Secret(r.str(m.Text("password"))), Timeout: m.Duration("timeout"),
	}}
	if m.Has("senders") {
		a.Senders = m.Int("senders")
		if a.Senders < 1 || a.Senders > maxSenders {
			m.Errorf("senders", node.CodeBadValue, "leave it out for 64", "senders must be 1 to %d", maxSenders)
		}
	}
	a.Concurrency = a.Senders
	m.Close()
	if len(r.list) > before {
		return a
	}
	if client, err := appmessaging.New(a.Config); err != nil {
		key, text := inWordsOfSettings(withoutPackage(err))
		m.Errorf(key, node.CodeBadValue, "", "%s", text)
	} else {
		client.Close()
	}
	return a
}

// accountKeys are the channel's fields and the keys that set them.
var accountKeys = []struct{ field, key string }{
	{"BaseURL", "url"}, {"PathPrefix", "path"}, {"Password", "password"}, {"Token", "token"}, {"User", "user"},
}

// inWordsOfSettings names the keys instead of the fields, and the key that the text
// begins with.
func inWordsOfSettings(text string) (key, said string) {
	var pairs []string
	for _, k := range accountKeys {
		pairs = append(pairs, k.field, k.key)
		if key == "" && strings.HasPrefix(text, k.field) {
			key = k.key
		}
	}
	return key, strings.NewReplacer(pairs...).Replace(text)
}

// withoutPackage is an error without the name of the package that made it, which says
// nothing to the author of a file.
func withoutPackage(err error) string {
	text := err.Error()
	if name, rest, ok := strings.Cut(text, ": "); ok && (name == "sandbox" || name == "appmessaging") {
		return rest
	}
	return text
}

// errNoAccount is what a verb says that cannot do without one.
const errNoAccount = `nudge.yaml has no account, so nothing can be sent. For example:

  account:
    url: https://api.comapi.com
    path: /apispaces/YOUR_API_SPACE
    token: ${COMAPI_TOKEN}

or try it without one: nudge dev runs the project against a local service`
