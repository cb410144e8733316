package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"

	"nudge/channels/appmessaging"
	"nudge/runner"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

// fastClock is a clock of which the engine and the people of the local service can
// share one.
type fastClock interface {
	runner.Clock
	sandbox.Clock
}

// localConfig says what to run against a service of our own.
type localConfig struct {
	Project *project                 // required, without errors
	DataDir string                   // required
	Reload  func() (*project, error) // as instanceConfig has it
	Listen  string                   // address of the API
	Local   string                   // address of the service
	File    string                   // where the service keeps its messages; empty: nowhere
	People  func(sandbox.Message) people.Script
	Faults  people.Faults
	Clock   fastClock // nil: the real one
	Log     *slog.Logger
}

// startWithLocal starts a local service and an instance that knows no other provider,
// whatever the project's settings say. On an error nothing is left running.
func startWithLocal(ctx context.Context, c localConfig) (*localService, *instance, error) {
	api, err := listenOn(c.Listen)
	if err != nil {
		return nil, nil, err
	}
	listener, err := listenOn(c.Local)
	if err != nil {
		return nil, nil, errors.Join(err, api.Close())
	}
	secret := rand.Text()
	config := sandbox.Config{
		WebhookURL: webhookURL(api), Secret: secret, File: c.File, People: c.People, Faults: c.Faults, Log: c.Log,
	}
	if c.Clock != nil {
		config.Clock = c.Clock
	}
	local, err := startLocal(listener, config, c.Log)
	if err != nil {
		return nil, nil, errors.Join(err, api.Close())
	}
	c.Project.Settings = settings{
		Accounts: []account{local.account()}, Secrets: []appmessaging.Secret{appmessaging.Secret(secret)}, Speed: 1,
		People: c.Project.Settings.People, Fetch: c.Project.Settings.Fetch,
	}
	built := instanceConfig{Project: c.Project, DataDir: c.DataDir, Reload: c.Reload, Listener: api, Log: c.Log}
	if c.Clock != nil {
		built.Clock = c.Clock
	}
	i, err := startInstance(ctx, built)
	if err != nil {
		return nil, nil, errors.Join(err, local.Stop())
	}
	return local, i, nil
}
