package world

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing/fstest"
	"time"

	"nudge/app"
	"nudge/client"
	"nudge/lang/diag"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

//go:embed acme
var files embed.FS

// World is a running server with what is in it.
type World struct {
	URL    string // without a slash at its end
	API    *client.Client
	Places map[string]string // the values for the gaps of addresses: run, person, campaign
	stop   func() error
}

// Stop ends the server.
func (w *World) Stop() error { return w.stop() }

// began is when the worlds begin: a Monday at nine.
var began = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// Acme returns the files of the project of the filled world. They may be changed.
func Acme() fstest.MapFS {
	project := fstest.MapFS{}
	err := fs.WalkDir(files, "acme", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		project[strings.TrimPrefix(name, "acme/")] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		panic("world: " + err.Error()) // the files are embedded
	}
	return project
}

// scripts is what people do with a message.
type scripts func(sandbox.Message) people.Script

// noSettings reads what a project needs beside a sandbox.
var noSettings = app.LocalSettings(func(string) (string, bool) { return "", false })

// local starts a project with the sandbox, and with a clock that stands still until somebody moves it.
func local(ctx context.Context, folder string, project fs.FS, clock *app.SteeredClock, do scripts) (*World, error) {
	p := app.Read(project, noSettings)
	if err := mistakes(p.List); err != nil {
		return nil, err
	}
	running, err := app.StartLocal(ctx, app.LocalConfig{
		Project: p, DataDir: filepath.Join(folder, "data"), File: filepath.Join(folder, "sandbox.db"), Clock: clock, People: do,
	})
	if err != nil {
		return nil, err
	}
	return worldOf(running.URL(), running.Stop, "")
}

// guarded starts a project as a server with tokens, which sends to a sandbox. The clock stands still.
func guarded(ctx context.Context, folder string, project fs.FS, clock *app.SteeredClock) (*World, error) {
	listener, err := app.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	box, err := app.StartSandbox(listener, sandbox.Config{}, log)
	if err != nil {
		return nil, err
	}
	p := app.Read(project, app.AllSettings(func(name string) (string, bool) { return box.URL(), name == "PROVIDER" }))
	if err := mistakes(p.List); err != nil {
		return nil, errors.Join(err, box.Stop())
	}
	api, err := app.Listen("127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, box.Stop())
	}
	running, err := app.Start(ctx, app.Config{Project: p, DataDir: filepath.Join(folder, "data"), Listener: api, Clock: clock, Log: log})
	if err != nil {
		return nil, errors.Join(err, box.Stop())
	}
	return worldOf(running.URL(), func() error { return errors.Join(running.Stop(), box.Stop()) }, Token("admin"))
}

func worldOf(address string, stop func() error, token string) (*World, error) {
	api, err := client.New(client.Config{Server: address, Token: token})
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return &World{URL: address, API: api, Places: map[string]string{}, stop: stop}, nil
}

// mistakes are those that a project does not run with.
func mistakes(list diag.List) error {
	if !list.HasErrors() {
		return nil
	}
	return fmt.Errorf("the project of the world is wrong: %v", list)
}

// Login opens a session of the console for a role, and returns its cookie.
func (w *World) Login(scope string) (*http.Cookie, error) {
	direct := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := direct.PostForm(w.URL+"/console/login", url.Values{"token": {Token(scope)}})
	if err != nil {
		return nil, err
	}
	answer.Body.Close()
	for _, c := range answer.Cookies() {
		return c, nil
	}
	return nil, fmt.Errorf("the login as %s sets no cookie: %s", scope, answer.Status)
}

// Fill puts the names of things into the gaps of an address, such as {run}.
func (w *World) Fill(address string) string {
	for place, value := range w.Places {
		address = strings.ReplaceAll(address, "{"+place+"}", url.PathEscape(value))
	}
	return address
}

// Roles are the scopes that a token of [Filled] may have, and what the token is; see acme/nudge.yaml.
var Roles = []struct{ Scope, Token string }{
	{"read", "token-of-rita"}, {"operate", "token-of-olu"}, {"author", "token-of-anna"}, {"admin", "token-of-adam"}, {"events", "token-of-shop-eu"},
}

// Token returns the token of a role.
func Token(scope string) string {
	for _, r := range Roles {
		if r.Scope == scope {
			return r.Token
		}
	}
	return ""
}

// Filled starts a server with tokens on which five days have passed.
func Filled(ctx context.Context, folder string) (*World, error) {
	f, err := fill(ctx, folder)
	if err != nil {
		return nil, err
	}
	w, err := guarded(ctx, folder, f.project, f.clock)
	if err == nil {
		w.Places = f.Places
	}
	return w, err
}

// Empty starts a project in which nothing has happened yet, without tokens.
func Empty(ctx context.Context, folder string) (*World, error) {
	return local(ctx, folder, Acme(), app.NewSteeredClock(began, 1, true), nil)
}
