package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nudge/client"
	"nudge/sandbox"
	"nudge/sandbox/session"
)

// installed makes sure that the packages of testdata/sdk are there, which test.sh fetches.
func installed(t *testing.T) (node, folder string) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("%v; test.sh installs it", err)
	}
	folder, err = filepath.Abs(filepath.Join("testdata", "sdk"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json")); err == nil {
		return node, folder
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--prefer-offline", "--no-audit", "--no-fund")
	install.Dir = folder
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return node, folder
}

// TestSDKOrders drives several people's apps, with the provider's JavaScript SDK, through
// orders of events that went wrong once: testdata/sdk/orders.js has them.
func TestSDKOrders(t *testing.T) {
	node, folder := installed(t)
	for _, order := range []string{"two", "members", "restart"} {
		t.Run(order, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "sandbox.db")
			address, stop := serveSandbox(t, "127.0.0.1:0", file)
			auth := session.DefaultAuth()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			app := exec.CommandContext(ctx, node, "orders.js", "http://"+address, order,
				auth.Issuer, auth.Audience, auth.Secret, auth.IDClaim)
			app.Dir = folder
			var errs strings.Builder
			app.Stderr = &errs
			in, err := app.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := app.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := app.Start(); err != nil {
				t.Fatal(err)
			}
			var last string
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if last = lines.Text(); last == "restart" {
					stop()
					_, stop = serveSandbox(t, address, file)
					if _, err := io.WriteString(in, "go\n"); err != nil {
						t.Error(err)
					}
				}
			}
			if err := app.Wait(); err != nil || last != "done" {
				t.Errorf("the apps end with %q, %v\n%s", last, err, errs.String())
			}
			stop()
		})
	}
}

// serveSandbox runs a sandbox with a file until stop is called.
func serveSandbox(t *testing.T, address, file string) (at string, stop func()) {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{File: file})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler()}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return listener.Addr().String(), func() {
		s.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	}
}

// The provider's JavaScript SDK, unmodified, is a person's app: a flow's waits for read
// and for a reply end by what it does.
func TestSDK(t *testing.T) {
	node, folder := installed(t)
	dir := copyProject(t, os.DirFS(filepath.Join(folder, "project")))
	out, errs := make(lines, 1000), make(lines, 1000)
	d := &devSession{
		options: devOptions{dir: dir, listen: "127.0.0.1:0", local: "127.0.0.1:0"},
		out:     out, errs: errs, log: slog.New(slog.NewTextHandler(errs, nil)), look: tick(t), save: make(chan time.Time),
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.run(ctx) }()
	ready := strings.Fields(out.expect(t, "nudge is ready: api "))
	jwt := strings.Fields(out.expect(t, "apps: jwt HS256 "))
	const who = `dave o_neil@example.com`
	begin := client.Event{Type: "talk.begun", Profile: who}
	if _, err := clientOf(t, ready[4]).SendEvent(t.Context(), begin); err != nil {
		t.Fatal(err)
	}
	out.expect(t, "first handed to the channel")

	app := exec.CommandContext(t.Context(), node, "app.js", ready[8], who, jwt[4], jwt[6], jwt[8], jwt[10])
	app.Dir = folder
	got, err := app.CombinedOutput()
	want := `session of dave o_neil@example.com
conversation Customer_Services_dave_o_neil@example.com named Customer Services
read This is the first message. from Customer Services
heard This is the second message.
heard This is the third message.
done
`
	if err != nil || string(got) != want {
		t.Errorf("the app: %v\n%s\nwant:\n%s", err, got, want)
	}
	out.expect(t, "third handed to the channel")
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
