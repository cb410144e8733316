package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/sandbox/session"
)

const devHelp = `Dev runs the project of a folder in real time against a local App Messaging service, so
nothing leaves this machine. It prints what happens to the runs. Saving a file deploys it;
a mistake is shown, and the flows that were active stay active. The console, whose address
dev prints, shows the same in a browser, with an inbox in which you are the customer.

People read after three seconds, unless people: in nudge.yaml or the file people.yaml
beside it has another script for them. Runs and messages are kept in DIR/data/dev. Dev does
not use the account, webhooks, tokens, listen and outbound of nudge.yaml.`

const devExample = `  nudge dev examples/order_shipped
  nudge events send order.shipped --data '{"order_id": "7", "customer": "ann", "total": 12}'`

const (
	devLook  = 50 * time.Millisecond
	devWatch = 500 * time.Millisecond
)

// devOptions are the flags of dev.
type devOptions struct {
	dir, listen, local, people string

	open bool // show the console in a browser
}

func newDev() *cobra.Command {
	var o devOptions
	c := &cobra.Command{
		Use:     "dev [DIR]",
		Short:   "Run a project against a local service and reload it on save",
		Long:    devHelp,
		Example: devExample,
		Args:    cobra.MaximumNArgs(1),
	}
	c.Flags().StringVar(&o.listen, "listen", app.DefaultListen, "address of the API; it must be on this machine")
	c.Flags().StringVar(&o.local, "sandbox", "127.0.0.1:8081", "address of the local service; it must be on this machine")
	c.Flags().StringVar(&o.people, "people", "", "a people file instead of DIR/people.yaml")
	openFlag(c, &o.open)
	log := logFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		o.dir = dirArgument(args)
		for _, address := range []string{o.listen, o.local} {
			if !app.IsLocalAddress(address) {
				return wrongUsage(fmt.Errorf("%s: dev listens on this machine only, for example on %s",
					address, app.DefaultListen))
			}
		}
		look, save := time.NewTicker(devLook), time.NewTicker(devWatch)
		defer look.Stop()
		defer save.Stop()
		d := &devSession{
			options: o, out: c.OutOrStdout(), errs: c.ErrOrStderr(), log: log.logger(c.ErrOrStderr()),
			look: look.C, save: save.C,
		}
		ctx, ended := untilSignal(c.Context())
		defer ended()
		return d.run(ctx)
	}
	return c
}

// devSession is one run of dev. Its ticks come from outside, so that a test can make them.
type devSession struct {
	options    devOptions
	out, errs  io.Writer
	log        *slog.Logger
	look, save <-chan time.Time
	scene      atomic.Pointer[app.SandboxSetup] // the last version without mistakes
	assets     atomic.Pointer[[]string]
}

// run works until ctx ends or something fails.
func (d *devSession) run(ctx context.Context) error {
	p, err := app.Load(d.options.dir, app.LocalSettings(os.LookupEnv), d.errs)
	if err != nil {
		return err
	}
	if err := d.stage(p); err != nil {
		return err
	}
	data := filepath.Join(d.options.dir, app.DefaultDataDir, "dev")
	local, err := app.StartLocal(ctx, app.LocalConfig{
		Project: p, DataDir: data, Reload: d.reload, Listen: d.options.listen, Sandbox: d.options.local,
		File: filepath.Join(data, "sandbox.db"), People: d.script, Faults: d.scene.Load().Faults, Log: d.log,
		Clock: app.NewSteeredClock(time.Now(), 1, false),
	})
	if err != nil {
		return err
	}
	err = d.attend(ctx, local)
	return errors.Join(err, local.Stop())
}

// stage takes the people from a project, or from the file that replaces them.
func (d *devSession) stage(p *app.Project) (err error) {
	s := p.Scene
	if d.options.people != "" {
		s, err = app.LoadPeople(d.options.people, p.Settings.People, d.errs)
	}
	if err == nil {
		d.scene.Store(&s)
	}
	assets := p.Assets()
	d.assets.Store(&assets)
	return err
}

func (d *devSession) script(m sandbox.Message) people.Script { return d.scene.Load().Script(m) }

// reload reads the project again and shows its mistakes.
func (d *devSession) reload() (*app.Project, error) {
	p, err := app.Reread(d.options.dir, app.LocalSettings(os.LookupEnv), d.errs)
	if err == nil && !p.List.HasErrors() {
		err = d.stage(p)
	}
	return p, err
}

// attend shows events and reloads after every edit.
func (d *devSession) attend(ctx context.Context, local *app.Local) error {
	f := newFollower(local.Store())
	if _, err := f.next(); err != nil { // events of earlier sessions are not shown again
		return failed(err)
	}
	fmt.Fprintln(d.out, readyLine(local.Instance), "sandbox", local.Sandbox.URL())
	fmt.Fprintln(d.out, appsLine(session.DefaultAuth()))
	fmt.Fprintln(d.out, consoleLine(local.Instance))
	if d.options.open {
		browse(consoleOf(local.Instance), d.errs)
	}
	edits := make(chan struct{})
	assets := func() []string { return *d.assets.Load() }
	go app.Watch(ctx, os.DirFS(d.options.dir), assets, d.save, func() { // ends with ctx
		select {
		case edits <- struct{}{}:
		case <-ctx.Done():
		}
	})
	n := &narrator{out: d.out, palette: paletteFor(d.out), zone: time.Local, flows: true}
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-local.Failure():
			return err
		case err := <-local.Sandbox.Failure():
			return err
		case <-edits:
			before := d.scene.Load().Text
			reloadNow(ctx, local.Instance, d.log)
			if now := d.scene.Load(); now.Text != before { // otherwise keep what was set by hand
				local.Sandbox.SetFaults(now.Faults)
			}
		case <-d.look:
			news, err := f.next()
			if err != nil {
				return failed(err)
			}
			n.tell(news)
		}
	}
}

// appsLine says how people's apps authenticate to the sandbox.
func appsLine(a session.Auth) string {
	return fmt.Sprintf("apps: jwt HS256 issuer %s audience %s secret %s claim %s", a.Issuer, a.Audience, a.Secret, a.IDClaim)
}

// dirArgument returns the folder that a verb was given. The default is the current folder.
func dirArgument(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}
