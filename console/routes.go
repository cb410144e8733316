package console

import "slices"

// allViews are the pages, by where they are written.
func allViews() []view {
	return slices.Concat(
		inboxViews,
		homeViews,
		findViews,
		flowViews,
		runViews,
		batchViews,
		eventViews,
		peopleViews,
		campaignViews,
		templateViews,
		deployViews,
		healthViews,
		auditViews,
		kitViews,
	)
}

// allActions are what the pages can change.
func allActions() []action {
	return slices.Concat(
		inboxActions,
		flowActions,
		runActions,
		batchActions,
		personActions,
		campaignActions,
		deployActions,
		healthActions,
	)
}

// allDownloads are the files that the pages offer.
func allDownloads() []download {
	return slices.Concat(
		flowDownloads,
		listDownloads,
		personDownloads,
	)
}
