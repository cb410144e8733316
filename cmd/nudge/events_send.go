package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"nudge/client"
)

const eventsSendHelp = `Send sends events to a running server: one event, or a file of them with one JSON object
on each line. An event has a type, and may have profile, data, profile_data and id.

profile_data is merged into what is known of the person before any flow starts. An event
whose id was used before changes nothing and gets the first answer again, so a file whose
events have ids can be sent twice.`

const eventsSendExample = `  nudge events send order.shipped --data '{"order_id": "7", "customer": "ann", "total": 12}'
  nudge events send user.signed_up --profile ann --data @event.json --id signup-ann
  nudge events send -f events.ndjson`

// eventOptions are the flags of events send.
type eventOptions struct {
	profile, data, profileData, id, file string
}

func newEventsSend(flags *apiFlags) *cobra.Command {
	var o eventOptions
	c := &cobra.Command{
		Use:     "send TYPE | -f FILE",
		Short:   "Send one event, or a file of them",
		Long:    eventsSendHelp,
		Example: eventsSendExample,
		Args:    cobra.MaximumNArgs(1),
	}
	c.Flags().StringVar(&o.profile, "profile", "", "the person that the event names")
	c.Flags().StringVar(&o.data, "data", "", "the data, a JSON object: JSON, @FILE, or - for standard input")
	c.Flags().StringVar(&o.profileData, "profile-data", "", "what is now known of the person, a JSON object, given as --data is")
	c.Flags().StringVar(&o.id, "id", "", "an id that makes it safe to send the event again")
	c.Flags().StringVarP(&o.file, "file", "f", "", "a file of events, one JSON object on each line; - for standard input")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.client()
		if err != nil {
			return err
		}
		switch {
		case o.file != "" && (len(args) > 0 || o.profile+o.data+o.profileData+o.id != ""):
			return wrongUsage(errors.New("the events of a file have their own types, profiles, data and ids; name either a TYPE or -f"))
		case o.file != "":
			return sendFile(c, a, o.file, *output)
		case len(args) == 0:
			return wrongUsage(errors.New("name the event's TYPE, or a file of events with -f"))
		}
		return sendOne(c, a, args[0], o, *output)
	}
	return c
}

func sendOne(c *cobra.Command, a *client.Client, kind string, o eventOptions, output format) error {
	data, err := readData("--data", o.data, c.InOrStdin())
	if err != nil {
		return err
	}
	known, err := readData("--profile-data", o.profileData, c.InOrStdin())
	if err != nil {
		return err
	}
	answer, err := a.SendEvent(c.Context(), client.Event{ID: o.id, Type: kind, Profile: o.profile, Data: data, ProfileData: known})
	if err != nil {
		return err
	}
	return report(c, output, answer, showAnswer(kind))
}

// showAnswer shows the result of an event.
func showAnswer(what string) func(*cobra.Command, *client.Answer) error {
	return textOf(func(out io.Writer, answer *client.Answer) error { return writeAnswer(out, what, answer) })
}

// sendFile streams a file of events and reports their results.
func sendFile(c *cobra.Command, a *client.Client, name string, output format) error {
	file, err := openInput(c, name)
	if err != nil {
		return err
	}
	defer file.Close()
	p := newProgress(c.ErrOrStderr(), "event", file)
	s := &stream{noun: "event", progress: p, errs: c.ErrOrStderr()}
	return s.follow(c, a.StreamEvents(c.Context(), withoutMark(p.through(file))), output)
}
