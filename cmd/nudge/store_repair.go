package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nudge/store"
	"nudge/store/bolt"
)

const storeRepairHelp = `Repair reads what it can of a damaged store, and writes it to a new file whose journal, indexes
and numbers agree. It lists what it could not read. Live runs that it could not read are in
quarantine afterwards: nudge runs list --quarantined shows them.

FILE is a nudge.db or its data folder; of a store with partitions, one of its files. Repair
changes nothing of it, and never writes over a file. The server must not be running. A copy of
the file from before the damage is better than a repair, if the copy is recent. To use the new
file, put it in the place of the damaged one.`

// storeRepair is the result of a repair.
type storeRepair struct {
	File string `json:"file"` // the new one
	*store.Repaired
	Damages []string `json:"damages"` // pages of the old one
}

func newStoreRepair() *cobra.Command {
	into := ""
	c := &cobra.Command{
		Use:     "repair FILE --into NEW",
		Short:   "Salvage what can be read of a damaged store",
		Long:    storeRepairHelp,
		Example: "  nudge store repair data --into repaired.db",
		Args:    cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&into, "into", "", "the new file; required")
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if into == "" {
			return wrongUsage(errors.New("say with --into where the new file should be"))
		}
		made, err := repairStore(c, args[0], into)
		if err != nil {
			return err
		}
		return report(c, *output, made, textOf(writeRepair))
	}
	return c
}

// repairStore repairs a store until it is done or interrupted.
func repairStore(c *cobra.Command, from, into string) (made storeRepair, err error) {
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		all := bolt.Paths(from)
		if len(all) > 1 {
			return made, wrongUsage(fmt.Errorf("the store in %s has %d files, and a repair is of one of them: name it, for example %s", from, len(all), all[1]))
		}
		from = all[0]
	}
	ctx, stop := untilSignal(c.Context())
	defer stop()
	bar := newProgress(c.ErrOrStderr(), "record", nil)
	made.File = into
	var damages []*bolt.Damage
	made.Repaired, damages, err = bolt.Repair(ctx, from, into, bar.copied, bar.show)
	bar.clear()
	switch {
	case errors.Is(err, fs.ErrNotExist) && !exists(from):
		return made, wrongInput(fmt.Errorf("there is no file %s", from))
	case errors.Is(err, bolt.ErrExists):
		return made, wrongInput(err)
	case errors.Is(err, context.Canceled):
		return made, failed(errors.New("interrupted; there is no new file"))
	}
	for _, d := range damages {
		made.Damages = append(made.Damages, fmt.Sprintf("page %d: %s", d.Page, d.What))
	}
	return made, failed(err)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func writeRepair(w io.Writer, r storeRepair) error {
	for _, d := range r.Damages {
		fmt.Fprintln(w, "damaged:", d)
	}
	for _, l := range r.Losses {
		fmt.Fprintln(w, "lost:", oneLine(strings.TrimSpace(l.Kind+" "+l.ID)+": "+l.What))
	}
	for _, g := range r.Gaps {
		fmt.Fprintf(w, "lost: inputs %d to %d of the journal\n", g.From, g.To)
	}
	fmt.Fprintf(w, "kept: %s\n", kindsOf(r.Kept))
	if len(r.Lost) > 0 {
		fmt.Fprintf(w, "lost: %s\n", kindsOf(r.Lost))
	}
	if len(r.Gaps) > 0 {
		fmt.Fprintf(w, "the journal counts from input %d on; what is before a gap stays in it\n", r.Journal)
	}
	_, err := fmt.Fprintf(w, "%s is whole; put it in the place of the damaged file to use it\n", r.File)
	return err
}

// kindsOf is a count of records by kind.
func kindsOf(kinds map[string]int) string {
	var words []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		words = append(words, plural(kinds[kind], kind))
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}
