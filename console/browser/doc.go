// Package browser proves the web console in a real browser: Chromium without a window, driven by chromedp.
// It is a module of its own, so that programs that use Nudge do not get its dependencies.
//
// [Launch] starts Chromium once. [Chromium.Open] opens a page in a tab with its own cookies; its methods
// return what is wrong with the page, in words that a person can act on:
//
//	[Tab.Complaints]  what the browser reports: blocked by the content security policy, exceptions, missing files, dialogs, other origins
//	[Tab.Axe]         what axe-core finds
//	[Tab.Contrast]    only its texts that are too pale, for the other colours
//	[Tab.Sideways]    what makes the page wider than its window
//	[Tab.Stops]       what the Tab key reaches, in which order, and whether it can be seen and has a name
//	[Tab.Weight]      how many bytes came
//
// Our own scripts run in an isolated world: they see the document and none of the page's variables, and the
// page's content security policy stays as it is.
//
// test.sh installs Chromium and axe-core. A test that needs them fails without them.
package browser
