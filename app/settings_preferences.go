package app

import (
	"net/url"
	"regexp"
	"time"

	"nudge/channels/appmessaging"
	"nudge/flows"
	"nudge/lang/node"
	"nudge/runner/preferences"
	"nudge/server"
)

// PreferenceSettings say where people find the page on which they choose what they get.
type PreferenceSettings struct {
	PublicURL string                       // under which people reach it
	Listen    string                       // the address of its listener
	Secrets   []appmessaging.Secret        // that sign the links; the first one makes new links, and all are accepted
	Expires   time.Duration                // how long a link is valid after its message was planned
	Names     map[string]map[string]string // what people read for a category, by language; "" for all others
}

const (
	// DefaultPreferencesListen is where the page of preferences is served if nothing is said.
	DefaultPreferencesListen = "127.0.0.1:8091"

	// minLinkSecret is how many characters a secret of `preferences` has at least; a shorter one is a mistake
	// of the settings. Everybody who gets a message can try secrets on its link without asking the server.
	minLinkSecret = 32

	defaultLinkLife = 400 * day  // how long a link is valid, or `preferences.expires`; then its page is answered with 410
	minLinkLife     = day        // the shortest `preferences.expires`; a shorter one is a mistake of the settings
	maxLinkLife     = 3660 * day // the longest `preferences.expires`; a longer one is a mistake of the settings
)

// preferences reads what the page of preferences needs.
func (r *reader) preferences(m *node.Map) *PreferenceSettings {
	if m == nil {
		return nil
	}
	p := &PreferenceSettings{PublicURL: r.publicURL(m), Listen: DefaultPreferencesListen, Expires: r.linkLife(m), Names: r.categoryNames(m.Child("names"))}
	if m.Has("listen") {
		p.Listen = r.address(m.Get("listen"))
	}
	if !m.Has("secrets") {
		m.Errorf("secrets", flows.CodeMissingKey, `for example secrets: [ "${NUDGE_PREFERENCES_SECRET}" ]`, "preferences has no secret that signs the links")
	}
	for _, text := range r.texts(m.Get("secrets"), "secrets") {
		if len(text) < minLinkSecret {
			m.Errorf("secrets", node.CodeBadValue, "for example what openssl rand -hex 32 prints", "a secret of preferences must have %d characters or more", minLinkSecret)
		}
		p.Secrets = append(p.Secrets, appmessaging.Secret(text))
	}
	m.Close()
	return p
}

// localPreferences reads what the page needs on this machine, where it has an address and a secret of its own.
func (r *reader) localPreferences(m *node.Map) *PreferenceSettings {
	if m == nil {
		return nil
	}
	return &PreferenceSettings{Expires: r.linkLife(m), Names: r.categoryNames(m.Child("names"))}
}

// publicURL reads under which address people reach the page. A link is a key, so it goes by https, except on this
// machine.
func (r *reader) publicURL(m *node.Map) string {
	if !m.Has("public_url") {
		m.Errorf("public_url", flows.CodeMissingKey, "for example public_url: https://shop.example", "preferences does not say under which address people reach the page")
		return ""
	}
	text := r.str(m.Text("public_url"))
	u, err := url.Parse(text)
	safe := err == nil && (u.Scheme == "https" || u.Scheme == "http" && server.IsLoopback(u.Hostname()))
	if text != "" && (!safe || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		m.Errorf("public_url", node.CodeBadValue, "for example https://shop.example, or https://shop.example/messages if a proxy serves it there", "this is no https URL to which links can be added")
	}
	return text
}

func (r *reader) linkLife(m *node.Map) time.Duration {
	text := r.str(m.Text("expires"))
	if text == "" {
		return defaultLinkLife
	}
	d, err := flows.ParseDuration(text)
	if err != nil {
		m.Errorf("expires", node.CodeBadValue, "for example 400d", "expires: %v", err)
		return defaultLinkLife
	}
	life := time.Duration(d.Days)*day + d.Clock
	if life < minLinkLife || life > maxLinkLife {
		m.Errorf("expires", node.CodeBadValue, "leave it out for 400d", "expires must be 1d to 3660d")
	}
	return life
}

// languageForm is the form of a language in which categories have names.
var languageForm = regexp.MustCompile(`^[a-z]{2,3}$`)

// categoryNames reads what people read for categories: a text, or one for each language.
func (r *reader) categoryNames(m *node.Map) map[string]map[string]string {
	names := map[string]map[string]string{}
	for _, e := range m.Entries() {
		names[e.Key.Value] = map[string]string{}
		if !e.Value.IsMap() {
			names[e.Key.Value][""] = r.str(e.Value.Text())
			continue
		}
		for _, in := range e.Value.Map().Entries() {
			if !languageForm.MatchString(in.Key.Value) {
				e.Value.Errorf(node.CodeBadValue, "for example { en: News, de: Neues }", "%q is no language", in.Key.Value)
			}
			names[e.Key.Value][in.Key.Value] = r.str(in.Value.Text())
		}
	}
	return names
}

// Links makes and reads the links.
func (p *PreferenceSettings) Links() *preferences.Links {
	var secrets []string
	for _, s := range p.Secrets {
		secrets = append(secrets, string(s))
	}
	return preferences.New(p.PublicURL, p.Expires, secrets)
}
