package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// pollEvery is how often the driver asks the engine for its progress. An answer costs the
// engine some tens of microseconds.
const pollEvery = 10 * time.Millisecond

// session is one measurement in progress.
type session struct {
	Config
	ctx    context.Context
	client *http.Client
	sink   *sink
	engine *engine // nil before prepare
	report *Report
}

func newSession(ctx context.Context, w Workload, config Config) (*session, error) {
	sink, err := newSink()
	if err != nil {
		return nil, err
	}
	s := &session{
		Config: config, ctx: ctx, sink: sink,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: maxCallers, MaxConnsPerHost: maxCallers, DisableCompression: true}},
		report: &Report{Workload: w.Name, Runs: config.Runs, Callers: config.Callers, Phases: []Phase{}, Machine: Machine{
			CPUs: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), FileSystem: fileSystem(config.Dir),
		}},
	}
	if s.report.Machine.FileSystem == memoryFileSystem {
		s.note("%s is in memory: a sync costs nothing there, and no figure says what a disk would", config.Dir)
	}
	return s, nil
}

// close ends everything that still runs.
func (s *session) close() error {
	var err error
	if s.engine != nil {
		err = s.engine.stop()
	}
	s.client.CloseIdleConnections()
	return errors.Join(err, s.sink.close())
}

// note adds a remark for the readers of the report.
func (s *session) note(format string, a ...any) {
	s.report.Notes = append(s.report.Notes, fmt.Sprintf(format, a...))
}

// prepare writes a project and starts the engine on it.
func (s *session) prepare(files map[string]string) error {
	files["nudge.yaml"] = fmt.Sprintf(`account: { url: %s, path: /cpaas, token: benchmark }
webhooks: { secrets: [ %s ] }
listen: 127.0.0.1:0
data_dir: %s
`, s.sink.url, secret, dataFolder)
	if s.Partitions > 0 {
		files["nudge.yaml"] += fmt.Sprintf("partitions: %d\n", s.Partitions)
		s.note("the store has %d partitions", s.Partitions)
	}
	if s.Store != "" {
		files["nudge.yaml"] += fmt.Sprintf("store: %q\n", s.Store)
		s.note("the store is a PostgreSQL, which shares the machine")
	}
	for name, text := range files {
		path := filepath.Join(s.Dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			return err
		}
	}
	return s.begin()
}

// begin starts the engine on the present project.
func (s *session) begin() (err error) {
	s.engine, err = startEngine(s.ctx, s.Config.Engine, s.Dir)
	return err
}

// until polls a progress value until it is complete.
func (s *session) until(phase string, whole int, done func() (int, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		n, err := done()
		if err != nil || n >= whole {
			return err
		}
		s.Show(phase, n, whole)
		select {
		case <-tick.C:
		case <-s.engineEnded():
			return s.engine.failure()
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
}

// engineEnded returns a channel that is closed when the engine has ended; nil if there is
// no engine.
func (s *session) engineEnded() <-chan struct{} {
	if s.engine == nil {
		return nil
	}
	return s.engine.ended
}
