package app

import (
	"cmp"
	"errors"
	"flag"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"nudge/client"
	"nudge/engine"
	"nudge/examples"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/store"
	"nudge/store/bolt"
)

// patience is how long a test waits for something that must happen.
const patience = 20 * time.Second

// quickly is the script of a person who reads at once.
func quickly(sandbox.Message) people.Script {
	return people.Script{{Does: people.Delivers}, {Does: people.Reads}}
}

// partitions lets the tests of this package run over a divided store: what users see must be the same.
var partitions = flag.Int("partitions", 0, "into how many partitions the stores of the tests are divided; 0: they are not")

// startExample runs a project against a sandbox. Both use free ports.
func startExample(t *testing.T, files fs.FS, dir string) *Local {
	t.Helper()
	return startProject(t, Read(files, LocalSettings(os.LookupEnv)), dir)
}

// startProject is startExample with a project that is read already.
func startProject(t *testing.T, p *Project, dir string) *Local {
	t.Helper()
	p.Settings.Partitions = cmp.Or(p.Settings.Partitions, *partitions)
	if p.List.HasErrors() {
		t.Fatal(p.List)
	}
	local, err := StartLocal(t.Context(), LocalConfig{Project: p, DataDir: dir, People: quickly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Stop(); err != nil {
			t.Error(err)
		}
		if report, err := checkStore(dir); err != nil || len(report.Problems) > 0 {
			t.Errorf("the store: %+v, %v", report, err)
		}
	})
	return local
}

func clientOf(t *testing.T, i *Instance) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Server: i.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// checkStore checks the store that a stopped instance has left.
func checkStore(dir string) (*store.Report, error) {
	files, err := bolt.OpenExisting(dir)
	if err != nil {
		return nil, err
	}
	all, err := store.OpenAll(files.KVs())
	if err != nil {
		return nil, err
	}
	s := store.Join(all)
	report, err := s.Check()
	return report, errors.Join(err, s.Close())
}

// TestHello runs the smallest example over real HTTP in both directions.
func TestHello(t *testing.T) {
	local := startExample(t, examples.Hello(), t.TempDir())
	a := clientOf(t, local.Instance)
	answer, err := a.SendEvent(t.Context(), client.Event{
		Type: "user.signed_up", Profile: "ann", Data: []byte(`{"name": "Ann"}`),
	})
	if err != nil || len(answer.Decisions) != 1 {
		t.Fatalf("%+v, %v", answer, err)
	}
	r := untilRun(t, a, answer.Decisions[0].Run, func(r *client.Run) bool {
		return r.Outcome != "" && r.Messages[0].Status == "read"
	})
	if r.Outcome != engine.OutcomeCompleted {
		t.Errorf("the run ended as %s", r.Outcome)
	}
	sent := local.Sandbox.Messages()
	if len(sent) != 1 || sent[0].Text != "Hello Ann, good to have you here." {
		t.Errorf("the service has %+v", sent)
	}
}

// untilRun asks for a run until it is in the expected state. The API has no other way to
// learn this.
func untilRun(t *testing.T, a *client.Client, id string, done func(*client.Run) bool) (r *client.Run) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		var err error
		if r, err = a.Run(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if done(r) {
			return r
		}
	}
	t.Fatalf("the run never came there: %+v", r)
	return r
}

func TestInstanceStopsTwice(t *testing.T) {
	i := startExample(t, examples.Hello(), t.TempDir())
	if err := errors.Join(i.Stop(), i.Stop()); err != nil {
		t.Error(err)
	}
	var unreachable *client.UnreachableError
	if _, err := clientOf(t, i.Instance).SendEvent(t.Context(), client.Event{Type: "x"}); !errors.As(err, &unreachable) {
		t.Errorf("a stopped instance answers: %v", err)
	}
}

// An instance that does not start leaves nothing open.
func TestInstanceThatDoesNotStart(t *testing.T) {
	dir := t.TempDir()
	first := startExample(t, examples.Hello(), dir)
	_, err := StartLocal(t.Context(), LocalConfig{
		Project: Read(examples.Hello(), LocalSettings(os.LookupEnv)), DataDir: dir, People: quickly,
	})
	var marked *Error
	if !errors.As(err, &marked) || marked.Kind != Failed {
		t.Errorf("two instances in one folder: %v", err)
	}
	if err := first.Stop(); err != nil {
		t.Error(err)
	}
	again := startExample(t, examples.Hello(), dir)
	if err := again.Stop(); err != nil {
		t.Error(err)
	}
}

// A mode that an operator has set by the API survives a reload, unless the file changes
// it.
func TestOutboundModeThroughAReload(t *testing.T) {
	i := startExample(t, examples.Hello(), t.TempDir())
	load := func(text string) *Project {
		files := fstest.MapFS{"nudge.yaml": {Data: []byte("project: hello\n" + text)}}
		p := Read(files, AllSettings(os.LookupEnv))
		if p.List.HasErrors() {
			t.Fatal(p.List)
		}
		return p
	}
	mode := func() engine.Outbound {
		state, err := i.store.State()
		if err != nil {
			t.Fatal(err)
		}
		return state.Outbound
	}
	for _, step := range []struct {
		file string
		want engine.Outbound
	}{
		{"outbound: live", engine.OutboundLive},
		{"outbound: hold", engine.OutboundHold},
		{"", engine.OutboundHold},
		{"outbound: { only: [ann] }", engine.OutboundOnly},
	} {
		if err := i.adopt(t.Context(), load(step.file), nil); err != nil {
			t.Fatal(err)
		}
		if got := mode(); got != step.want {
			t.Errorf("after %q the mode is %s, want %s", step.file, got, step.want)
		}
	}
	live := &engine.Control{Outbound: engine.OutboundLive}
	if err := i.submit(t.Context(), &engine.Input{Payload: live}); err != nil {
		t.Fatal(err)
	}
	if err := i.adopt(t.Context(), load("outbound: { only: [ann] }"), nil); err != nil {
		t.Fatal(err)
	}
	if got := mode(); got != engine.OutboundLive {
		t.Errorf("a reload of the same file took the operator's mode back: %s", got)
	}
}

// A fast clock never goes back: it starts at the instant of the store.
func TestFastClockStartsAtTheStore(t *testing.T) {
	ahead := engine.InstantOf(time.Now().Add(1000 * time.Hour))
	if got := clockFor(500, ahead).Now(); got.Before(ahead.Time()) {
		t.Errorf("the clock shows %s, the store %s", got, ahead)
	}
	if got := time.Until(clockFor(500, 0).Now()); got < -time.Hour || got > time.Hour {
		t.Errorf("a new store's clock is %s away from now", got)
	}
}
