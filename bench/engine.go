package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// stopGrace is how long an engine may take to stop.
	stopGrace = time.Minute
	// saidBytes is how much of a failed engine's output an error quotes.
	saidBytes = 2000
	// logFile is the engines' log file, below the project.
	logFile = "engine.log"
)

// engine is nudge serve as a separate process.
type engine struct {
	url   string
	dir   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process has ended
	err   error         // of the process; valid after it has ended
}

// startEngine starts the engine on the project in a folder, and returns when it serves.
// The engine is killed when ctx ends, or when this process does.
func startEngine(ctx context.Context, command []string, dir string) (*engine, error) {
	log, err := os.OpenFile(filepath.Join(dir, logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	args := append(command[1:len(command):len(command)], "serve", "-c", dir)
	e := &engine{dir: dir, cmd: exec.CommandContext(ctx, command[0], args...), ended: make(chan struct{})}
	e.cmd.Stderr, e.cmd.SysProcAttr = log, childAttributes()
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(out); e.url == "" && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "nudge is ready: api "); ok {
			e.url, _, _ = strings.Cut(rest, " ")
		}
	}
	go func() { // ends with the process
		e.err = e.cmd.Wait()
		close(e.ended)
	}()
	if e.url == "" {
		e.kill()
		return nil, e.failure()
	}
	return e, nil
}

func (e *engine) pid() int { return e.cmd.Process.Pid }

// stop ends the engine in the same way as an operator.
func (e *engine) stop() error {
	select {
	case <-e.ended: // something else ended it
		return nil
	default:
	}
	if err := e.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		e.kill()
		return fmt.Errorf("stop the engine: %w", err)
	}
	select {
	case <-e.ended:
	case <-time.After(stopGrace):
		e.kill()
		return fmt.Errorf("the engine did not stop within %s", stopGrace)
	}
	if e.err != nil {
		return e.failure()
	}
	return nil
}

// kill ends the engine at once, like a power cut.
func (e *engine) kill() {
	e.cmd.Process.Kill() // it fails only if the process has already ended
	<-e.ended
}

// failure returns why an engine has ended, with the end of its output.
func (e *engine) failure() error {
	said, err := os.ReadFile(filepath.Join(e.dir, logFile))
	if err != nil {
		return err
	}
	cause := e.err
	if cause == nil {
		cause = errors.New("it ended by itself")
	}
	return fmt.Errorf("the engine: %w\n%s", cause, said[max(0, len(said)-saidBytes):])
}
