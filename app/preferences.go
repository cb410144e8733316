package app

import (
	"time"

	"nudge/server"
)

// usePreferences makes settings those of the page. Without secrets, links stay as they are.
func (i *Instance) usePreferences(p *PreferenceSettings) {
	page := &server.Preferences{Names: p.Names, Now: func() time.Time { return i.config.Clock.Now() }}
	if old := i.preferences.Load(); len(p.Secrets) == 0 {
		page.Links = old.Links
	} else {
		page.Links = p.Links()
	}
	i.preferences.Store(page)
}

// reloadPreferences makes settings those of the page, if there is one. Its listener is opened at the
// start.
func (i *Instance) reloadPreferences(p *PreferenceSettings) {
	switch serving := i.preferences.Load() != nil; {
	case p == nil && serving:
		i.log.Warn("nudge.yaml has no preferences any more; their page stays until the next start")
	case p != nil && !serving:
		i.log.Warn("nudge.yaml has preferences now; their page comes with the next start")
	case p != nil:
		i.usePreferences(p)
	}
}

// messageLinks makes the links of messages with the settings of now.
type messageLinks struct{ *Instance }

// URL returns the link of a message.
func (l messageLinks) URL(profile, category string, planned time.Time) string {
	return l.preferences.Load().Links.URL(profile, category, planned)
}

// PreferencesURL returns the address at which the page of preferences is served, or "" if there is none.
func (i *Instance) PreferencesURL() string {
	if i.preferences.Load() == nil {
		return ""
	}
	return i.urlOf(i.config.Preferences)
}
