package bench

import "fmt"

// Report is the result of a measurement. The names of fields contain their unit. A value
// that this system cannot measure is left out.
type Report struct {
	Workload string  `json:"workload"`
	Runs     int     `json:"runs"`
	Callers  int     `json:"callers"`
	Machine  Machine `json:"machine"`

	// RunsPerSecond is the rate of runs from start to end: 1 / (1/starts + 1/drains), from
	// the rates of the two phases.
	RunsPerSecond float64 `json:"runs_per_second,omitempty"`
	ClosedLoop    float64 `json:"closed_loop_runs_per_second,omitempty"`

	Receipts          *ReceiptTimes `json:"receipts,omitempty"`           // while the engine is otherwise idle
	ReceiptsMeanwhile *ReceiptTimes `json:"receipts_meanwhile,omitempty"` // during the workload
	PerRun            *PerRun       `json:"per_run,omitempty"`
	FileBytesPerRun   float64       `json:"file_bytes_per_waiting_run,omitempty"`
	Memory            *Memory       `json:"engine_memory,omitempty"`

	Park   []Point    `json:"park,omitempty"`
	Timers *TimersDue `json:"timers,omitempty"`

	Phases []Phase  `json:"phases"`
	Limits *Limits  `json:"limits,omitempty"`
	Ratios *Ratios  `json:"ratios,omitempty"`
	Notes  []string `json:"notes,omitempty"`
}

// Machine describes the machine of the measurement.
type Machine struct {
	CPUs       int    `json:"cpus"`
	System     string `json:"system"` // as Go calls it, such as linux/amd64
	Go         string `json:"go"`
	FileSystem string `json:"file_system,omitempty"`
}

// ReceiptTimes are the times of single read receipts at a steady rate. No receipt waits
// for another one to return.
type ReceiptTimes struct {
	PerSecond int      `json:"per_second"`
	Accepted  *Latency `json:"posted_to_accepted"` // until the webhook was answered
	Seen      *Latency `json:"accepted_to_seen"`   // from then until GET /v1/runs/ID showed that the run had ended
	All       *Latency `json:"posted_to_seen"`     // both
}

// Point is the cost of runs while a number of runs wait.
type Point struct {
	Waiting int `json:"waiting_runs"`

	// The cost of starting further runs and of receipts for random runs: by the clock,
	// with all callers at work, and in the engine's CPU time.
	Start      float64 `json:"start_microseconds_per_run"`
	StartCPU   float64 `json:"start_cpu_microseconds_per_run,omitempty"`
	Receipt    float64 `json:"receipt_microseconds_per_run"`
	ReceiptCPU float64 `json:"receipt_cpu_microseconds_per_run,omitempty"`

	FileBytes    float64          `json:"file_bytes_per_run"` // in use, without the journal and ended runs
	JournalBytes float64          `json:"journal_bytes_per_run"`
	Buckets      map[string]int64 `json:"bucket_bytes"`
	Memory       *Memory          `json:"engine_memory,omitempty"`

	// The time from the start of the process to the first answer, with the file in the
	// system's cache.
	AfterStop float64 `json:"restart_after_stop_seconds"`
	AfterKill float64 `json:"restart_after_kill_seconds"`
}

// TimersDue describes runs that end by timers, all due at one instant.
type TimersDue struct {
	Runs      int           `json:"runs"`
	Seconds   float64       `json:"drain_seconds"` // from that instant until all have ended
	PerSecond float64       `json:"runs_per_second"`
	Receipts  *ReceiptTimes `json:"receipts_meanwhile,omitempty"` // of other runs
}

// PerRun is the cost of a run, over the phases that make RunsPerSecond.
type PerRun struct {
	EngineCPU float64 `json:"engine_cpu_seconds_per_1000_runs"`
	DriverCPU float64 `json:"driver_cpu_seconds_per_1000_runs"`
	CPU       float64 `json:"cpu_seconds_per_1000_runs"`
	Written   float64 `json:"written_bytes_per_run"`
	Commits   float64 `json:"commits_per_1000_runs"`
	Requests  float64 `json:"sink_requests_per_run"`
}

