package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

const eventsSendHelp = `Send tells a running server what happened: one event, or a file of them, one JSON
object on each line with type, profile, data, profile_data and id. What profile_data
says of the person is known before any flow starts. An event with an id that was used
before changes nothing and gets the first answer again, so a file may be sent twice.`

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
	c.Flags().StringVar(&o.profile, "profile", "", "the person the event names")
	c.Flags().StringVar(&o.data, "data", "", "the data, a JSON object: as it is, @FILE, or - for standard in")
	c.Flags().StringVar(&o.profileData, "profile-data", "", "what is now known of the person, as --data is given")
	c.Flags().StringVar(&o.id, "id", "", "makes the event safe to send again")
	c.Flags().StringVarP(&o.file, "file", "f", "", "a file of events, one JSON object on each line; - for standard in")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		switch {
		case o.file != "" && (len(args) > 0 || o.profile+o.data+o.profileData+o.id != ""):
			return wrongUsage(errors.New("a file has its own types, profiles, data and ids; name either a TYPE or -f"))
		case o.file != "":
			return sendFile(c, a, o.file, *output)
		case len(args) == 0:
			return wrongUsage(errors.New("name the event's TYPE, or a file of events with -f"))
		}
		return sendOne(c, a, args[0], o, *output)
	}
	return c
}

func sendOne(c *cobra.Command, a *api, kind string, o eventOptions, output format) error {
	data, err := readData("--data", o.data, c.InOrStdin())
	if err != nil {
		return err
	}
	known, err := readData("--profile-data", o.profileData, c.InOrStdin())
	if err != nil {
		return err
	}
	answer, err := a.postEvent(c.Context(), event{ID: o.id, Type: kind, Profile: o.profile, Data: data, ProfileData: known})
	if err != nil {
		return err
	}
	if output == asJSON {
		return writeJSON(c.OutOrStdout(), answer)
	}
	return writeAnswer(c.OutOrStdout(), kind, answer)
}

// readData is JSON as a flag gives it: itself, @FILE, or - for standard in.
func readData(name, flag string, in io.Reader) (json.RawMessage, error) {
	if flag == "" {
		return nil, nil
	}
	raw, err := []byte(flag), error(nil)
	if flag == "-" {
		raw, err = io.ReadAll(in)
	} else if file, ok := strings.CutPrefix(flag, "@"); ok {
		raw, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, wrongInput(fmt.Errorf("%s: %w", name, err))
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, wrongInput(fmt.Errorf("%s is no JSON object: %w", name, err))
	}
	return raw, nil
}

// sendFile streams a file of events and says what became of them.
func sendFile(c *cobra.Command, a *api, name string, output format) error {
	file, err := openInput(c, name)
	if err != nil {
		return err
	}
	defer file.Close()
	p := newProgress(c.ErrOrStderr(), "event", file)
	s := &stream{api: a, path: "/v1/events", noun: "event", progress: p, errs: c.ErrOrStderr()}
	return s.send(c, p.through(file), output)
}

// openInput opens a file, or standard in for -.
func openInput(c *cobra.Command, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(c.InOrStdin()), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, wrongInput(err)
	}
	return f, nil
}
