package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"nudge/app"
)

const storeMoveHelp = `Move takes a store to another place: from files into PostgreSQL, from there into files, or to
another number of partitions. Nothing may run on it meanwhile. Everything is there afterwards:
people, runs, campaigns, counts, the journal and the audit trail. Runs go on where they are, and
receipts, replies and timers find them. The new store is another installation, and takes the
receipts of the old one, too.

First it says what the store still has to do, if anything: a campaign that takes people, a person
who is being forgotten, a job that is not over. With --wait it begins when the server, or the last
of the nodes, has stopped.

A move that is interrupted or killed goes on with the same command. The source stays as it is, with
a mark that it was moved, so that nudge serve does not start it again by accident. --undo takes
the mark away. Never let both run.`

func newStoreMove() *cobra.Command {
	var m app.Moving
	c := &cobra.Command{
		Use:   "move --from PLACE --to PLACE",
		Short: "Move a stopped store into PostgreSQL, into files, or to other partitions",
		Long:  storeMoveHelp,
		Example: "  nudge store move --from data --to 'postgres://nudge@db.example.com/nudge'\n" +
			"  nudge store move --from 'postgres://nudge@db.example.com/nudge' --to data\n  nudge store move --undo --from data",
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&m.From, "from", app.DefaultDataDir, "data folder, or URL of the database, of the store")
	c.Flags().StringVar(&m.To, "to", "", "data folder, or URL of the database, that the store goes to; it must be empty")
	c.Flags().IntVar(&m.Partitions, "partitions", 0, "partitions of the store there: 1, 2, 4 and so on up to 256; default 16 for PostgreSQL, 1 for a folder")
	c.Flags().BoolVar(&m.Wait, "wait", false, "wait until nothing runs on the store any more, and begin then")
	undo := c.Flags().Bool("undo", false, "take away the mark that the store was moved")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		m.Log = slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))
		if *undo {
			if m.To != "" {
				return wrongUsage(errors.New("--undo takes the mark away from the store of --from: leave out --to"))
			}
			return app.Unmove(c.Context(), m.From, m.Log)
		}
		if m.To == "" {
			return wrongUsage(errors.New("say where the store goes: --to FOLDER, or --to postgres://…"))
		}
		made, err := moveStore(c, m)
		if err != nil {
			return err
		}
		return report(c, *output, made, textOf(writeMoved))
	}
	return c
}

// moveStore moves a store until it is done or interrupted.
func moveStore(c *cobra.Command, m app.Moving) (*app.Moved, error) {
	ctx, stop := untilSignal(c.Context())
	defer stop()
	bar := newProgress(c.ErrOrStderr(), "record", nil)
	m.Progress = func(part string, done, whole int) { bar.part(part, done, max(done, whole)) }
	m.Waiting = func() {
		fmt.Fprintln(c.ErrOrStderr(), "waiting for those who use the store; stop them, and the move begins")
	}
	made, err := app.Move(ctx, m)
	bar.clear()
	return made, err
}

func writeMoved(out io.Writer, m *app.Moved) error {
	fmt.Fprintf(out, "%s, %s: %s live, %d ended; all is well\n", m.From, plural(m.Partitions[0], "partition"), plural(m.Before.Live, "run"), m.Before.Ended)
	fmt.Fprintf(out, "%s, %s: %s live, %d ended; all is well\n", m.To, plural(m.Partitions[1], "partition"), plural(m.After.Live, "run"), m.After.Ended)
	for _, c := range m.Compared {
		if c.Before+c.After > 0 {
			fmt.Fprintf(out, "  %8d → %-8d %s\n", c.Before, c.After, c.What)
		}
	}
	_, err := fmt.Fprintf(out, "It is installation %s now. Start Nudge there; the store in %s says that it was moved.\n", m.Installation, m.From)
	return failed(err)
}