// Memory is the engine's memory in bytes, with all runs waiting in their wait: its own,
// and the total including the mapped file in the system's memory.
type Memory struct {
	Anonymous int64 `json:"anonymous_bytes"`
	Resident  int64 `json:"resident_bytes"`
}

// Limits are the limits of the machine.
type Limits struct {
	Syncs         float64 `json:"fdatasyncs_per_second"`        // each after appending 4 KiB
	Requests      float64 `json:"loopback_requests_per_second"` // with R1's event, from as many callers
	RequestCPU    float64 `json:"loopback_cpu_microseconds_per_request,omitempty"`
	Floor         float64 `json:"loopback_conversations_per_second"` // with nothing in them: three requests of R1's sizes
	Records       float64 `json:"group_commit_records_per_second"`   // of the size of a run, from as many callers
	BareRuns      int     `json:"bare_runs"`
	BareStart     float64 `json:"bare_starts_per_second"`
	BareDrain     float64 `json:"bare_drains_per_second"`
	BarePerSecond float64 `json:"bare_runs_per_second"`
	BareCPU       float64 `json:"bare_cpu_seconds_per_1000_runs,omitempty"` // for engine, callers and sink in one process

	Sync     *Latency `json:"sync,omitempty"`      // of 4 KiB, at the pace of the quiet receipts
	TwoSyncs *Latency `json:"two_syncs,omitempty"` // one after the other
}

// floored is what of R1 the loopback alone would allow, and how much longer receipts took than the disk.
func (r *Report) floored() {
	if r.Limits.Floor > 0 {
		r.Ratios.Floor = r.RunsPerSecond / r.Limits.Floor
	}
	if r.Receipts != nil && r.Receipts.All != nil && r.Limits.TwoSyncs != nil {
		r.Ratios.BeyondDisk = r.Receipts.All.P99 - r.Limits.TwoSyncs.P99
	}
}

// Ratios compare the workload with the limits.
type Ratios struct {
	Bare  float64 `json:"runs_to_bare_runs"`
	Syncs float64 `json:"runs_to_fdatasyncs"`
	CPU   float64 `json:"cpu_to_bare_cpu,omitempty"`
	Floor float64 `json:"runs_to_loopback_conversations,omitempty"`

	BeyondDisk float64 `json:"p99_beyond_two_syncs_ms,omitempty"` // from when a receipt is posted until its run is seen ended
}

// together returns the rate of runs that go through the phases one after the other.
func together(phases ...*Phase) float64 {
	seconds := 0.0
	for _, p := range phases {
		seconds += 1 / p.PerSecond
	}
	return 1 / seconds
}

// perRun returns the cost of a run that goes through all of the phases.
func perRun(phases ...*Phase) *PerRun {
	sum := &PerRun{}
	for _, p := range phases {
		if p.Costs == nil {
			return nil
		}
		n := float64(p.Runs)
		sum.EngineCPU += 1000 * p.EngineCPU / n
		sum.DriverCPU += 1000 * p.DriverCPU / n
		sum.Written += float64(p.Written) / n
		sum.Commits += 1000 * float64(p.Commits) / n
		sum.Requests += float64(p.Requests) / n
	}
	sum.CPU = sum.EngineCPU + sum.DriverCPU
	return sum
}

// sharedMachine is how many CPUs other programs may use before a report mentions it. This
// includes the system's own threads, which write to the disk.
const sharedMachine = 0.5

// conclude compares the workload with the limits, and adds notes about possible errors.
func (r *Report) conclude() {
	for _, p := range r.Phases {
		if p.Costs != nil && p.OtherCPUs > sharedMachine && p.Seconds > 1 {
			r.Notes = append(r.Notes, fmt.Sprintf("%s: other programs used %.1f CPUs meanwhile", p.Name, p.OtherCPUs))
		}
	}
	if r.Limits == nil || r.RunsPerSecond == 0 {
		return
	}
	r.Ratios = &Ratios{Bare: r.RunsPerSecond / r.Limits.BarePerSecond, Syncs: r.RunsPerSecond / r.Limits.Syncs}
	if r.PerRun != nil && r.Limits.BareCPU > 0 {
		r.Ratios.CPU = r.PerRun.CPU / r.Limits.BareCPU
	}
	r.floored()
}
