package flows

import "nudge/templates"

// Number returns the first number of a reply as the locale of its person writes it; nil for
// none. An empty locale is English.
func Number(text, locale string) any { return templates.ReadNumber(text, locale) }
