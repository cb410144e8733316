package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"nudge/bench"
)

const benchHelp = `Bench measures Nudge on this machine, with the limits of the machine beside it. The engine is
nudge serve as a process of its own, as durable as in production. This process makes the
load and plays a provider that accepts everything at once. Both share the machine, so run
nothing else on it.

Without a workload, bench lists the workloads. nudge bench curve draws what park measured.`

// benchOptions are the flags of bench.
type benchOptions struct {
	runs, callers, timers int
	partitions            int
	store                 string
	data                  string
	keep                  bool
}

func newBench() *cobra.Command {
	var o benchOptions
	c := &cobra.Command{
		Use:     "bench [WORKLOAD]",
		Short:   "Measure Nudge on this machine",
		Long:    benchHelp,
		Example: "  nudge bench r1\n  nudge bench park -n 1000000 -o json > park.json",
		Args:    cobra.MaximumNArgs(1),
	}
	c.Flags().IntVarP(&o.runs, "runs", "n", 0, "number of runs; 0: the workload's own")
	c.Flags().IntVarP(&o.callers, "callers", "c", 0, "requests under way at once; 0: the workload's own")
	c.Flags().IntVar(&o.timers, "timers", 0, "for park: runs due at one instant; 0: a tenth of all, at most a million")
	c.Flags().IntVar(&o.partitions, "partitions", 0, "into how many partitions the store is divided; 0: it is not")
	c.Flags().StringVar(&o.store, "store", "", "an empty PostgreSQL database in place of files, such as postgres://localhost/bench")
	c.Flags().StringVar(&o.data, "data", ".", "folder for the data; its disk is measured")
	c.Flags().BoolVar(&o.keep, "keep", false, "keep the project and the data")
	output := outputFlag(c)
	c.AddCommand(newBenchCurve())
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return listWorkloads(c.OutOrStdout(), *output)
		}
		w, ok := bench.Find(args[0])
		if !ok {
			return wrongUsage(fmt.Errorf("there is no workload %q; %s", args[0], didYouMean(args[0], workloadNames())))
		}
		if o.timers != 0 && w.Name != "park" {
			return wrongUsage(fmt.Errorf("--timers is for park, and this is %s", w.Name))
		}
		report, err := o.measure(c.Context(), w, c.ErrOrStderr())
		if err != nil {
			return err
		}
		if *output == asJSON {
			return writeJSON(c.OutOrStdout(), report)
		}
		return writeBench(c.OutOrStdout(), report)
	}
	return c
}

// measure runs a workload in a new folder.
func (o *benchOptions) measure(ctx context.Context, w bench.Workload, errs io.Writer) (*bench.Report, error) {
	config := bench.Config{Runs: o.runs, Callers: o.callers, Timers: o.timers, Partitions: o.partitions, Store: o.store, Show: benchProgress(errs)}
	if err := config.Check(w); err != nil {
		return nil, wrongUsage(err)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, failed(err)
	}
	config.Engine = []string{program}
	if config.Dir, err = os.MkdirTemp(o.data, "nudge-bench-"); err != nil {
		return nil, wrongInput(err)
	}
	ctx, ended := untilSignal(ctx)
	defer ended()
	report, err := bench.Run(ctx, w, config)
	clearLine(errs)
	if o.keep {
		fmt.Fprintln(errs, "kept in", config.Dir)
	} else {
		err = errors.Join(err, os.RemoveAll(config.Dir))
	}
	return report, failed(err)
}

// sparse is how often progress is written when there is no terminal.
const sparse = time.Minute

// benchProgress shows the progress of a phase.
func benchProgress(errs io.Writer) func(phase string, done, whole int) {
	if isTerminal(errs) {
		return newProgress(errs, "", nil).part
	}
	told := time.Now()
	return func(phase string, done, whole int) {
		if time.Since(told) >= sparse {
			told = time.Now()
			fmt.Fprintf(errs, "%s: %d of %d\n", phase, done, whole)
		}
	}
}

func workloadNames() (names []string) {
	for _, w := range bench.Workloads {
		names = append(names, w.Name)
	}
	return names
}

func listWorkloads(out io.Writer, as format) error {
	if as == asJSON {
		return writeJSON(out, map[string]any{"workloads": bench.Workloads})
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, w := range bench.Workloads {
		fmt.Fprintf(t, "%s\t%s\n", w.Name, w.About)
	}
	return failed(t.Flush())
}
