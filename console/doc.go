// Package console is the web console: pages that show where everybody is, and forms that change it.
//
// The console is a reader of the API and nothing else. Every page asks the API, in this process, with the
// token of the person who looks; so it shows what that token may see, does what it may do, and is
// audited as any other client is. What the API cannot do, the console cannot do.
//
// A page is a [view]: a function that asks the API and returns data, and a template of html/ that writes
// it. It is whole when it arrives, and reads without a script. An action is an [ask], a page that says what would
// happen and how many people it touches, and the function that does it. The script of assets/ adds
// four things: it swaps the parts of a page that changed, shows an ask as a dialog, listens
// to keys, and remembers colours.
package console
