package browser

import _ "embed"

//go:embed scripts/sideways.js
var sidewaysScript string

// Sideways returns what makes the page wider than its window. Regions that scroll by themselves, such as
// a map, may be wider if the keyboard reaches them.
func (t *Tab) Sideways() (faults []string, err error) {
	err = t.Ask(sidewaysScript, &faults)
	return faults, err
}
