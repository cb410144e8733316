package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"nudge/bench"
)

// writeBench writes a report for people: first the workload, then the limits of the
// machine, then the ratios.
func writeBench(out io.Writer, r *bench.Report) error {
	m := r.Machine
	fmt.Fprintf(out, "%s: %s, %s; %s on %s, %s\n\n", r.Workload, plural(r.Runs, "run"), plural(r.Callers, "caller"),
		plural(m.CPUs, "CPU"), m.System, m.FileSystem)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(value float64, format, what string) {
		if value != 0 {
			fmt.Fprintf(t, format+"\t  %s\n", value, what)
		}
	}
	for _, p := range r.Phases {
		row(p.PerSecond, "%.0f/s", fmt.Sprintf("%s, %d in %.1f s", p.Name, p.Runs, p.Seconds))
	}
	row(r.RunsPerSecond, "%.0f/s", "runs, all phases of one together")
	showReceipts(row, r.Receipts, "receipt")
	showReceipts(row, r.ReceiptsMeanwhile, "receipt meanwhile")
	if p := r.PerRun; p != nil {
		row(p.CPU, "%.2f s", fmt.Sprintf("CPU for 1,000 runs: %.2f engine, %.2f driver", p.EngineCPU, p.DriverCPU))
		row(p.Written, "%.0f B", "written to storage for a run")
		row(p.Commits, "%.1f", "commits for 1,000 runs")
		row(p.Requests, "%.2f", "requests to the provider for a run")
	}
	row(r.FileBytesPerRun, "%.0f B", "of file for a waiting run, the journal included")
	if r.Memory != nil {
		row(float64(r.Memory.Anonymous)/(1<<20), "%.0f MiB", "memory of the engine's own")
		row(float64(r.Memory.Resident)/(1<<20), "%.0f MiB", "with what is mapped of its file")
	}
	if d := r.Timers; d != nil {
		row(d.Seconds, "%.1f s", fmt.Sprintf("until %d timers due together had ended their runs, %.0f/s", d.Runs, d.PerSecond))
		showReceipts(row, d.Receipts, "receipt meanwhile")
	}
	showLimits(row, r)
	if err := t.Flush(); err != nil {
		return failed(err)
	}
	if err := showCurve(out, r.Park); err != nil {
		return failed(err)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(out, "note:", n)
	}
	return nil
}

// showCurve writes the cost of a run for each number of waiting runs, one line each.
func showCurve(out io.Writer, points []bench.Point) error {
	if len(points) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\nwaiting\tstart µs\tengine CPU µs\treceipt µs\tengine CPU µs\tfile B/run\tjournal B/run\town MiB\tafter stop s\tafter kill s\t")
	for _, p := range points {
		own := int64(0)
		if p.Memory != nil {
			own = p.Memory.Anonymous
		}
		fmt.Fprintf(t, "%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%d\t%.2f\t%.2f\t\n", p.Waiting, p.Start, p.StartCPU, p.Receipt, p.ReceiptCPU,
			p.FileBytes, p.JournalBytes, own>>20, p.AfterStop, p.AfterKill)
	}
	return t.Flush()
}

// benchRow writes one figure, unless it is missing.
type benchRow func(value float64, format, what string)

func showReceipts(row benchRow, t *bench.ReceiptTimes, name string) {
	if t == nil {
		return
	}
	show := func(l *bench.Latency, what string) {
		if l != nil {
			row(l.P50, "%.2f ms", fmt.Sprintf("%s %s: half of %d; 90 %% %.2f, 99 %% %.2f, the longest %.2f", name, what, l.Count, l.P90, l.P99, l.Max))
		}
	}
	show(t.Accepted, "posted to accepted")
	show(t.Seen, "accepted to run seen ended")
	show(t.All, "posted to run seen ended")
}

func showSyncs(row benchRow, l *bench.Latency, what string) {
	if l != nil {
		row(l.P50, "%.2f ms", fmt.Sprintf("the disk: %s at the pace of receipts: half of %d; 90 %% %.2f, 99 %% %.2f, the longest %.2f", what, l.Count, l.P90, l.P99, l.Max))
	}
}

func showLimits(row benchRow, r *bench.Report) {
	l := r.Limits
	if l == nil {
		return
	}
	row(l.Syncs, "%.0f/s", "the disk: syncs of 4 KiB")
	showSyncs(row, l.Sync, "a sync")
	showSyncs(row, l.TwoSyncs, "two syncs, one after the other")
	row(l.Requests, "%.0f/s", "the loopback: requests of an event's size")
	row(l.Floor, "%.0f/s", "the loopback: conversations of three requests, with nothing in them")
	row(l.Records, "%.0f/s", "a group commit: records of a run's size")
	row(l.BarePerSecond, "%.0f/s", fmt.Sprintf("the barest loop: runs; %.0f starts, %.0f drains", l.BareStart, l.BareDrain))
	row(l.BareCPU, "%.2f s", "the barest loop: CPU for 1,000 runs in all")
	if q := r.Ratios; q != nil {
		row(q.Bare, "%.2f", "runs to those of the barest loop")
		row(q.Floor, "%.2f", "runs to conversations over the loopback")
		row(q.Syncs, "%.2f", "runs to syncs of the disk")
		row(q.BeyondDisk, "%.2f ms", "99 % of receipts until the run is seen ended, beyond 99 % of two syncs")
		row(q.CPU, "%.2f", "CPU of a run to that of the barest loop")
	}
}
