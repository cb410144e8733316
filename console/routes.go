package console

import "slices"

// allViews are the pages, by where they are written.
func allViews() []view {
	return slices.Concat(runViews, flowViews, auditViews)
}

// allActions are what the pages can change.
func allActions() []action {
	return slices.Concat(runActions)
}
