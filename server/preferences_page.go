package server

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"nudge/engine"
)

var (
	//go:embed preferences.html
	pageSource string
	//go:embed preferences.css
	pageStyle string

	pageTemplates = template.Must(template.New("").Funcs(template.FuncMap{"style": func() template.CSS { return template.CSS(pageStyle) }}).Parse(pageSource))

	// pagePolicy lets the page show itself and post to itself, and nothing else.
	pagePolicy = "default-src 'none'; style-src 'sha256-" + hashOf(pageStyle) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// preferencesPage is the page with the choices.
type preferencesPage struct {
	*pageTexts
	Language string
	Saved    bool // the person comes from a click
	AllOff   bool
	Choices  []pageChoice
}

// pageChoice is a category on the page.
type pageChoice struct {
	Category, Name string
	Off            bool
	Always         bool // it cannot be turned off
}

// briefAnswer is a page of a few words.
type briefAnswer struct {
	briefPage
	Language string
}

// pageHeaders keep a page, whose address is a secret, out of caches, indexes, frames and the Referer of
// other requests.
func pageHeaders(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Vary", "Accept-Language")
}

func writePage(w http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pageTemplates.ExecuteTemplate(&page, name, data); err != nil {
		panic("server: a page that cannot be written: " + err.Error())
	}
	pageHeaders(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(page.Bytes())
}

// localeOf returns the locale of a person, or nothing.
func localeOf(p *engine.Person) string {
	var known struct {
		Locale any `json:"locale"`
	}
	if p == nil || len(p.Attributes) == 0 || json.Unmarshal(p.Attributes, &known) != nil {
		return ""
	}
	locale, _ := known.Locale.(string)
	return locale
}

// languageOf returns the language of a page: that of a locale, else the one that the browser likes best
// of those that there are, else English.
func languageOf(r *http.Request, locale string) string {
	if language := baseOf(locale); languages[language] != nil {
		return language
	}
	best, liking := "en", 0.0
	for item := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, weight, weighed := strings.Cut(item, ";")
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(weight), "q="); weighed && ok {
			q, _ = strconv.ParseFloat(value, 64) // 0 for what is no number
		}
		if language := baseOf(strings.TrimSpace(tag)); languages[language] != nil && q > liking {
			best, liking = language, q
		}
	}
	return best
}

// baseOf returns the language of a locale: pt of pt-BR and of pt_BR.UTF-8.
func baseOf(locale string) string {
	if end := strings.IndexAny(locale, "-_.@"); end >= 0 {
		locale = locale[:end]
	}
	return strings.ToLower(locale)
}

// categoryName returns what people read for a category: its name in the language, else its name for all
// languages, else its name in the flows with spaces and a capital letter.
func categoryName(names map[string]string, category, language string) string {
	for _, key := range []string{language, ""} {
		if name := names[key]; name != "" {
			return name
		}
	}
	words := strings.ReplaceAll(category, "_", " ")
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToUpper(first)) + words[size:]
}
