package templates

import (
	"regexp"
	"strings"

	xlanguage "golang.org/x/text/language"
)

// defaultLocale is the language of a template that is no variant.
const defaultLocale = "en"

var localeForm = regexp.MustCompile(`^([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?$`)

// canonicalLocale is the one way to write a locale: pt-BR, zh-Hant-TW. It is "" for
// text that is none.
func canonicalLocale(text string) string {
	m := localeForm.FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	name := strings.ToLower(m[1])
	if m[2] != "" {
		name += "-" + strings.ToUpper(m[2][:1]) + strings.ToLower(m[2][1:])
	}
	if m[3] != "" {
		name += "-" + strings.ToUpper(m[3])
	}
	if _, err := xlanguage.Parse(name); err != nil {
		return ""
	}
	return name
}

// localeKey is how a locale is looked up: the spellings pt-BR, pt_br and
// pt_BR.UTF-8 are one.
func localeKey(text string) string {
	if end := strings.IndexAny(text, ".@"); end >= 0 {
		text = text[:end]
	}
	return strings.ReplaceAll(strings.ToLower(text), "_", "-")
}

// personLocale is the locale of the person of a scope; "" when nothing is known.
func personLocale(scope map[string]any) string {
	profile, _ := scope["profile"].(map[string]any)
	locale, _ := profile["locale"].(string)
	return locale
}

// fittest is the entry for a locale, else for the next wider one: pt-BR, then pt.
// Keys are those of localeKey.
func fittest[T any](variants map[string]T, locale string) (found T, ok bool) {
	for key := localeKey(locale); key != ""; {
		if found, ok = variants[key]; ok {
			return found, true
		}
		key = key[:max(strings.LastIndexByte(key, '-'), 0)]
	}
	return found, false
}
