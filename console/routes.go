package console

import "slices"

// allViews are the pages, by where they are written.
func allViews() []view {
	return slices.Concat(homeViews, findViews, runViews, auditViews, healthViews, campaignViews, templateViews, eventViews, peopleViews)
}

// allActions are what the pages can change.
func allActions() []action {
	return slices.Concat(runActions, healthActions, campaignActions, personActions)
}

// allDownloads are the files that the pages offer.
func allDownloads() []download { return personDownloads }
