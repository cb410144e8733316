package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"nudge/engine"
)

const eventsSendHelp = `Send tells a running server what happened: one event, or a file of them, one JSON
object on each line with type, profile, data and id. An event with an id that was used
before changes nothing and gets the first answer again, so a file may be sent twice.`

const eventsSendExample = `  nudge events send order.shipped --data '{"order_id": "7", "customer": "ann", "total": 12}'
  nudge events send user.signed_up --profile ann --data @event.json --id signup-ann
  nudge events send -f events.ndjson`

// eventOptions are the flags of events send.
type eventOptions struct {
	profile, data, id, file string
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
	c.Flags().StringVar(&o.id, "id", "", "makes the event safe to send again")
	c.Flags().StringVarP(&o.file, "file", "f", "", "a file of events, one JSON object on each line; - for standard in")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		a, err := flags.api()
		if err != nil {
			return err
		}
		switch {
		case o.file != "" && (len(args) > 0 || o.profile+o.data+o.id != ""):
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
	data, err := readData(o.data, c.InOrStdin())
	if err != nil {
		return err
	}
	answer, err := a.postEvent(c.Context(), event{ID: o.id, Type: kind, Profile: o.profile, Data: data})
	if err != nil {
		return err
	}
	if output == asJSON {
		return writeJSON(c.OutOrStdout(), answer)
	}
	writeAnswer(c.OutOrStdout(), kind, answer)
	return nil
}

// writeAnswer says what an event led to.
func writeAnswer(w io.Writer, kind string, a *engine.Answer) {
	again := ""
	if a.Repeated {
		again = ", as it was the first time"
	}
	if len(a.Decisions) == 0 {
		fmt.Fprintf(w, "%s taken%s; it concerned nobody\n", kind, again)
		return
	}
	fmt.Fprintf(w, "%s taken%s\n", kind, again)
	for _, d := range a.Decisions {
		words := []string{" ", d.Flow, string(d.Did)}
		if d.Run != "" {
			words = append(words, d.Run)
		}
		if d.Reason != "" {
			words = append(words, "("+d.Reason+")")
		}
		fmt.Fprintln(w, strings.Join(words, " "))
	}
}

// readData is JSON as a flag gives it: itself, @FILE, or - for standard in.
func readData(flag string, in io.Reader) (json.RawMessage, error) {
	if flag == "" {
		return nil, nil
	}
	raw, err := []byte(flag), error(nil)
	if flag == "-" {
		raw, err = io.ReadAll(in)
	} else if name, ok := strings.CutPrefix(flag, "@"); ok {
		raw, err = os.ReadFile(name)
	}
	if err != nil {
		return nil, wrongInput(fmt.Errorf("--data: %w", err))
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, wrongInput(fmt.Errorf("--data is no JSON object: %w", err))
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
