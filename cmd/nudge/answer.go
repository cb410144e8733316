package main

import (
	"fmt"
	"io"

	"nudge/client"
)

// writeAnswer writes the result of an event: a line for each flow or run that it
// concerned, with the reason if a flow did not start.
func writeAnswer(w io.Writer, what string, a *client.Answer) error {
	text := what + " accepted"
	if a.Repeated {
		text += " before; nothing changes"
	}
	switch {
	case a.Ignored != "":
		text += ": " + a.Ignored
		if a.DidYouMean != "" {
			text += "; did you mean " + a.DidYouMean + "?"
		}
	case len(a.Decisions) == 0:
		text += "; it triggers no flow and no run is waiting for it"
	}
	for _, d := range a.Decisions {
		text += "\n  " + d.Flow + " " + decision(d)
	}
	_, err := fmt.Fprintln(w, text)
	return failed(err)
}

// decision describes a decision in words. The caller writes the flow before it.
func decision(d client.Decision) string {
	text := string(d.Did)
	switch d.Did {
	case client.DidSkip, client.DidQueue:
		text += ": " + d.Reason
		if d.Run != "" {
			text += ", " + d.Run
		}
		return text
	case client.DidCollect:
		text = "collected it in"
	case client.DidHold:
		text = "holds it for"
	case client.DidPass:
		text = "passed over"
	}
	if d.Run != "" {
		text += " " + d.Run
	}
	if d.Reason != "" {
		text += ": " + d.Reason
	}
	return text
}
