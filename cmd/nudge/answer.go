package main

import (
	"fmt"
	"io"

	"nudge/engine"
)

// writeAnswer says what something led to: one line for each flow or run that it
// concerned, with the reason where a flow did not start.
func writeAnswer(w io.Writer, what string, a *engine.Answer) error {
	text := what + " taken"
	if a.Repeated {
		text += ", as it was the first time"
	}
	switch {
	case a.Ignored != "":
		text += ": " + a.Ignored
	case len(a.Decisions) == 0:
		text += "; it concerned nobody: no flow starts with it and no run waits for it"
	}
	for _, d := range a.Decisions {
		text += "\n  " + d.Flow + " " + decision(d)
	}
	_, err := fmt.Fprintln(w, text)
	return failed(err)
}

// decision is what was done in words. The flow stands before it.
func decision(d engine.Decision) string {
	text := string(d.Action)
	switch d.Action {
	case engine.DidSkip, engine.DidQueue:
		text += ": " + d.Reason
		if d.Run != "" {
			text += ", " + d.Run
		}
		return text
	case engine.DidCollect:
		text = "collected it in"
	case engine.DidHold:
		text = "holds it for"
	}
	if d.Run != "" {
		text += " " + d.Run
	}
	if d.Reason != "" {
		text += ": " + d.Reason
	}
	return text
}
