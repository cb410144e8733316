package app

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

// FastClock is a clock of which the engine and the people of the local service can
// share one.
type FastClock interface {
	runner.Clock
	sandbox.Clock
}

// LocalConfig says what to run against a service of our own.
type LocalConfig struct {
	Project *Project                 // required, without errors
	DataDir string                   // required
	Reload  func() (*Project, error) // as instanceConfig has it
	Listen  string                   // address of the API
	Local   string                   // address of the service
	File    string                   // where the service keeps its messages; empty: nowhere
	People  func(sandbox.Message) people.Script
	Faults  people.Faults
	Clock   FastClock // nil: the real one
	Log     *slog.Logger
}

// StartLocal starts a local service and an instance that knows no other provider,
// whatever the project's settings say. On an error nothing is left running.
func StartLocal(ctx context.Context, c LocalConfig) (*Sandbox, *Instance, error) {
	api, err := Listen(c.Listen)
	if err != nil {
		return nil, nil, err
	}
	listener, err := Listen(c.Local)
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
	local, err := StartSandbox(listener, config, c.Log)
	if err != nil {
		return nil, nil, errors.Join(err, api.Close())
	}
	c.Project.Settings = Settings{
		Accounts: []Account{local.account()}, Secrets: []appmessaging.Secret{appmessaging.Secret(secret)}, Speed: 1,
		People: c.Project.Settings.People, Fetch: c.Project.Settings.Fetch,
	}
	built := Config{Project: c.Project, DataDir: c.DataDir, Reload: c.Reload, Listener: api, Log: c.Log}
	if c.Clock != nil {
		built.Clock = c.Clock
	}
	i, err := Start(ctx, built)
	if err != nil {
		return nil, nil, errors.Join(err, local.Stop())
	}
	return local, i, nil
}
