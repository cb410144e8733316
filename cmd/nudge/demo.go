package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/client"
	"nudge/examples"
)

const demoHelp = `Demo runs an engine, a server and a local App Messaging service in one process, on a clock
that makes days take seconds. Five people get a message about their order, and each of them
reacts in another way. Nothing leaves this machine, and the demo removes its data at the
end.

With --stay or --open it stays until you interrupt it, with two more flows, a campaign and
a console in which you can look at everything. A minute takes a second then, and the inbox of
the console lets an hour or a day pass.`

const (
	demoSpeed   = 12_000 // a day in about 7 seconds
	staySpeed   = 60     // a minute in a second: who looks around still finds everybody in the flows
	demoLook    = 25 * time.Millisecond
	demoTimeout = 30 * time.Second
)

func newDemo() *cobra.Command {
	var stay bool
	c := &cobra.Command{
		Use:     "demo",
		Short:   "Watch five people go through a flow, in seconds",
		Long:    demoHelp,
		Example: "  nudge demo\n  nudge demo --stay --open",
		Args:    cobra.NoArgs,
	}
	c.Flags().BoolVar(&stay, "stay", false, "keep everything running afterwards, to try it by hand and in the console")
	var open bool
	openFlag(c, &open)
	c.RunE = func(c *cobra.Command, _ []string) error {
		ctx, ended := untilSignal(c.Context())
		defer ended()
		d, err := newDemonstration(ctx, c.OutOrStdout())
		if err != nil {
			return err
		}
		err = d.run(ctx)
		if stay = stay || open; err == nil && stay {
			if err = d.furnish(ctx); err == nil {
				d.clock.SetSpeed(staySpeed)
				d.invite()
				if open {
					browse(consoleOf(d.local.Instance), c.ErrOrStderr())
				}
				<-ctx.Done()
			}
		}
		return errors.Join(err, d.stop())
	}
	return c
}

// demonstration contains everything that the demo runs, and the progress of its story.
type demonstration struct {
	out      io.Writer
	palette  palette
	people   []person
	clock    *app.SteeredClock
	folder   string
	local    *app.Local
	api      *client.Client
	follower *follower
	narrator *narrator
	returns  chan person // people whose order comes back now
}

// newDemonstration starts the engine and the service. The clock stands still.
func newDemonstration(ctx context.Context, out io.Writer) (*demonstration, error) {
	d := &demonstration{out: out, palette: paletteFor(out), people: cast()}
	d.returns = make(chan person, len(d.people))
	d.clock = app.NewSteeredClock(nextMonday(time.Now()), demoSpeed, true)
	if err := d.start(ctx); err != nil {
		return nil, errors.Join(failed(err), d.stop())
	}
	var err error
	if d.api, err = client.New(client.Config{Server: d.local.URL()}); err != nil {
		return nil, errors.Join(failed(err), d.stop())
	}
	d.follower = newFollower(d.local.Store())
	d.narrator = &narrator{out: out, palette: d.palette, zone: time.UTC}
	return d, nil
}

func (d *demonstration) start(ctx context.Context) (err error) {
	if d.folder, err = os.MkdirTemp("", "nudge-demo-"); err != nil {
		return err
	}
	book, err := newPlaybook(d.people)
	if err != nil {
		return err
	}
	p := app.Read(examples.OrderShipped(), app.LocalSettings(os.LookupEnv))
	d.local, err = app.StartLocal(ctx, app.LocalConfig{Project: p, DataDir: filepath.Join(d.folder, "data"), People: book.script, Clock: d.clock, Reload: d.reload})
	return err
}

// reload reads the project that is in its folder once the demo stays.
func (d *demonstration) reload() (*app.Project, error) {
	return app.Read(os.DirFS(d.project()), app.LocalSettings(os.LookupEnv)), nil
}

// run tells the whole story.
func (d *demonstration) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, demoTimeout)
	defer cancel()
	d.showFlow()
	fmt.Fprintf(d.out, "%s\n\n", d.palette.bold("Five orders are shipped. A day takes seven seconds here."))
	d.clock.Hold(false)
	for _, who := range d.people {
		if err := d.ship(ctx, who); err != nil {
			return err
		}
	}
	if err := d.follow(ctx); err != nil {
		return err
	}
	d.summarise()
	return d.judge()
}

// ship posts the event that starts a person's run, and arranges the order's return.
func (d *demonstration) ship(ctx context.Context, who person) error {
	_, err := d.api.SendEvent(ctx, client.Event{
		Type: "order.shipped", ID: "shipped-" + who.order,
		Data: fmt.Appendf(nil, `{"order_id": %q, "customer": %q, "total": %d}`, who.order, who.name, who.total),
	})
	if err == nil && who.returns > 0 {
		d.clock.AfterFunc(who.returns, func() { d.returns <- who })
	}
	return err
}

// follow shows what happens until every run has ended.
func (d *demonstration) follow(ctx context.Context) error {
	look := time.NewTicker(demoLook)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return failed(fmt.Errorf("the demo did not end within %s", demoTimeout))
			}
			return failed(errors.New("interrupted"))
		case err := <-d.local.Failure():
			return err
		case who := <-d.returns:
			if err := d.giveBack(ctx, who); err != nil {
				return err
			}
		case <-look.C:
			done, err := d.look()
			if err != nil || done {
				return err
			}
		}
	}
}

func (d *demonstration) giveBack(ctx context.Context, who person) error {
	_, err := d.api.SendEvent(ctx, client.Event{
		Type: "order.returned", Data: fmt.Appendf(nil, `{"order_id": %q}`, who.order),
	})
	return err
}

// look shows new events, and reports whether everything has been shown.
func (d *demonstration) look() (done bool, err error) {
	news, err := d.follower.next()
	if err != nil {
		return false, failed(err)
	}
	d.narrator.tell(news)
	if len(d.follower.runs) < len(d.people) {
		return false, nil
	}
	for _, r := range d.follower.runs {
		if r.Live() {
			return false, nil
		}
	}
	return true, nil
}

// stop ends everything and removes the data.
func (d *demonstration) stop() error {
	var errs []error
	if d.local != nil {
		errs = append(errs, d.local.Stop())
	}
	if d.folder != "" {
		errs = append(errs, failed(os.RemoveAll(d.folder)))
	}
	return errors.Join(errs...)
}
