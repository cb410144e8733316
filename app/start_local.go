package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"

	"nudge/channels/appmessaging"
	"nudge/runner"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

// FastClock is a clock that the engine and the people of a sandbox can share.
type FastClock interface {
	runner.Clock
	sandbox.Clock
}

// anyPort is an address with any free port of this machine.
const anyPort = "127.0.0.1:0"

// LocalConfig is the configuration of a project that runs against a sandbox.
type LocalConfig struct {
	Project *Project                            // required, without errors
	DataDir string                              // required: the folder for runs; Start creates it
	Reload  func() (*Project, error)            // as in [Config]
	Listen  string                              // address of the API; empty: a free port of this machine
	Sandbox string                              // address of the sandbox; empty: a free port of this machine
	File    string                              // the file for the sandbox's messages; empty: none
	People  func(sandbox.Message) people.Script // what people do with a message; nil: as in the project
	Faults  people.Faults                       // faults of the provider
	Clock   *SteeredClock                       // nil: the real one, and the API has no dev routes
	Log     *slog.Logger                        // nil: nothing is logged
}

// Local is a project that runs against a sandbox: nothing leaves this machine.
type Local struct {
	*Instance
	Sandbox *Sandbox
}

// StartLocal starts a sandbox and an instance with this sandbox as its only provider. It
// ignores the account, webhooks, tokens, listen and outbound of nudge.yaml. It returns
// once both serve. The ctx limits only the start. After an error nothing keeps running.
func StartLocal(ctx context.Context, c LocalConfig) (*Local, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.People == nil {
		c.People = c.Project.Scene.Script
	}
	api, err := Listen(cmp.Or(c.Listen, anyPort))
	if err != nil {
		return nil, err
	}
	listener, err := Listen(cmp.Or(c.Sandbox, anyPort))
	if err != nil {
		return nil, errors.Join(err, api.Close())
	}
	secret := rand.Text()
	config := sandbox.Config{
		WebhookURL: "http://" + api.Addr().String() + webhookPath, Secret: secret, File: c.File, People: c.People, Faults: c.Faults, Log: c.Log,
	}
	built := Config{DataDir: c.DataDir, Reload: c.Reload, Listener: api, Log: c.Log}
	var dev *devTools
	if c.Clock != nil {
		config.Clock, built.Clock = c.Clock, c.Clock
		dev = newDevTools(c.Clock, c.People)
		config.People, built.dev = dev.script, dev
	}
	box, err := StartSandbox(listener, config, c.Log)
	if err != nil {
		return nil, errors.Join(err, api.Close())
	}
	project := *c.Project
	project.Settings = Settings{
		Accounts: []Account{box.account()}, Secrets: []appmessaging.Secret{appmessaging.Secret(secret)}, Speed: 1,
		People: c.Project.Settings.People, Fetch: c.Project.Settings.Fetch, Endpoints: c.Project.Settings.Endpoints,
		Partitions: c.Project.Settings.Partitions, ForgottenList: c.Project.Settings.ForgottenList,
	}
	built.Project = &project
	if p := c.Project.Settings.Preferences; p != nil {
		if built.Preferences, err = Listen(anyPort); err != nil {
			return nil, errors.Join(err, api.Close(), box.Stop())
		}
		page := *p
		page.PublicURL, page.Secrets = "http://"+built.Preferences.Addr().String(), []appmessaging.Secret{appmessaging.Secret(rand.Text())}
		project.Settings.Preferences = &page
	}
	if dev != nil {
		dev.box = box
	}
	i, err := Start(ctx, built)
	if err != nil {
		return nil, errors.Join(err, box.Stop())
	}
	return &Local{i, box}, nil
}

// Stop stops the instance and then the sandbox. It may be called again.
func (l *Local) Stop() error { return errors.Join(l.Instance.Stop(), l.Sandbox.Stop()) }
