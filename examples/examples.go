// Package examples holds runnable projects, one idea each. Every one of them is run
// by a test, and the binary carries them for nudge demo.
package examples

import (
	"embed"
	"io/fs"
)

// Only what belongs to a project is embedded, not the data folder that nudge dev
// makes beside it.
//
//go:embed hello/nudge.yaml hello/flows hello/templates
//go:embed order_shipped/nudge.yaml order_shipped/flows order_shipped/templates
var files embed.FS

// Hello is the smallest possible flow: an event, and one message.
func Hello() fs.FS { return project("hello") }

// OrderShipped is a conversation about an order: a message, a reminder if it stays
// unread, a handover when the person answers, and an exit when the order comes back.
func OrderShipped() fs.FS { return project("order_shipped") }

func project(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic("examples: " + err.Error())
	}
	return sub
}
