package virtual

import (
	"nudge/channels"
	"nudge/engine"
	"nudge/runner"
)

// Result is what the provider answers to an attempt of a message.
func Result(run engine.RunID, message, attempt int, r channels.Result) *runner.Group {
	g := One(&engine.Input{Payload: &engine.SendResult{Run: run, Message: message, Attempt: attempt, Result: r}})
	g.Frees = 1
	return g
}

// Receipt is what the provider says about a message.
func Receipt(r channels.Receipt) *runner.Group {
	return One(&engine.Input{Payload: &engine.Receipt{Receipt: r}})
}

// Fetched is what a service answers to a fetch step.
func Fetched(p engine.FetchPost, answer engine.FetchResult) *runner.Group {
	answer.Run, answer.Step, answer.Attempt = p.Run, p.Step, p.Attempt
	return One(&engine.Input{Payload: &answer})
}

// Snapshot is the audience of a campaign, frozen.
func Snapshot(s *engine.Snapshot) *runner.Group {
	return One(&engine.Input{Payload: s})
}
