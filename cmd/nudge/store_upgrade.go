package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/store"
	"nudge/store/bolt"
)

const storeUpgradeHelp = `Upgrade brings a store that an older Nudge wrote to the format of this one. nudge serve does it when
it starts; do it before to know how long it takes. Each file is copied first, to a name beside it
that says its format, such as nudge.db.format8: who goes back to the older Nudge puts the copy
in the place of the file. An upgrade that is interrupted goes on with the next one.`

// storeUpgrade is the result of an upgrade.
type storeUpgrade struct {
	Format int      `json:"format"` // of the store now
	Copies []string `json:"copies"` // of the files as they were; none: there was nothing to do
}

func newStoreUpgrade() *cobra.Command {
	c := &cobra.Command{
		Use:     "upgrade [DATA_DIR]",
		Short:   "Bring a store of an older Nudge to the format of this one",
		Long:    storeUpgradeHelp,
		Example: "  nudge store upgrade data",
		Args:    cobra.MaximumNArgs(1),
	}
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		dir := app.DefaultDataDir
		if len(args) > 0 {
			dir = args[0]
		}
		made, err := upgradeStore(c, dir)
		if err != nil {
			return err
		}
		return report(c, *output, made, textOf(writeUpgraded))
	}
	return c
}

// upgradeStore upgrades a store until it is done or interrupted.
func upgradeStore(c *cobra.Command, dir string) (*storeUpgrade, error) {
	if !exists(bolt.Paths(dir)[0]) {
		return nil, wrongInput(noStore(dir))
	}
	ctx, stop := untilSignal(c.Context())
	defer stop()
	files, err := bolt.OpenAll(dir, 1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, wrongInput(noStore(dir))
	}
	if err != nil {
		return nil, failed(err)
	}
	bar := newProgress(c.ErrOrStderr(), "", nil)
	copies, err := files.Upgrade(ctx, bar.copied)
	bar.clear()
	if err != nil {
		return nil, failed(errors.Join(err, files.Close()))
	}
	s, err := storeOf(files)
	if err != nil {
		return nil, err
	}
	return &storeUpgrade{store.Format, append([]string{}, copies...)}, failed(s.Close())
}

func writeUpgraded(out io.Writer, u *storeUpgrade) error {
	if len(u.Copies) == 0 {
		_, err := fmt.Fprintf(out, "The store has format %d already.\n", u.Format)
		return failed(err)
	}
	for _, name := range u.Copies {
		fmt.Fprintf(out, "%s is the file as it was\n", name)
	}
	_, err := fmt.Fprintf(out, "The store has format %d now.\n", u.Format)
	return failed(err)
}
