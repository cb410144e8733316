package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"
	"time"

	"nudge/engine"
	"nudge/examples"
)

// showFlow prints the flow that runs.
func (d *demonstration) showFlow() {
	const file = "flows/order_shipped.yaml"
	text, err := fs.ReadFile(examples.OrderShipped(), file)
	if err != nil {
		panic("demo: " + err.Error()) // it is embedded
	}
	fmt.Fprintf(d.out, "%s\n\n", d.palette.bold(file))
	for line := range strings.Lines(string(text)) {
		words, comment, found := strings.Cut(strings.TrimRight(line, "\n"), "#")
		if found {
			words += d.palette.dim("#" + comment)
		}
		fmt.Fprintf(d.out, "  %s\n", words)
	}
	fmt.Fprintln(d.out)
}

// summarise prints a table of everybody's result.
func (d *demonstration) summarise() {
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PERSON\tWHAT THEY DID\tMESSAGES\tOUTCOME\tTOOK")
	for _, who := range d.people {
		r := d.runOf(who)
		took := time.Duration(r.Ended-r.Started()) * time.Millisecond
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", who.name, who.does, len(r.Messages), r.Outcome, inHours(took))
	}
	w.Flush() // a buffer takes everything
	fmt.Fprintln(d.out)
	for i, line := range strings.Split(strings.TrimRight(table.String(), "\n"), "\n") {
		if i == 0 {
			fmt.Fprintln(d.out, d.palette.bold(line))
			continue
		}
		name := d.people[i-1].name
		fmt.Fprintln(d.out, d.palette.person(d.narrator.place(name), name)+strings.TrimPrefix(line, name))
	}
	fmt.Fprintln(d.out)
}

// judge returns an error if a run did not end as the flow says.
func (d *demonstration) judge() error {
	var wrong []string
	for _, who := range d.people {
		if r := d.runOf(who); r.Outcome != who.outcome || len(r.Messages) != who.messages {
			wrong = append(wrong, fmt.Sprintf("%s ended as %s after %s, expected %s after %s",
				who.name, r.Outcome, plural(len(r.Messages), "message"), who.outcome, plural(who.messages, "message")))
		}
	}
	if len(wrong) > 0 {
		return failed(fmt.Errorf("the story went wrong: %s", strings.Join(wrong, "; ")))
	}
	report, err := d.local.Store().Check()
	if err != nil {
		return failed(err)
	}
	if len(report.Problems) > 0 {
		return failed(fmt.Errorf("the store is damaged: %s", report.Problems[0]))
	}
	return nil
}

func (d *demonstration) runOf(who person) *engine.Run {
	for _, r := range d.follower.runs {
		if r.Profile == who.name {
			return r
		}
	}
	return &engine.Run{}
}

// invite prints how to continue by hand.
func (d *demonstration) invite() {
	fmt.Fprintf(d.out, `The demo is ready: api %[1]s sandbox %[2]s

It stays up until you press Ctrl-C, and a minute takes a second from here on. Ship an order
of your own, look at its run and at what arrived, let a day pass, and see what a change of
the flows would do to those inside:

  curl %[1]s/v1/events -H 'Content-Type: application/json' \
    -d '{"type": "order.shipped", "data": {"order_id": "B-1", "customer": "you", "total": 5}}'
  nudge runs list --server %[1]s
  curl %[2]s/sandbox/messages
  nudge clock +1d --server %[1]s
  nudge plan %[4]s --server %[1]s

In a browser you see all of it, and write as the customer:

%[3]s
`, d.local.URL(), d.local.Sandbox.URL(), consoleLine(d.local.Instance), d.project())
}

// inHours returns a duration for people: 25h 3m.
func inHours(d time.Duration) string {
	d = d.Round(time.Minute)
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	if hours == 0 {
		return fmt.Sprintf("%dm", minutes)
	}
	return fmt.Sprintf("%dh %dm", hours, minutes)
}
