// Package examples holds runnable projects, one idea each:
//
//	hello                a message
//	order_shipped        receipts, replies and exits around one order
//	welcome_series       a series that ends with its goal
//	abandoned_cart       a flow that every change begins anew, and a purchase ends
//	comment_digest       many events in one message
//	survey_by_reply      a question, and what follows from its answer
//	escalation           channels to fall back on, and a flow that sets off another
//	ab_test              two texts, dealt by a hash
//	reminder_until_read  the same thing at most three times
//	weekly_report        a schedule that follows each person's own clock, over the stored profiles
//	flash_sale           a campaign over a file: once, paced, and capped
//	cluster              what stands around a project that several nodes serve
//
// Every one has a story that a test runs. The simulator (simtest) lives with all but cluster, whose flow is no idea of its own.
package examples

import (
	"embed"
	"io/fs"
)

// Only what belongs to a project is embedded, not the data folder that nudge dev
// makes beside it.
//
//go:embed */nudge.yaml */flows */templates */audiences */tests
var files embed.FS

// Hello is the smallest possible flow: an event, and one message.
func Hello() fs.FS { return Project("hello") }

// OrderShipped is a conversation about an order: a message, a reminder if it stays
// unread, a handover when the person answers, and an exit when the order comes back.
func OrderShipped() fs.FS { return Project("order_shipped") }

// Project is the example of a name: a folder without files where there is none.
func Project(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic("examples: " + err.Error())
	}
	return sub
}
