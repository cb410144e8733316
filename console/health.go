package console

import (
	"html/template"
	"slices"
	"time"

	"nudge/client"
)

var healthViews = []view{
	{pattern: Root + "health", file: "health", section: "health", topics: []string{"runs", "campaigns", "jobs", "events"}, shared: true, load: loadHealth},
}

var healthActions = []action{
	{pattern: Root + "health/kill", scope: "operate", section: "health", do: killOutbound},
	{pattern: Root + "health/on", scope: "operate", section: "health", asks: askOn, do: turnOn},
	{pattern: Root + "health/hold", scope: "operate", section: "health", asks: askHold, do: holdOutbound},
	{pattern: Root + "health/live", scope: "operate", section: "health", asks: askLive, do: sendToAll},
}

// healthPage says what stops messages.
type healthPage struct {
	*client.Health
	Waiting int    // messages that wait for an account
	State   string // live, hold, only or killed
}

func healthOf(h *client.Health) healthPage {
	p := healthPage{Health: h, State: h.Outbound.Mode}
	if h.Outbound.Killed {
		p.State = "killed"
	}
	for _, a := range h.Accounts {
		p.Waiting += a.Waiting
	}
	return p
}

func loadHealth(v *visit) (*content, error) {
	h, err := v.api.Health(v.ctx())
	if err != nil {
		return nil, err
	}
	return &content{
		Title: "Health", Data: healthOf(h),
		Live: []string{"health-state", "health-needs", "health-accounts", "health-missed", "health-engine", "health-webhooks", "health-store", "health-project"},
	}, nil
}

// Bad reports whether something of a kind needs somebody.
func (p healthPage) Bad(what ...string) bool {
	return slices.ContainsFunc(p.Needs, func(n client.HealthNeed) bool { return slices.Contains(what, n.What) })
}

// AgoReal is Ago for an instant of the machine's clock, which is not that of the runs everywhere.
func (v *visit) AgoReal(t client.Time) template.HTML {
	if t.IsZero() {
		return "never"
	}
	return v.Ago(v.now.Add(time.Until(t.Time)))
}

// Used is how much of the store's file has something in it.
func (p healthPage) Used() int64 { return max(0, p.Store.FileBytes-p.Store.FreeBytes) }

// Disk is what may still be written to the disk.
func (p healthPage) Disk() int64 { return *p.Store.DiskBytes }

// Bytes writes a size.
func (v *visit) Bytes(n any) string {
	size := toFloat(n)
	for _, unit := range []string{"B", "kB", "MB", "GB"} {
		if size < 1000 {
			return v.size(size, unit)
		}
		size /= 1000
	}
	return v.size(size, "TB")
}

func (v *visit) size(n float64, unit string) string {
	if n < 10 && unit != "B" {
		return v.print.Sprintf("%.1f", n) + " " + unit
	}
	return v.Num(int64(n+0.5)) + " " + unit
}

// killOutbound stops everything. It asks nothing: the person who looks for it has no time.
func killOutbound(v *visit) (*done, error) {
	yes := true
	if err := v.api.SetOutbound(v.ctx(), client.Outbound{Killed: &yes}); err != nil {
		return nil, err
	}
	return &done{
		To: Root + "health", Said: "Nothing goes out any more. Requests that a provider has already are not taken back.",
		Undo: v.undoSending("Turn on again", "on"),
	}, nil
}

// undoSending takes back what has stopped messages. If more than a few have begun to wait by then, it asks.
func (v *visit) undoSending(label, action string) *undo {
	waiting := 0
	if h, err := v.api.Health(v.ctx()); err == nil {
		waiting = healthOf(h).Waiting
	}
	return &undo{label, Root + "health/" + action, expects(waiting)}
}

// askOn asks before the kill switch is turned off. The mode stays: a server that sends to some people only goes on so.
func askOn(v *visit) (*question, error) {
	h, err := v.api.Health(v.ctx())
	if err != nil {
		return nil, err
	}
	q := v.askSending(healthOf(h), "Turn sending on again?")
	switch h.Outbound.Mode {
	case "hold":
		q.Touches, q.Number, q.Type, q.Button = "No message goes out yet: the mode is hold.", 0, "", "Turn off the kill switch"
	case "only":
		q.Touches += " The mode is only: " + v.Many(h.Outbound.Only, "person gets", "people get") + " messages, and the others get none."
	}
	return q, nil
}

// askLive asks before the mode becomes live.
func askLive(v *visit) (*question, error) {
	h, err := v.api.Health(v.ctx())
	if err != nil {
		return nil, err
	}
	q := v.askSending(healthOf(h), "Send to everybody?")
	switch {
	case h.Outbound.Killed:
		q.Touches, q.Number, q.Type, q.Button = "No message goes out yet: the kill switch is on.", 0, "", "Send to everybody, later"
	case h.Outbound.Mode == "only":
		q.Touches += " From now on everybody gets messages, not only " + v.Many(h.Outbound.Only, "person", "people") + "."
	}
	return q, nil
}

// manyMessages is how many messages go out at most without a name that somebody types.
const manyMessages = 1000

// askSending says what goes out when nothing stops it.
func (v *visit) askSending(p healthPage, title string) *question {
	q := &question{
		Title: title,
		Touches: v.Many(p.Waiting, "message goes out", "messages go out") + ", as fast as the accounts take them, counted at " +
			v.now.In(v.zone).Format("15:04:05") + " " + v.Zone() + ".",
		Stays:  "What is too late by now is not sent, nor what a rule holds back.",
		Undo:   "What has gone out cannot be taken back; the rest can be stopped again.",
		Number: p.Waiting, Button: "Send " + v.Many(p.Waiting, "message", "messages"), Back: Root + "health",
	}
	if p.Waiting > manyMessages {
		q.Type = v.serverName()
	}
	return q
}

// serverName is what somebody types to say that they mean this server.
func (v *visit) serverName() string {
	if v.Me.Server.Project != "" {
		return v.Me.Server.Project
	}
	return "nudge"
}

// askHold asks before messages are held.
func askHold(v *visit) (*question, error) {
	h, err := v.api.Health(v.ctx())
	if err != nil {
		return nil, err
	}
	return &question{
		Title:   "Hold all messages?",
		Touches: "Everybody who is due waits from now on; " + v.Many(healthOf(h).Waiting, "message waits", "messages wait") + " already.",
		Stays:   "Runs, waits and timers go on, and so does what a provider has already.",
		Undo:    "Sending to everybody undoes it. What has become too late by then is not sent, and its run says so.",
		Button:  "Hold messages", Stops: true, Back: Root + "health",
	}, nil
}

func turnOn(v *visit) (*done, error) {
	no := false
	if err := v.api.SetOutbound(v.ctx(), client.Outbound{Killed: &no}); err != nil {
		return nil, err
	}
	return &done{To: Root + "health", Said: "The kill switch is off."}, nil
}

func sendToAll(v *visit) (*done, error) {
	if err := v.api.SetOutbound(v.ctx(), client.Outbound{Mode: "live"}); err != nil {
		return nil, err
	}
	return &done{To: Root + "health", Said: "Messages go to everybody."}, nil
}

func holdOutbound(v *visit) (*done, error) {
	if err := v.api.SetOutbound(v.ctx(), client.Outbound{Mode: "hold"}); err != nil {
		return nil, err
	}
	return &done{To: Root + "health", Said: "Messages are held.", Undo: v.undoSending("Send again", "live")}, nil
}
