package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/store/bolt"
)

const storeCompactHelp = `Compact shrinks a data folder's file to what is in use. The server reuses the space of
deleted records by itself, so compact only files that will not grow back.

Compact writes a copy beside the file, which needs about as much space as is in use, and
then replaces the file. A crash or an interrupt leaves either the old file or the new one.
The server must not be running: it holds the file.`

func newStoreCompact() *cobra.Command {
	c := &cobra.Command{
		Use:     "compact [DATA_DIR]",
		Short:   "Reclaim disk space from deleted records",
		Long:    storeCompactHelp,
		Example: "  nudge store compact data",
		Args:    cobra.MaximumNArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir := app.DefaultDataDir
		if len(args) > 0 {
			dir = args[0]
		}
		made, err := compactStore(c, dir)
		if err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), made)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s before, %s after\n", mebibytes(made.Before), mebibytes(made.After))
		return failed(err)
	}
	return c
}

// compactStore compacts a data folder until it is done or interrupted.
func compactStore(c *cobra.Command, dir string) (bolt.Compacted, error) {
	ctx, stop := untilSignal(c.Context())
	defer stop()
	bar := newProgress(c.ErrOrStderr(), "", nil)
	made, err := bolt.Compact(ctx, dir, bar.copied)
	bar.clear()
	if errors.Is(err, fs.ErrNotExist) {
		return made, wrongInput(noStore(dir))
	}
	return made, failed(err)
}

// mebibytes is a size for people.
func mebibytes(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
