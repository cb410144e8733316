package console

import (
	"net/http"
	"strings"
	"time"
)

// settings are how somebody wants the console to be, in a cookie of their browser.
type settings struct {
	Theme string // light, dark, or empty for the system's
	keys  bool   // single keys act
}

const (
	settingsCookie = "nudge_console_settings"
	settingsLast   = 400 * 24 * time.Hour // the most that browsers keep a cookie
)

// settingsOf reads the cookie, which has the words light, dark and nokeys with dots between them.
func settingsOf(r *http.Request) settings {
	s := settings{keys: true}
	cookie, err := r.Cookie(settingsCookie)
	if err != nil {
		return s
	}
	for word := range strings.SplitSeq(cookie.Value, ".") {
		switch word {
		case "light", "dark":
			s.Theme = word
		case "nokeys":
			s.keys = false
		}
	}
	return s
}

func (s settings) text() string {
	words := []string{s.Theme}
	if !s.keys {
		words = append(words, "nokeys")
	}
	return strings.Trim(strings.Join(words, "."), ".")
}

// changeSettings takes the forms theme and keys, and goes back to the page that had them.
func (c *Console) changeSettings(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		refuseForm(w, err)
		return
	}
	s := settingsOf(r)
	switch theme := r.PostForm.Get("theme"); theme {
	case "light", "dark":
		s.Theme = theme
	case "system":
		s.Theme = ""
	}
	switch r.PostForm.Get("keys") {
	case "on":
		s.keys = true
	case "off":
		s.keys = false
	}
	setCookie(w, r, settingsCookie, s.text(), settingsLast)
	http.Redirect(w, r, nextOf(r.PostForm.Get("next")), http.StatusSeeOther)
}

// Theme is the colours that the visitor chose; empty: the system's.
func (v *visit) Theme() string { return v.settings.Theme }

// Path is that of the page, with its query.
func (v *visit) Path() string { return v.r.URL.RequestURI() }
