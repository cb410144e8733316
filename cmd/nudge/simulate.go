package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/client"
	"nudge/flows"
	"nudge/sandbox/people"
	"nudge/whatif/story"
)

const simulateHelp = `Simulate plays one flow in virtual time and shows everything that happens: every step, every
message as it is rendered, and every condition with its values. Nothing leaves this machine,
and no time passes. The simulation starts on Monday, 2 March 2026 at 10:00 in the project's
time zone, unless you give --start.

Flags or a file give the event that starts the flow, with type, profile, data and
profile_data as in nudge events send. People get every message after a second and never
read, unless --person says what they do. With --interactive you choose at every wait what
happens next. --story plays a test instead, named by its FILE#NAME.

The simulation stops when all runs that the event started have ended. What the schedules of
other flows do meanwhile is not shown. With --all it goes on, and shows that, too.`

const simulateExample = `  nudge simulate order_shipped --data '{"order_id": "7", "customer": "ann", "total": 12}'
  nudge simulate order_shipped --file event.json --person 'reads after 3s'
  nudge simulate nps --interactive
  nudge simulate --story 'tests/cart.yaml#emptied, then nothing'`

const (
	simulatedPerson = "ann"
	simulatedStart  = "2026-03-02 10:00"
	simulatedFor    = "365d"
)

// simulation contains the flags of simulate.
type simulation struct {
	dir, event, profile, data, profileData, file string
	start, length, story                         string
	people, answers, arms                        []string
	interactive, all                             bool
	output                                       *format
}

func newSimulate() *cobra.Command {
	s := &simulation{}
	c := &cobra.Command{
		Use:     "simulate FLOW | --story FILE#NAME",
		Short:   "Play one flow in virtual time and show everything that happens",
		Long:    simulateHelp,
		Example: simulateExample,
		Args:    cobra.MaximumNArgs(1),
	}
	flags := c.Flags()
	flags.StringVarP(&s.dir, "dir", "C", ".", "the project's folder")
	flags.StringVar(&s.event, "event", "", "the event that starts the flow; by default its first one")
	flags.StringVar(&s.profile, "profile", "", "the person that the event names; by default "+simulatedPerson)
	flags.StringVar(&s.data, "data", "", "the data, a JSON object: JSON, @FILE, or - for standard input")
	flags.StringVar(&s.profileData, "profile-data", "", "what is known of the person, a JSON object, given as --data is")
	flags.StringVarP(&s.file, "file", "f", "", "a file with the event, a JSON object; - for standard input")
	flags.StringArrayVar(&s.people, "person", nil, "what people do with messages, for example \"reads after 3s\"; \"ann: fails\" for one of them")
	flags.StringArrayVar(&s.answers, "answer", nil, "what a fetch step gets: STEP=JSON or STEP=STATUS")
	flags.StringArrayVar(&s.arms, "arm", nil, "the arm that a split deals: SPLIT=ARM")
	flags.StringVar(&s.start, "start", "", "when the simulation starts, for example \""+simulatedStart+" Europe/London\"")
	flags.StringVar(&s.length, "for", simulatedFor, "how long it lasts at most")
	flags.StringVar(&s.story, "story", "", "play a test, named by its FILE#NAME")
	flags.BoolVar(&s.all, "all", false, "go on after the run has ended, and show the schedules of other flows, too")
	flags.BoolVarP(&s.interactive, "interactive", "i", false, "choose at every wait what happens next")
	s.output = outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case s.story != "" && len(args) > 0, s.story == "" && len(args) == 0:
			return wrongUsage(errors.New("name either a FLOW, or a test with --story FILE#NAME"))
		case s.story != "":
			return s.playStory(c)
		}
		return s.play(c, args[0])
	}
	return c
}

// play simulates one flow.
func (s *simulation) play(c *cobra.Command, name string) error {
	p, err := app.Load(s.dir, app.LocalSettings(os.LookupEnv), c.ErrOrStderr())
	if err != nil {
		return err
	}
	f := p.Flow(name)
	if f == nil {
		var known []string
		for _, f := range p.Flows {
			known = append(known, f.Name)
		}
		return wrongUsage(fmt.Errorf("there is no flow %q; %s", name, didYouMean(name, known)))
	}
	ev, err := s.firstEvent(f, c.InOrStdin())
	if err != nil {
		return err
	}
	w, until, err := s.world(p, ev)
	if err != nil {
		return err
	}
	t := &telling{world: w, flow: name, all: s.all, out: c.OutOrStdout(), quiet: *s.output == asJSON}
	err = begin(w, f, ev)
	if err == nil && s.interactive {
		err = (&chooser{telling: t, in: c.InOrStdin(), talk: c.ErrOrStderr(), profile: ev.Profile}).choose(until)
	} else if err == nil {
		err = t.rest(until)
	}
	return s.finish(t, err)
}

// finish shows the rest. An error comes from the story, such as a refused event.
func (s *simulation) finish(t *telling, err error) error {
	if *s.output == asJSON {
		if failure := writeJSON(t.out, simulated{Timeline: t.shown(t.world.Timeline()), Runs: runsOf(t)}); failure != nil {
			return failure
		}
		return wrongInput(err)
	}
	if failure := t.tell(); failure != nil {
		return failed(failure)
	}
	for _, r := range runsOf(t) {
		fmt.Fprintln(t.out, r.text())
	}
	return wrongInput(err)
}

