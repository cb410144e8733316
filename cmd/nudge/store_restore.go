package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/store"
)

const storeRestoreHelp = `Restore makes a store of a backup, in a data folder that has none. FILE may be the folder of a
warm copy (nudge store backup --follow). Nothing is sent from it: the
kill switch is set until somebody has looked, and lets messages go (PUT /v1/outbound). If a
restore fails or is interrupted there is no store, and it can be begun again.

The store is another installation than the original, which may still be running: receipts of
what the original sent are not for it, and its campaigns are held until somebody resumes them.
With --original-is-gone it is the same installation, takes those receipts, and its campaigns go
on. What was sent after the backup is not known to it, and may be sent a second time.

Who was forgotten after the backup has to be forgotten again. --forgotten names the list that
the server kept (forgotten_list in nudge.yaml): the people on it are forgotten before the store
answers anything.

With --database the records are there already: PostgreSQL was restored by its own means. Run it
before any node starts on that database.`

func newStoreRestore() *cobra.Command {
	c := &cobra.Command{
		Use:   "restore FILE [DATA_DIR]",
		Short: "Make a store of a backup",
		Long:  storeRestoreHelp,
		Example: "  nudge store restore monday.nudge data --forgotten forgotten.list\n  zstd -dc monday.nudge.zst | nudge store restore - data --nobody-forgotten\n" +
			"  nudge store restore --database 'postgres://nudge@db.example.com/nudge' --nobody-forgotten",
		Args: cobra.MaximumNArgs(2),
	}
	database := c.Flags().String("database", "", "a PostgreSQL `URL` with the records of a backup, in place of FILE")
	gone := c.Flags().Bool("original-is-gone", false, "the original will never run again: go on as the same installation")
	list := c.Flags().String("forgotten", "", "the list of people who were forgotten, which the server kept")
	nobody := c.Flags().Bool("nobody-forgotten", false, "there is no such list: nobody was forgotten since the backup")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if (len(args) == 0) == (*database == "") {
			return wrongUsage(errors.New("name either the file of a backup, or a restored database with --database"))
		}
		if (*list == "") == !*nobody {
			return wrongUsage(errors.New("name the list of people who were forgotten since the backup with --forgotten, or say --nobody-forgotten"))
		}
		how := store.Restoring{Gone: *gone}
		if *list != "" {
			var err error
			if how.Forgotten, err = app.ReadForgotten(*list); err != nil {
				return wrongInput(err)
			}
		}
		if *database != "" {
			made, err := app.RestoreDatabase(c.Context(), *database, how)
			if err != nil {
				return err
			}
			return report(c, *output, made, func(c *cobra.Command, r *app.RestoredDatabase) error {
				return writeRestoredAs(c.OutOrStdout(), r.Forgotten, r.Installation, "the original", *gone)
			})
		}
		dir := app.DefaultDataDir
		if len(args) > 1 {
			dir = args[1]
		}
		made, err := restoreStore(c, args[0], dir, how)
		if err != nil {
			return err
		}
		return report(c, *output, made, func(c *cobra.Command, r *app.Restored) error { return writeRestored(c.OutOrStdout(), r, *gone) })
	}
	return c
}

// restoreStore restores a backup until it is done or interrupted.
func restoreStore(c *cobra.Command, name, dir string, how store.Restoring) (*app.Restored, error) {
	from := c.InOrStdin()
	if name != "-" {
		if newest, err := newestCopy(name); err != nil {
			return nil, err
		} else if newest != "" {
			name = newest
		}
		file, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, wrongInput(fmt.Errorf("there is no file %s", name))
		}
		if err != nil {
			return nil, failed(err)
		}
		defer file.Close()
		from = file
	}
	ctx, stop := untilSignal(c.Context())
	defer stop()
	bar := newProgress(c.ErrOrStderr(), "", from)
	made, err := app.Restore(ctx, from, dir, how, func(bytes int64) { bar.copied(bytes, bar.size) })
	bar.clear()
	return made, err
}

func writeRestored(out io.Writer, r *app.Restored, gone bool) error {
	if r.Until.After(r.Made) {
		fmt.Fprintf(out, "%s of %s, and what was written until %s.\n", plural(int(r.Records), "record"), r.Made.Format(time.RFC3339), r.Until.Format(time.RFC3339))
	} else {
		fmt.Fprintf(out, "%s, as they were at %s.\n", plural(int(r.Records), "record"), r.Made.Format(time.RFC3339))
	}
	return writeRestoredAs(out, r.Forgotten, r.Installation, r.Header.Installation, gone)
}

// writeRestoredAs says how a restored store goes on.
func writeRestoredAs(out io.Writer, forgotten int, installation, original string, gone bool) error {
	if forgotten > 0 {
		fmt.Fprintf(out, "Forgotten since: %d. nudge serve forgets them again before it answers.\n", forgotten)
	}
	if gone {
		fmt.Fprintf(out, "It is the same installation, %s. Do not start the original again.\n", installation)
	} else {
		fmt.Fprintf(out, "It is a new installation, %s: receipts for %s are not for it, and campaigns wait for nudge campaigns resume.\n", installation, original)
	}
	_, err := fmt.Fprintln(out, "The kill switch is set. Look, and let messages go, in the console or by curl -X PUT -H 'Authorization: Bearer …' --json '{\"killed\": false}' …/v1/outbound")
	return failed(err)
}
