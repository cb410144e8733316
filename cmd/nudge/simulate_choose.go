package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"nudge/channels"
	"nudge/flows"
	"nudge/whatif/story"
)

// choices lists the commands that a user can type at a wait.
const choices = `  read | delivered | failed | expired [MESSAGE]   of the newest message, or the newest of a name
  reply TEXT · event TYPE [JSON] · profile JSON
  wait                                            until something happens by itself
  wait DURATION | wait until MOMENT               for example wait 3h, wait until tue 09:00
  end                                             no more choices: the rest happens by itself
`

// chooser asks at every wait what happens next.
type chooser struct {
	*telling
	in      io.Reader
	talk    io.Writer
	profile string // who acts: the person the event names, else whoever has the newest message
}

// choose asks until every run has ended, the time is over, or the input ends.
func (c *chooser) choose(until time.Time) error {
	lines := bufio.NewScanner(c.in)
	for {
		if err := c.tell(); err != nil {
			return err
		}
		waiting := c.waiting()
		if waiting == "" {
			return nil
		}
		fmt.Fprintf(c.talk, "%s\nWhat happens? (? for help) ", waiting)
		if !lines.Scan() {
			fmt.Fprintln(c.talk)
			return c.rest(until)
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		switch word {
		case "end":
			return c.rest(until)
		case "?", "help":
			io.WriteString(c.talk, choices)
			continue
		}
		if err := c.do(word, strings.TrimSpace(rest), until); err != nil {
			fmt.Fprintf(c.talk, "%v\n", err)
		}
	}
}

// waiting returns which runs wait and for how long, or nothing if no run waits.
func (c *chooser) waiting() string {
	var all []string
	for _, r := range c.world.Runs() {
		if !r.Live() || c.hides(r.Campaign != 0, r.Flow.Name) {
			continue
		}
		text := fmt.Sprintf("run %d of %s for %s is at %s", r.Number, r.Flow.Name, r.Profile, r.Flow.Steps[r.At].ID)
		if r.Deadline != 0 {
			text += " until " + story.Clock(r.Deadline.Time().In(c.world.Now().Location()))
		}
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

// do carries out one choice.
func (c *chooser) do(word, rest string, until time.Time) error {
	statuses := map[string]channels.Status{
		"sent": channels.Sent, "delivered": channels.Delivered, "read": channels.Read, "failed": channels.Failed, "expired": channels.Expired,
	}
	if status, ok := statuses[word]; ok {
		if rest == "" {
			rest = story.AnyMessage
		}
		return c.world.Report(rest, "", status, "")
	}
	switch word {
	case "reply":
		return c.world.Reply(story.Reply{By: c.person(), Text: rest})
	case "event":
		kind, data, _ := strings.Cut(rest, " ")
		raw, err := readData("the data", data, nil)
		if err != nil {
			return err
		}
		return c.world.Event(kind, c.person(), raw)
	case "profile":
		raw, err := readData("the profile", rest, nil)
		if err != nil {
			return err
		}
		return c.world.Profile(c.person(), raw)
	case "wait", "":
		return c.wait(rest, until)
	}
	return fmt.Errorf("%q is no choice; there is\n%s", word, strings.TrimRight(choices, "\n"))
}

// wait lets time pass: for so long, until a moment, or until something happens.
func (c *chooser) wait(text string, until time.Time) error {
	if moment, ok := strings.CutPrefix(text, "until "); ok {
		m, err := flows.ParseClock(moment)
		if err != nil {
			return err
		}
		return c.world.PassTo(m)
	}
	if text != "" {
		d, err := flows.ParseDuration(text)
		if err != nil {
			return err
		}
		return c.world.PassUntil(d.After(c.world.Now(), c.world.Now().Location()))
	}
	next, ok := c.world.Next()
	if !ok || next.After(until) {
		return fmt.Errorf("nothing happens by itself any more")
	}
	return c.world.PassUntil(next)
}

// person returns the person who acts.
func (c *chooser) person() string {
	if n := len(c.world.Messages); n > 0 && c.profile == "" {
		return c.world.Messages[n-1].Content.To
	}
	return c.profile
}
