package browser

import (
	"fmt"
	"strings"
)

// axeFile is where npm puts axe-core; testdata/package-lock.json has its version and its checksum.
const axeFile = "testdata/node_modules/axe-core/axe.min.js"

// axeEverything asks for WCAG 2.2 AA and for what axe-core calls best practice. Steps on a map have names in words that
// say the numbers which are drawn in them, in another order, which one rule takes for a fault.
const axeEverything = `runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], rules: {'target-size': {enabled: true}, 'label-content-name-mismatch': {enabled: false}}`

// axeContrast asks for the only rule that a change of colours can break.
const axeContrast = `runOnly: {type: 'rule', values: ['color-contrast']}`

// axeRun runs axe-core. It fetches nothing: what it needs is in the document.
const axeRun = `axe.run(document, {
  %s,
  resultTypes: ['violations'], iframes: false, preload: false,
}).then(found => found.violations.map(v => ({
  rule: v.id, help: v.help,
  places: v.nodes.slice(0, 3).map(n => n.target.join(' ') + ': ' + n.failureSummary.split('\n').slice(1).map(s => s.trim()).join('; ')),
  more: Math.max(0, v.nodes.length - 3),
})))`

// Axe returns what axe-core finds in the page as it is shown now.
func (t *Tab) Axe() (faults []string, err error) { return t.runAxe(axeEverything) }

// Contrast returns the texts that axe-core finds too pale as they are shown now. After [Tab.Axe] it does for the other colours.
func (t *Tab) Contrast() (faults []string, err error) { return t.runAxe(axeContrast) }

func (t *Tab) runAxe(what string) (faults []string, err error) {
	if t.axeThen != t.world {
		if err := t.Ask(t.axe+"\n;0", nil); err != nil {
			return nil, fmt.Errorf("axe-core does not load: %w", err)
		}
		t.axeThen = t.world
	}
	var found []struct {
		Rule, Help string
		Places     []string
		More       int
	}
	if err := t.Ask(fmt.Sprintf(axeRun, what), &found); err != nil {
		return nil, fmt.Errorf("axe-core fails: %w", err)
	}
	for _, f := range found {
		places := strings.Join(f.Places, "\n    ")
		if f.More > 0 {
			places += fmt.Sprintf("\n    and %d more", f.More)
		}
		faults = append(faults, fmt.Sprintf("axe %s, %s:\n    %s", f.Rule, f.Help, places))
	}
	return faults, nil
}
