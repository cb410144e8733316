package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nudge/client"
)

const inboxHelp = `Inbox shows what people get from nudge dev, as they see it. Without a name it lists the people who
have messages. With --read the person reads what they have, with --reply it writes as the
person, and with --does it says what they do with every message from here on, as people.yaml
does; --does '' ends that. --fail N lets the next N sends fail.

Only nudge dev and nudge demo have such people.`

func newInbox() *cobra.Command {
	var reply, does string
	var read bool
	var fail, status, limit int
	c := &cobra.Command{
		Use:     "inbox [PERSON]",
		Short:   "Show what people get from nudge dev, and act as one of them",
		Long:    inboxHelp,
		Example: "  nudge inbox\n  nudge inbox ann --reply yes\n  nudge inbox ann --does 'reads after 1m'\n  nudge inbox --fail 1 --status 503",
		Args:    cobra.MaximumNArgs(1),
	}
	flags := addAPIFlags(c)
	c.Flags().StringVar(&reply, "reply", "", "write this `TEXT` as the person, to the newest message")
	c.Flags().BoolVar(&read, "read", false, "let the person read their messages now")
	c.Flags().StringVar(&does, "does", "", "what the person does with every message: a `SCRIPT`")
	c.Flags().IntVar(&fail, "fail", 0, "let the next `N` sends fail")
	c.Flags().IntVar(&status, "status", 500, "with --fail: what the provider answers")
	c.Flags().IntVar(&limit, "limit", 20, "messages, or people")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, args []string) (*inboxPage, error) {
		scripted := c.Flags().Changed("does")
		if len(args) == 0 && (reply != "" || read || scripted) {
			return nil, wrongUsage(errors.New("name the person"))
		}
		if c.Flags().Changed("fail") {
			if err := a.DevFail(ctx, fail, status); err != nil {
				return nil, err
			}
		}
		if len(args) == 0 {
			people, err := a.DevPeople(ctx, limit)
			return &inboxPage{People: people}, err
		}
		if scripted {
			if _, err := a.DevScript(ctx, args[0], does); err != nil {
				return nil, err
			}
		}
		if read {
			if _, err := a.DevRead(ctx, args[0]); err != nil {
				return nil, err
			}
		}
		if reply != "" {
			if _, err := a.DevReply(ctx, args[0], reply, ""); err != nil {
				return nil, err
			}
		}
		p, err := a.DevPerson(ctx, args[0], limit)
		if err != nil {
			return nil, err
		}
		return &inboxPage{People: []client.DevPerson{*p}, whole: true}, nil
	}, textOf(writeInbox))
	return c
}

// inboxPage are people with messages.
type inboxPage struct {
	People []client.DevPerson `json:"people"`
	whole  bool               // it is one person with their messages
}

var inboxList = listing[client.DevPerson]{
	empty: "nobody has messages", header: []string{"PERSON", "WHEN", "", "MESSAGE"},
	cells: func(p client.DevPerson) []any {
		m := &p.Messages[0]
		return []any{p.Profile, m.At, direction(m), m.Text}
	},
}

func writeInbox(out io.Writer, page *inboxPage) error {
	if !page.whole {
		return inboxList.write(out, page.People)
	}
	p := &page.People[0]
	if p.Script != "" {
		fmt.Fprintf(out, "%s %s\n", p.Profile, p.Script)
	}
	return listing[client.DevMessage]{
		empty: p.Profile + " has no messages", header: []string{"WHEN", "", "MESSAGE", "STATUS"},
		cells: func(m client.DevMessage) []any { return []any{m.At, direction(&m), m.Text, m.Status} },
	}.write(out, p.Messages)
}

// direction is whose message it is.
func direction(m *client.DevMessage) string {
	if m.Inbound {
		return "wrote"
	}
	return "got"
}
