package simtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"nudge/audience"
	"nudge/channels"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner"
)

// scenario is a story in the words of the engine's scripts, played on a machine whose
// disk fails at one place. A caller that gets no answer asks again, as clients and providers
// do.
type scenario struct {
	deploys  map[string]*engine.Deploy // by folder
	files    fstest.MapFS              // among them those of audiences
	begins   time.Time
	commands []string

	*machine
	now   time.Time
	next  engine.Instant
	plan  plan
	fired bool
	ops   int // of the disk so far

	senders int
	account runner.AccountSettings // how the account behaves from the next start on
	asks    []engine.StatusQuery   // by their number in the story
	auto    bool                   // the provider accepts what is posted
	fails   string                 // the person whose messages it reports as failed
	fetches []engine.FetchPost
}

// plan is the fault of a scenario: at which operation of the disk, counted from the
// story's beginning.
type plan struct {
	kind   faultKind
	at     int
	sticky bool // from there on, until the process is started again
	again  int  // operation of the next start at which the process dies again; 0 for none
}

// beginning is when the stories of the engine begin.
var beginning = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

var errWord = errors.New("sim: the story has a word that scenarios do not know")

// newScenarios are the stories of a file: each begins in a new world.
func newScenarios(archive *txtar.Archive) (all []*scenario, err error) {
	first, err := newScenario(archive)
	if err != nil {
		return nil, err
	}
	part, told := *first, first.commands
	part.commands = nil
	for _, c := range told {
		when, starts := strings.CutPrefix(c, "start ")
		if !starts {
			part.commands = append(part.commands, c)
			continue
		}
		all = append(all, &scenario{deploys: part.deploys, files: part.files, begins: part.begins, commands: part.commands})
		if part.begins, err = time.Parse("2006-01-02 15:04", when); err != nil {
			return nil, err
		}
		var kept []string
		for _, c := range part.commands { // the provider stays as it is
			if strings.HasPrefix(c, "provider ") {
				kept = append(kept, c)
			}
		}
		part.commands = kept
	}
	return append(all, &part), nil
}

func newScenario(archive *txtar.Archive) (*scenario, error) {
	s := &scenario{deploys: map[string]*engine.Deploy{}, files: fstest.MapFS{}, begins: beginning}
	folders := map[string]fstest.MapFS{"": {}}
	for _, f := range archive.Files {
		if f.Name == "story" {
			s.commands = commandsOf(string(f.Data))
			continue
		}
		if f.Name == "project" {
			if err := readProject(folders[""], strings.Fields(string(f.Data))); err != nil {
				return nil, err
			}
			continue
		}
		folder, name := "", f.Name
		if first, rest, ok := strings.Cut(f.Name, "/"); ok && first != "flows" && first != "templates" && first != audience.Dir {
			folder, name = first, rest
		}
		s.files[f.Name] = &fstest.MapFile{Data: f.Data}
		if folders[folder] == nil {
			folders[folder] = fstest.MapFS{}
		}
		folders[folder][name] = &fstest.MapFile{Data: f.Data}
	}
	for folder, files := range folders {
		project, list := flows.Load(files)
		if list.HasErrors() {
			return nil, list
		}
		d := &engine.Deploy{Marks: project.Marks()}
		for _, f := range project.Flows {
			d.Flows = append(d.Flows, f.Bundle)
		}
		s.deploys[folder] = d
	}
	return s, nil
}

// readProject takes the files of a project in a folder, and of its flows those that are
// named.
func readProject(into fstest.MapFS, words []string) error {
	dir := os.DirFS(filepath.Join("..", words[0]))
	for _, pattern := range []string{"*.yaml", "flows/*.yaml", "templates/*.yaml"} {
		found, err := fs.Glob(dir, pattern)
		if err != nil {
			return err
		}
		for _, name := range found {
			if path.Dir(name) == "flows" && !slices.Contains(words[1:], strings.TrimSuffix(path.Base(name), ".yaml")) {
				continue
			}
			text, err := fs.ReadFile(dir, name)
			if err != nil {
				return err
			}
			into[name] = &fstest.MapFile{Data: text}
		}
	}
	return nil
}

// commandsOf are the lines of a story without what the engine said to them.
func commandsOf(text string) (commands []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
			continue
		}
		commands = append(commands, strings.TrimSpace(line))
	}
	return commands
}

