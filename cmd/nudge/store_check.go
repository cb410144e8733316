package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"nudge/app"
	"nudge/client"
	"nudge/store"
	"nudge/store/bolt"
)

const storeCheckHelp = `Check reads every page and every record of a data folder, or every record in a database
(postgres://…), and verifies the rules that hold between them. It changes nothing. No server may
be running.

With --url a running server checks its own store beside its work, slowly enough that nobody
notices. It verifies every record, and the pages that they are in. It leaves out what only
stands still in a stopped store: sums over all records, and the list of free pages.`

func newStoreCheck() *cobra.Command {
	c := &cobra.Command{
		Use:     "check [DATA_DIR | URL]",
		Short:   "Verify every record of a store",
		Long:    storeCheckHelp,
		Example: "  nudge store check data\n  nudge store check --url http://127.0.0.1:8080",
		Args:    cobra.MaximumNArgs(1),
	}
	output := outputFlag(c)
	var remote apiFlags
	c.Flags().StringVar(&remote.server, "url", "", "URL of a running server, which checks its own store")
	c.Flags().StringVar(&remote.token, "token", "", "bearer token of the API; default $NUDGE_TOKEN")
	c.RunE = func(c *cobra.Command, args []string) error {
		if remote.server != "" {
			return checkServer(c, &remote, *output, args)
		}
		dir := app.DefaultDataDir
		if len(args) > 0 {
			dir = args[0]
		}
		report, err := checkAt(c.Context(), dir)
		if err != nil {
			return err
		}
		if *output == asJSON {
			err = writeJSON(c.OutOrStdout(), report)
		} else {
			err = writeReport(c.OutOrStdout(), report)
		}
		if err == nil && len(report.Problems) > 0 {
			return failed(errShown)
		}
		return failed(err)
	}
	return c
}

// checkAt checks the store in a folder, or in a database.
func checkAt(ctx context.Context, place string) (*store.Report, error) {
	if app.IsDatabase(place) {
		return app.CheckDatabase(ctx, place, slog.New(slog.DiscardHandler))
	}
	return checkStore(place)
}

// checkServer lets a running server check its store.
func checkServer(c *cobra.Command, remote *apiFlags, output format, args []string) error {
	if len(args) > 0 {
		return wrongUsage(errors.New("a server checks its own store: leave out the data folder, or --url"))
	}
	server, err := remote.client()
	if err != nil {
		return err
	}
	bar := newProgress(c.ErrOrStderr(), "", nil)
	found, err := server.CheckStore(c.Context(), func(p client.StoreProgress) {
		bar.draw(fmt.Sprintf("%s: %s, %s", p.Part, plural(p.Records, "record"), plural(p.Problems, "problem")))
	})
	bar.clear()
	if err != nil {
		return err
	}
	r := store.Report(*found)
	if err := report(c, output, &r, func(c *cobra.Command, r *store.Report) error { return writeReport(c.OutOrStdout(), r) }); err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return failed(errShown)
	}
	return nil
}

// checkStore verifies the pages of the file, and the records if all pages can be read.
func checkStore(dir string) (*store.Report, error) {
	files, err := openFiles(dir)
	if err != nil {
		return nil, err
	}
	report := new(store.Report)
	for n, kv := range files {
		damages, failure := kv.Verify()
		for _, d := range damages {
			report.Problems = append(report.Problems, inFile(files, n)+fmt.Sprintf("page %d: %s", d.Page, d.What))
		}
		err = errors.Join(err, failure)
	}
	if err != nil || len(report.Problems) > 0 {
		return report, failed(errors.Join(err, files.Close()))
	}
	s, err := storeOf(files)
	if err != nil {
		return nil, err
	}
	report, err = s.Check()
	return report, failed(errors.Join(err, s.Close()))
}

// inFile names one of several files, as the beginning of a line.
func inFile(files bolt.Files, n int) string {
	if len(files) == 1 {
		return ""
	}
	return filepath.Base(files[n].Path()) + ": "
}

func writeReport(w io.Writer, r *store.Report) error {
	apart := ""
	if r.Quarantined > 0 {
		apart = fmt.Sprintf(", %d in quarantine", r.Quarantined)
	}
	fmt.Fprintf(w, "%s live, %d ended%s; %s, %d of them cancelled; %s to go out; %s in the journal\n",
		plural(r.Live, "run"), r.Ended, apart, plural(r.Timers+r.Stale, "timer"), r.Stale,
		plural(r.Outbox, "message"), plural(int(r.Journal), "input"))
	for _, p := range r.Problems {
		fmt.Fprintln(w, "problem:", p)
	}
	if len(r.Problems) > 0 {
		_, err := fmt.Fprintf(w, "%s; %s\n", plural(len(r.Problems), "problem"), remedy)
		return err
	}
	_, err := fmt.Fprintln(w, "all is well")
	return err
}
