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
answers anything.`

func newStoreRestore() *cobra.Command {
	c := &cobra.Command{
		Use:     "restore FILE [DATA_DIR]",
		Short:   "Make a store of a backup",
		Long:    storeRestoreHelp,
		Example: "  nudge store restore monday.nudge data --forgotten forgotten.list\n  zstd -dc monday.nudge.zst | nudge store restore - data --nobody-forgotten",
		Args:    cobra.RangeArgs(1, 2),
	}
	gone := c.Flags().Bool("original-is-gone", false, "the original will never run again: go on as the same installation")
	list := c.Flags().String("forgotten", "", "the list of people who were forgotten, which the server kept")
	nobody := c.Flags().Bool("nobody-forgotten", false, "there is no such list: nobody was forgotten since the backup")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir := app.DefaultDataDir
		if len(args) > 1 {
			dir = args[1]
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
	if r.Forgotten > 0 {
		fmt.Fprintf(out, "Forgotten since: %d. nudge serve forgets them again before it answers.\n", r.Forgotten)
	}
	if gone {
		fmt.Fprintf(out, "It is the same installation, %s. Do not start the original again.\n", r.Installation)
	} else {
		fmt.Fprintf(out, "It is a new installation, %s: receipts for %s are not for it, and campaigns wait for nudge campaigns resume.\n", r.Installation, r.Header.Installation)
	}
	_, err := fmt.Fprintln(out, "The kill switch is set. Look, and let messages go, in the console or by curl -X PUT -H 'Authorization: Bearer …' --json '{\"killed\": false}' …/v1/outbound")
	return failed(err)
}
