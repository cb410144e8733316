package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nudge/docs/pagetest"
)

// tutorialPage is read from top to bottom, with servers that its commands start.
const tutorialPage = "docs/tutorial.md"

// addedToEnd is the mark of a block whose text goes to the end of its file.
const addedToEnd = "added to the end"

// The addresses that the page names. The servers of the test listen elsewhere.
const (
	serverOnPage  = "http://127.0.0.1:8080"
	sandboxOnPage = "http://127.0.0.1:8081"
)

// changingToo are what changes, and instants.
var changingToo = regexp.MustCompile(changing.String() + `|\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ`)

// learner does what the tutorial says.
type learner struct {
	t               *testing.T
	server, sandbox string // where those listen that run now
	end             func() error
	webhooks        *httptest.Server // passes webhooks on to the server, which starts after the sandbox
	to              atomic.Pointer[url.URL]
}

// learn does everything on the page, in an empty folder.
func learn(t *testing.T, p pagetest.Page) (err error) {
	t.Chdir(t.TempDir())
	l := &learner{t: t, end: func() error { return nil }}
	l.webhooks = httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if to := l.to.Load(); to != nil {
			r.SetURL(to)
		}
	}})
	defer l.webhooks.Close()
	defer func() { err = errors.Join(err, l.end()) }()
	for _, b := range p.Blocks() {
		if err := l.block(b); err != nil {
			return fmt.Errorf("%s:%d: %w", p.Name, b.Line, err)
		}
	}
	return nil
}

func (l *learner) block(b pagetest.Block) error {
	if b.Language == "yaml" {
		return l.write(b)
	}
	shown := shownBy(b)
	if len(shown) == 0 {
		for _, command := range commandsOf(b) {
			shown = append(shown, commandShown{command: command})
		}
	}
	for _, s := range shown {
		if err := l.do(s); err != nil {
			return fmt.Errorf("%s: %w", s.command, err)
		}
	}
	return nil
}

// write writes the file that a block shows, or what comes to its end.
func (l *learner) write(b pagetest.Block) error {
	file, text := b.File("")
	text = strings.ReplaceAll(text, sandboxOnPage, l.sandbox)
	if b.Mark != addedToEnd {
		return os.WriteFile(file, []byte(text), 0o644)
	}
	before, err := os.ReadFile(file)
	if strings.HasPrefix(file, "tests/") {
		before = append(before, '\n')
	}
	if file == "nudge.yaml" {
		text += "listen: 127.0.0.1:0\n"
	}
	return errors.Join(err, os.WriteFile(file, append(before, text...), 0o644))
}

func (l *learner) do(s commandShown) error {
	program, rest, _ := strings.Cut(s.command, " ")
	switch {
	case s.command == "go build -o nudge ./cmd/nudge", strings.HasPrefix(s.command, "export PATH="):
		return nil // the program is this one
	case program == "cd":
		if _, err := os.Stat(rest); err != nil {
			return err
		}
		l.t.Chdir(rest)
		return nil
	case program == "export":
		for _, variable := range strings.Fields(rest) {
			name, value, _ := strings.Cut(variable, "=")
			l.t.Setenv(name, value)
		}
		return nil
	case program == "curl":
		return l.curl(s.command)
	}
	switch verb, _, _ := strings.Cut(rest, " "); verb {
	case "dev", "sandbox", "serve":
		return l.start(verb, rest)
	}
	return l.ask(s)
}

// start runs a verb that goes on until the next one of its kind, or the end of the page.
func (l *learner) start(verb, args string) error {
	switch verb {
	case "dev":
		args += " --listen 127.0.0.1:0 --sandbox 127.0.0.1:0"
	case "sandbox":
		if err := l.end(); err != nil { // nudge dev is over
			return err
		}
		l.end = func() error { return nil }
		args = strings.ReplaceAll(args, serverOnPage, l.webhooks.URL) + " --listen 127.0.0.1:0"
	}
	out, errs := make(lines, 1000), make(lines, 1000)
	root := newRoot()
	root.SetArgs(shellWords(args))
	root.SetOut(out)
	root.SetErr(errs)
	ctx, stop := context.WithCancel(l.t.Context())
	done, before := make(chan error, 1), l.end
	go func() { done <- root.ExecuteContext(ctx) }()
	l.end = func() error {
		stop()
		return errors.Join(<-done, before())
	}
	ready := strings.Fields(out.expect(l.t, " is ready: api "))
	if verb == "sandbox" {
		l.sandbox = ready[4]
		return nil
	}
	l.server = ready[4]
	l.t.Setenv("NUDGE_SERVER", l.server)
	to, err := url.Parse(l.server)
	l.to.Store(to)
	return err
}

// curl sends a request of the page.
func (l *learner) curl(command string) error {
	body := curlBody.FindStringSubmatch(command)
	path := curlURL.FindStringSubmatch(command)
	r, err := http.NewRequestWithContext(l.t.Context(), curlMethod.FindStringSubmatch(command)[1], l.server+path[1], strings.NewReader(body[1]))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if said, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s, %w", answer.Status, said, err)
	}
	return nil
}

// ask runs a command, and looks again until what it should show is there: messages and replies take a moment.
func (l *learner) ask(s commandShown) error {
	if s.want == "" {
		s.lines = true // whatever it prints
	}
	var err error
	for deadline := time.Now().Add(patience); ; {
		if err = s.check(changingToo); err == nil || l.server == "" || time.Now().After(deadline) {
			return err
		}
	}
}
