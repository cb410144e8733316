package app

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/node"
	"nudge/runner"
	"nudge/runner/notify"
	"nudge/server"
)

// endpointName is the form of an endpoint's name, as it stands in logs and metrics.
var endpointName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// minEndpointSecret is how many bytes the secret of an endpoint has at least, before base64, as Standard Webhooks
// has it; a shorter one is a mistake of the settings.
const minEndpointSecret = 24

// endpoints reads the other systems that get notices.
func (r *reader) endpoints(items []*node.Value) (all []notify.Endpoint) {
	for _, item := range items {
		m := item.Map()
		e := notify.Endpoint{Endpoint: runner.Endpoint{Name: r.str(m.Text("name"))}, URL: r.str(m.Text("url"))}
		switch known := slices.ContainsFunc(all, func(o notify.Endpoint) bool { return o.Name == e.Name }); {
		case !endpointName.MatchString(e.Name):
			m.Errorf("name", node.CodeBadValue, "for example name: crm", "an endpoint needs a name of 1 to 64 lower-case letters, digits, dashes and underscores")
		case known:
			m.Errorf("name", node.CodeBadValue, "give each its own", "there are two endpoints with the name %s", e.Name)
		}
		r.endpointURL(m, e.URL)
		e.Types = r.noticeTypes(m)
		e.Secrets = r.endpointSecrets(m)
		m.Close()
		all = append(all, e)
	}
	return all
}

// endpointURL reports an address that notices must not go to: they name people, so they are encrypted, except on
// this machine.
func (r *reader) endpointURL(m *node.Map, text string) {
	u, err := url.Parse(text)
	switch {
	case !m.Has("url"):
		m.Errorf("url", flows.CodeMissingKey, "for example url: https://crm.example.com/nudge", "this endpoint has no url")
	case text == "": // reported
	case err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !server.IsLoopback(u.Hostname())):
		m.Errorf("url", node.CodeBadValue, "for example https://crm.example.com/nudge; http only to this machine", "notices cannot go to this address")
	}
}

// noticeTypes reads the types of notices that an endpoint gets.
func (r *reader) noticeTypes(m *node.Map) (types []engine.NoticeType) {
	var words []string
	for _, t := range engine.NoticeTypes {
		words = append(words, string(t))
	}
	hint := "there are " + strings.Join(words, ", ")
	if !m.Has("events") {
		m.Errorf("events", flows.CodeMissingKey, "for example events: [run.ended]; "+hint, "this endpoint gets no notices")
	}
	for _, text := range r.texts(m.Get("events"), "events") {
		if !slices.Contains(words, text) {
			m.Errorf("events", node.CodeBadValue, hint, "there is no notice of the type %q", text)
			continue
		}
		types = append(types, engine.NoticeType(text))
	}
	return types
}

// endpointSecrets reads the secrets that sign, the newest first or in any order: each signs.
func (r *reader) endpointSecrets(m *node.Map) []string {
	const hint = `secret: "whsec_…", where openssl rand -base64 32 prints what follows whsec_`
	if !m.Has("secret") {
		m.Errorf("secret", flows.CodeMissingKey, hint, "this endpoint has no secret")
	}
	secrets := r.texts(m.Get("secret"), "secret")
	for _, s := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "whsec_"))
		if err != nil || !strings.HasPrefix(s, "whsec_") || len(key) < minEndpointSecret {
			m.Errorf("secret", node.CodeBadValue, hint, "the secret of an endpoint is whsec_ and at least %d random bytes in base64", minEndpointSecret)
		}
	}
	return secrets
}
