package templates

import (
	"regexp"
	"strings"

	xlanguage "golang.org/x/text/language"
)

// defaultLocale is the language of a template without a locale.
const defaultLocale = "en"

var localeForm = regexp.MustCompile(`^([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?$`)

// canonicalLocale returns the canonical form of a locale, such as pt-BR or zh-Hant-TW, or
// an empty text if the locale does not exist.
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

// localeKey returns the key for looking up a locale: the spellings pt-BR, pt_br and
// pt_BR.UTF-8 have the same key.
func localeKey(text string) string {
	if end := strings.IndexAny(text, ".@"); end >= 0 {
		text = text[:end]
	}
	return strings.ReplaceAll(strings.ToLower(text), "_", "-")
}

// personLocale returns the locale of the person of a scope, or an empty text.
func personLocale(scope map[string]any) string {
	profile, _ := scope["profile"].(map[string]any)
	locale, _ := profile["locale"].(string)
	return locale
}

// fittest returns the entry for a locale, or for the next wider one: pt-BR, then pt. The
// keys are those of localeKey.
func fittest[T any](variants map[string]T, locale string) (found T, ok bool) {
	for key := localeKey(locale); key != ""; {
		if found, ok = variants[key]; ok {
			return found, true
		}
		key = key[:max(strings.LastIndexByte(key, '-'), 0)]
	}
	return found, false
}