// firstEvent is the event that starts the flow; without a type, the flow is called.
func (s *simulation) firstEvent(f *flows.Flow, in io.Reader) (*client.Event, error) {
	ev := &client.Event{Type: s.event, Profile: s.profile}
	if s.file != "" {
		at := s.file
		if at != "-" {
			at = "@" + at
		}
		raw, err := readData("--file", at, in)
		if err != nil {
			return nil, err
		}
		if err := decodeEvent(raw, ev); err != nil {
			return nil, err
		}
	}
	for _, given := range []struct {
		name, flag string
		into       *[]byte
	}{{"--data", s.data, (*[]byte)(&ev.Data)}, {"--profile-data", s.profileData, (*[]byte)(&ev.ProfileData)}} {
		raw, err := readData(given.name, given.flag, in)
		if err != nil {
			return nil, err
		}
		if raw != nil {
			*given.into = raw
		}
	}
	for i := range f.Triggers {
		if ev.Type == "" {
			ev.Type = f.Triggers[i].Event
		}
	}
	if ev.Profile == "" && needsPerson(f, ev.Type) {
		ev.Profile = simulatedPerson
	}
	return ev, nil
}

// needsPerson reports whether a flow needs the person that the event names.
func needsPerson(f *flows.Flow, event string) bool {
	for i := range f.Triggers {
		if t := &f.Triggers[i]; t.Event == event && t.To != nil {
			return false
		}
	}
	return true
}

// world returns the world of the simulation and the latest instant.
func (s *simulation) world(p *app.Project, ev *client.Event) (*story.World, time.Time, error) {
	start, err := startOf(s.start, p)
	if err != nil {
		return nil, start, wrongUsage(err)
	}
	length, err := flows.ParseDuration(s.length)
	if err != nil {
		return nil, start, wrongUsage(fmt.Errorf("--for: %w", err))
	}
	people, others, err := peopleOf(s.people)
	if err != nil {
		return nil, start, wrongUsage(err)
	}
	if ev.ProfileData != nil {
		people = withAttributes(people, others, ev)
	}
	answers, err := answersOf(s.answers)
	if err != nil {
		return nil, start, wrongUsage(err)
	}
	arms, err := armsOf(s.arms, p.Flows)
	if err != nil {
		return nil, start, wrongUsage(err)
	}
	w, err := story.NewWorld(p.Flows, people, start, p.Folder)
	if err != nil {
		return nil, start, wrongInput(err)
	}
	if !s.interactive || len(s.people) > 0 { // in interactive mode the user decides what people do
		w.Others = others
	}
	w.Answer(answers)
	w.Deal(arms)
	return w, length.After(start, start.Location()), nil
}

// armsOf reads which arms splits deal.
func armsOf(texts []string, all []*flows.Flow) (story.Arms, error) {
	arms := story.Arms{}
	for _, text := range texts {
		split, arm, ok := strings.Cut(text, "=")
		var known []string
		for _, f := range all {
			if i := f.StepNamed(split); i >= 0 {
				for _, share := range f.Steps[i].Split {
					known = append(known, share.As)
				}
			}
		}
		switch {
		case !ok:
			return nil, fmt.Errorf("--arm: %q is not SPLIT=ARM", text)
		case len(known) == 0:
			return nil, fmt.Errorf("--arm: no split is called %q", split)
		case !slices.Contains(known, arm):
			return nil, fmt.Errorf("--arm: %s has no arm %q; %s", split, arm, didYouMean(arm, known))
		}
		arms[split] = arm
	}
	return arms, nil
}

func startOf(text string, p *app.Project) (time.Time, error) {
	if text == "" {
		text = simulatedStart + " " + p.Zone.String()
	}
	at, err := story.ParseStart(text)
	if err != nil {
		return at, fmt.Errorf("--start: %w", err)
	}
	return at, nil
}

// peopleOf reads what the named people do, and what all others do.
func peopleOf(texts []string) (people []story.Person, others people.Script, err error) {
	if others, err = story.ParseScript("never reads"); err != nil {
		return nil, nil, err
	}
	for _, text := range texts {
		name, does, named := strings.Cut(text, ":")
		if !named || strings.ContainsAny(name, ` "`) {
			name, does = "", text
		}
		script, err := story.ParseScript(strings.TrimSpace(does))
		if err != nil {
			return nil, nil, fmt.Errorf("--person: %w", err)
		}
		if name == "" {
			others = script
		} else {
			people = append(people, story.Person{Name: name, Script: script})
		}
	}
	return people, others, nil
}

func withAttributes(people []story.Person, others people.Script, ev *client.Event) []story.Person {
	for i := range people {
		if people[i].Name == ev.Profile {
			people[i].Attributes = ev.ProfileData
			return people
		}
	}
	return append(people, story.Person{Name: ev.Profile, Script: others, Attributes: ev.ProfileData})
}

// begin starts the flow.
func begin(w *story.World, f *flows.Flow, ev *client.Event) error {
	if ev.Type == "" {
		return w.Call(f.Name, ev.Profile, "", ev.Data)
	}
	return w.Event(ev.Type, ev.Profile, ev.Data)
}
