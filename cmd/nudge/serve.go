package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/app/systemd"
	"nudge/engine"
	"nudge/flows"
)

const serveHelp = `Serve runs the project for real: it accepts events over HTTP, sends messages through the
account of nudge.yaml, and receives the provider's webhooks.

  SIGTERM, SIGINT   accept nothing new, finish what is under way, stop;
                    a second one stops at once
  SIGHUP            deploy the flows as they are on disk now; a project with errors
                    changes nothing
  SIGUSR1           the kill switch: nothing goes out until you switch it off:
                    curl -X PUT $NUDGE_SERVER/v1/outbound --json '{"killed": false}'

Under systemd it says when it is ready, reloads and stops (Type=notify), and beats for a watchdog
(WatchdogSec) as long as its engine moves.`

// How often a server checks its store, and how often at most.
const (
	checkEvery      = 24 * time.Hour
	leastCheckEvery = time.Minute
)

func newServe() *cobra.Command {
	var config string
	var check time.Duration
	var clockIsRight bool
	c := &cobra.Command{
		Use:     "serve",
		Short:   "Run the project for real",
		Long:    serveHelp,
		Example: "  nudge serve -c /etc/nudge/nudge.yaml --log-format json",
		Args:    cobra.NoArgs,
	}
	c.Flags().StringVarP(&config, "config", "c", flows.ProjectFile, "the project's nudge.yaml, or its folder")
	c.Flags().DurationVar(&check, "check-every", checkEvery, "how often the store is checked while it is in use; 0 for never")
	c.Flags().BoolVar(&clockIsRight, "clock-is-right", false, "start although nothing came for more than 30 days by the clock, and follow it wherever it is set")
	log := logFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		dir, err := projectDir(config)
		if err != nil {
			return err
		}
		if check < 0 || check > 0 && check < leastCheckEvery {
			return wrongUsage(fmt.Errorf("--check-every %v: want %v or longer, or 0 for never", check, leastCheckEvery))
		}
		return serve(c.Context(), dir, check, !clockIsRight, c.OutOrStdout(), c.ErrOrStderr(), log.logger(c.ErrOrStderr()))
	}
	return c
}

// serve runs the project in a folder until a signal or a failure.
func serve(ctx context.Context, dir string, check time.Duration, checkClock bool, out, errs io.Writer, log *slog.Logger) error {
	keepHeapSmall(ctx)
	manager, err := systemd.FromEnvironment(os.LookupEnv, log)
	if err != nil {
		return wrongUsage(err)
	}
	read := app.AllSettings(os.LookupEnv)
	p, err := app.Load(dir, read, errs)
	if err != nil {
		return err
	}
	if len(p.Settings.Accounts) == 0 {
		return wrongInput(errors.New(noAccount))
	}
	config := app.Config{
		Project: p, Dir: dir, DataDir: dataDir(dir, p.Settings.DataDir), Log: log, CheckEvery: check, CheckClock: checkClock,
		Reload: func() (*app.Project, error) { return app.Reread(dir, read, errs) },
	}
	if err := listenAll(&config); err != nil {
		return err
	}
	signals, ended := untilSignal(ctx)
	defer ended()
	i, err := app.Start(signals, config)
	if err != nil {
		return err
	}
	warn(i, p.Settings, log)
	fmt.Fprintf(out, "%s\n%s\n", readyLine(i), consoleLine(i))
	untold := keepTold(manager, i)
	err = attend(signals, i, manager, log)
	log.Info("stopping")
	untold()
	manager.Stopping()
	return errors.Join(err, i.Stop())
}

// keepTold tells the service manager how the instance stands, until the function that it returns is called.
func keepTold(manager *systemd.Manager, i *app.Instance) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ticker := time.NewTicker(manager.Every())
	var told sync.WaitGroup
	told.Go(func() { manager.Attend(ctx, ticker.C, i.Ready, i.Standing) })
	return func() {
		cancel()
		told.Wait()
		ticker.Stop()
	}
}

// attend waits for the end: a signal, which is not an error, or a failure. Meanwhile it
// handles the other signals.
func attend(ctx context.Context, i *app.Instance, manager *systemd.Manager, log *slog.Logger) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, append(killSignals, syscall.SIGHUP)...)
	defer signal.Stop(asked)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-i.Failure():
			return err
		case s := <-asked:
			if s == syscall.SIGHUP {
				ended := manager.Reloading()
				reloadNow(ctx, i, log)
				ended()
				continue
			}
			if err := i.Kill(ctx, &engine.Actor{Name: s.String()}); err != nil {
				log.Error("the kill switch did not work", "error", err)
				continue
			}
			log.Warn("kill switch: nothing more goes out")
		}
	}
}

// reloadNow reloads and logs the result.
func reloadNow(ctx context.Context, i *app.Instance, log *slog.Logger) {
	list, err := i.Reload(ctx, &engine.Actor{Name: syscall.SIGHUP.String()})
	switch {
	case err != nil:
		log.Error("reload failed; the flows that were active stay so", "error", err)
	case list.HasErrors():
		log.Error("the project does not load; the flows that were active stay so", "diagnostics", len(list))
	default:
		log.Info("reloaded")
	}
}

// warn logs, at the start, settings that may surprise an operator.
func warn(i *app.Instance, s app.Settings, log *slog.Logger) {
	if len(s.Secrets) == 0 {
		log.Warn("webhooks are off: nudge.yaml has no webhooks.secrets, so receipts and replies will not arrive")
	}
	if s.Speed != 1 {
		log.Warn("the clock is not the real one: for tests only", "speed", s.Speed)
	}
	if state, err := i.Store().State(); err == nil && state.Killed {
		log.Warn("the kill switch is on: nothing goes out")
	} else if err == nil && state.Holding() {
		log.Warn("outbound is on hold: nothing goes out")
	}
}

// readyLine returns the line that says where the instance serves.
func readyLine(i *app.Instance) string {
	webhooks := i.WebhookURL()
	if webhooks == "" {
		webhooks = "off"
	}
	line := fmt.Sprintf("nudge is ready: api %s webhooks %s", i.URL(), webhooks)
	if page := i.PreferencesURL(); page != "" {
		line += " preferences " + page
	}
	return line
}

// listenAll opens the listeners that the settings name.
func listenAll(c *app.Config) error {
	s, preferences := &c.Project.Settings, ""
	if s.Preferences != nil {
		preferences = s.Preferences.Listen
	}
	var open []net.Listener
	for _, wanted := range []struct {
		address string
		into    *net.Listener
	}{{s.Listen.API, &c.Listener}, {s.Listen.Webhooks, &c.Webhooks}, {preferences, &c.Preferences}} {
		if wanted.address == "" {
			continue
		}
		l, err := app.Listen(wanted.address)
		if err != nil {
			for _, o := range open {
				err = errors.Join(err, o.Close())
			}
			return err
		}
		*wanted.into, open = l, append(open, l)
	}
	return nil
}

func dataDir(project, dir string) string {
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(project, dir)
}

// projectDir returns the folder of a nudge.yaml. The argument is the file or its folder.
func projectDir(config string) (string, error) {
	if info, err := os.Stat(config); err == nil && info.IsDir() {
		return config, nil
	}
	if filepath.Base(config) != flows.ProjectFile {
		return "", wrongUsage(fmt.Errorf("-c %s: want a %s or its folder", config, flows.ProjectFile))
	}
	return filepath.Dir(config), nil
}