// play plays the story from its beginning.
func (s *scenario) play(p plan) error {
	s.machine, s.now, s.next, s.plan, s.fired = newMachine(), s.begins, 0, p, false
	s.shelf.sources.Project = s.files
	s.senders, s.auto, s.fails, s.fetches, s.ops = 64, false, "", nil, 0
	s.account, s.asks = runner.AccountSettings{}, nil
	if err := s.up(); err != nil {
		return err
	}
	if err := s.apply(&engine.Input{Payload: s.deploys[""]}); err != nil {
		return err
	}
	for _, c := range s.commands {
		if err := s.do(c); err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
	}
	// What is under way has two days to end.
	if err := s.pass(s.now.Add(48 * time.Hour)); err != nil {
		return err
	}
	return s.check()
}

// fault is the planned fault for the operations that come, whose number within the
// story is counted.
func (s *scenario) fault() fault {
	if s.fired || s.plan.kind == noFault {
		return fault{}
	}
	return fault{kind: s.plan.kind, at: s.plan.at - s.ops}
}

// settleFault notes whether the fault has struck.
func (s *scenario) settleFault(died bool) {
	s.ops += s.disk.ops
	s.fired = s.fired || died
}

// up starts a process, again where it dies.
func (s *scenario) up() error {
	for tries := 0; s.loop == nil; tries++ {
		f := s.fault()
		if s.fired && s.plan.again > 0 && tries == 0 {
			f = fault{kind: crashKept, at: s.plan.again}
		}
		lane := s.account
		lane.Account, lane.Places = engine.AnyAccount, s.senders
		step, err := s.start(s.now, []runner.AccountSettings{lane}, f)
		if err != nil {
			return err
		}
		s.settleFault(step == nil)
		if step != nil {
			return s.took(step)
		}
	}
	return nil
}

// group makes one step, and starts anew and asks again where the process dies.
func (s *scenario) group(g func() *runner.Group) error {
	for {
		if err := s.up(); err != nil {
			return err
		}
		var groups []*runner.Group
		if g != nil {
			one := g()
			if one == nil {
				return nil
			}
			groups = []*runner.Group{one}
		}
		step, err := s.stepOn(s.now, groups, s.fault(), s.plan.sticky)
		if err != nil {
			return err
		}
		s.settleFault(step == nil)
		if step == nil {
			continue
		}
		return s.took(step)
	}
}

func (s *scenario) took(step *runner.Step) error {
	s.next = step.Next
	s.fetches, s.asks = append(s.fetches, step.Fetches...), append(s.asks, step.Asks...)
	again := step.Again
	for _, f := range step.Freezes {
		if err := s.freeze(f); err != nil {
			return err
		}
	}
	for _, p := range step.Posts {
		if !s.auto {
			break
		}
		if err := s.group(s.resultOf(p, channels.Result{Outcome: channels.Accepted, ProviderID: "m"})); err != nil {
			return err
		}
		if p.Content.To == s.fails {
			if err := s.apply(&engine.Input{Payload: &engine.Receipt{Receipt: channels.Receipt{Ref: p.Content.Ref, Status: channels.Failed}}}); err != nil {
				return err
			}
		}
	}
	if again && s.loop != nil {
		return s.group(nil)
	}
	return nil
}

// freeze freezes an audience, for as long as the process lives that wants it.
func (s *scenario) freeze(f engine.SnapshotRequest) error {
	life := s.loop
	frozen, err := s.shelf.Freeze(context.Background(), f)
	if err != nil {
		return err
	}
	return s.group(func() *runner.Group {
		if s.loop != life {
			return nil
		}
		c := *frozen
		return &runner.Group{Inputs: []*engine.Input{{Payload: &c}}}
	})
}

func (s *scenario) apply(inputs ...*engine.Input) error {
	return s.group(func() *runner.Group {
		fresh := make([]*engine.Input, len(inputs))
		for i, in := range inputs {
			c := *in
			fresh[i] = &c
		}
		return &runner.Group{Inputs: fresh}
	})
}

// resultOf is the end of a post, which a process that was started since cannot bring.
func (s *scenario) resultOf(p engine.Post, r channels.Result) func() *runner.Group {
	life := s.loop
	return func() *runner.Group {
		if s.loop != life {
			return nil
		}
		return &runner.Group{Frees: 1, Inputs: []*engine.Input{{Payload: &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt, Result: r}}}}
	}
}

// pass lets time pass, timer by timer.
func (s *scenario) pass(until time.Time) error {
	for n := 0; s.next != 0 && !s.next.Time().After(until) && n < 10000; n++ {
		if s.now.Before(s.next.Time()) {
			s.now = s.next.Time()
		}
		if err := s.group(nil); err != nil {
			return err
		}
	}
	s.now = until
	return nil
}
