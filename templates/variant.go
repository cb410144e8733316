package templates

import (
	"maps"
	"slices"
	"strings"

	"nudge/lang/diag"
)

// Variant adds the template in another locale, which must be canonical. Keys that the
// variant leaves out (metadata, the sender, the rules) come from the template. The sender
// and the channels must be the same in all variants.
func (s *Source) Variant(locale string, v *Source, list *diag.List) {
	for _, key := range []string{"from", "conversation", "rules", "ruleSet"} {
		if v.m.Has(key) && v.said(key) != s.said(key) {
			v.m.Errorf(key, codeVariant, "remove it: the one in "+s.file+" is used for all languages",
				"%s differs from the one in the template", key)
		}
	}
	merged := *v
	if v.alert == nil && s.alert != nil {
		v.warnLanguage("alert", s)
		merged.alert = s.alert
	}
	if v.metadata == nil {
		merged.metadata = s.metadata
	}
	merged.extras = v.over(s)
	merged.from, merged.conversation, merged.rules, merged.ruleSet = s.from, s.conversation, s.rules, s.ruleSet
	if s.variants == nil {
		s.variants = map[string]*Source{}
	}
	merged.locale = locale
	s.variants[localeKey(locale)] = &merged
}

// warnLanguage warns that a variant uses the template's text under a key, which is in the
// template's language.
func (s *Source) warnLanguage(key string, template *Source) {
	s.m.Value().Warnf(codeVariant, "add "+key+" to the variant",
		"the %s stays in the language of %s", key, template.file)
}

// said returns the template's value under one of the keys that variants share.
func (s *Source) said(key string) string {
	switch key {
	case "from":
		return s.from.Canonical()
	case "conversation":
		if s.conversation != nil {
			return s.conversation.Value
		}
	case "rules":
		return strings.Join(s.rules, "\n")
	case "ruleSet":
		return s.ruleSet
	}
	return ""
}

// locales returns the sorted keys of the variants.
func (s *Source) locales() []string { return slices.Sorted(maps.Keys(s.variants)) }

// Files returns the sorted files of the template and its variants, or none for an inline
// template.
func (s *Source) Files() []string {
	if s.file == "" {
		return nil
	}
	files := []string{s.file}
	for _, v := range s.variants {
		files = append(files, v.file)
	}
	slices.Sort(files)
	return files
}
