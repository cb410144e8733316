package client

import (
	"context"
	"net/url"
)

// FlowCounts are the counts of the runs of one version that started in a span.
type FlowCounts struct {
	Flow      string           `json:"flow"`
	Version   string           `json:"version"`
	Active    bool             `json:"active"`
	Since     Time             `json:"since,omitzero"` // starts from then on, in whole hours or days; zero: from the first
	Until     Time             `json:"until"`          // to before then
	Counts    Counts           `json:"counts"`
	Versions  []CountedVersion `json:"versions"`     // all versions with runs, the active one first
	Elsewhere int64            `json:"here_besides"` // live runs of the version that started outside of the span
	Series    []CountsPoint    `json:"series"`       // by hour or by day, as they are kept, and in a span of more than 120 days by month; those without a run are left out
}

// CountedVersion is a version of which there are counts.
type CountedVersion struct {
	Version string `json:"version"`
	Started uint64 `json:"started"` // runs started on it or moved to it, without those that moved on
	Live    uint64 `json:"live"`
}

// CountsPoint is the starts of one hour, day or month, and what became of them.
type CountsPoint struct {
	Start   Time   `json:"start,omitzero"` // zero: everything before the days
	Span    string `json:"span"`           // hour, day, month or before
	Started int64  `json:"started"`
	Goal    int64  `json:"goal"`
	Here    int64  `json:"here"`
}

// Counts are where runs are, and what became of them. Started and MovedIn together are Here, Ended,
// MovedOut and LeftOut together.
type Counts struct {
	Started  int64          `json:"started"`
	MovedIn  int64          `json:"moved_in,omitempty"`
	MovedOut int64          `json:"moved_out,omitempty"`
	LeftOut  int64          `json:"left_out,omitempty"`
	Here     int64          `json:"here"`
	Ended    int64          `json:"ended"`
	Goal     int64          `json:"goal"`
	NotBegun int64          `json:"not_begun,omitempty"` // of those here
	Outcomes []OutcomeCount `json:"outcomes,omitempty"`
	Steps    []StepCounts   `json:"steps"`
	Exits    []ExitCounts   `json:"exits,omitempty"`
	Splits   []SplitCounts  `json:"splits,omitempty"`
}

// OutcomeCount is how many runs ended with an outcome.
type OutcomeCount struct {
	Name string `json:"name"`
	Runs int64  `json:"runs"`
}

// StepCounts are what happened at one step. Came, Skipped, Lines, Ends and Arms count each time.
type StepCounts struct {
	Step    string      `json:"step"`
	Verb    string      `json:"verb"`
	Came    int64       `json:"came"`
	Skipped int64       `json:"skipped,omitempty"`
	Here    int64       `json:"here"`
	Lines   []LineCount `json:"lines,omitempty"`
	Ends    []LineCount `json:"ends,omitempty"`
	Arms    []LineCount `json:"arms,omitempty"`
	Send    *SendCounts `json:"send,omitempty"`
}

// LineCount is how often a way was taken.
type LineCount struct {
	On    string `json:"on,omitempty"`
	As    string `json:"as,omitempty"`
	Taken int64  `json:"taken"`
}

// ExitCounts are how often runs left by an exit, and from where.
type ExitCounts struct {
	On    string      `json:"on"`
	As    string      `json:"as"`
	Goal  bool        `json:"goal,omitempty"`
	Taken int64       `json:"taken"`
	From  []FromCount `json:"from,omitempty"`
}

// FromCount is how many runs left from one step; an empty step is before the first.
type FromCount struct {
	Step  string `json:"step"`
	Taken int64  `json:"taken"`
}

// SendCounts are what became of the messages of one step. They count each run once; only Messages
// counts messages.
type SendCounts struct {
	Step      string           `json:"step"`
	Runs      int64            `json:"runs"`
	Messages  int64            `json:"messages"`
	Sent      int64            `json:"sent"`
	Delivered int64            `json:"delivered"`
	Read      int64            `json:"read"`
	Replied   int64            `json:"replied"`
	Goal      int64            `json:"goal"`
	Status    map[string]int64 `json:"status"`
	Unsent    map[string]int64 `json:"unsent,omitempty"`
	ReadIn    []ReadInCount    `json:"read_in,omitempty"`
}

// ReadInCount is how many runs read within a time, and not within the one before.
type ReadInCount struct {
	Within string `json:"within"` // for example 15m; empty for longer
	Runs   int64  `json:"runs"`
}

// SplitCounts compare the arms of a split.
type SplitCounts struct {
	Step        string       `json:"step"`
	Arms        []ArmCounts  `json:"arms"`
	Comparisons []Comparison `json:"comparisons,omitempty"`
}

// ArmCounts are what the runs did that were dealt one arm.
type ArmCounts struct {
	Arm      string         `json:"arm"`
	Weight   int            `json:"weight"`
	Runs     int64          `json:"runs"`
	Goal     int64          `json:"goal"`
	Outcomes []OutcomeCount `json:"outcomes,omitempty"`
	Sends    []SendCounts   `json:"sends,omitempty"`
}

// Comparison says how two arms differ in one share.
type Comparison struct {
	What       string   `json:"what"` // goal, or read or replied of a send
	Step       string   `json:"step,omitempty"`
	A          string   `json:"a"`
	B          string   `json:"b"`
	ShareA     Interval `json:"share_a"`
	ShareB     Interval `json:"share_b"`
	Difference float64  `json:"difference"` // in points
	Low        float64  `json:"low"`
	High       float64  `json:"high"`
	Clear      bool     `json:"clear"`
	Says       string   `json:"says"`
}

// Interval is a share from 0 to 1, and where it lies with a probability of 95 %.
type Interval struct {
	Of    int64   `json:"of"`
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// CountsQuery says which runs are counted.
type CountsQuery struct {
	Version string // empty: the active one
	Since   string // a time, a duration before now such as 14d, or all; empty: 14d
	Until   string // likewise; empty: all
}

// Counts returns what became of the runs of a flow.
func (c *Client) Counts(ctx context.Context, flow string, q CountsQuery) (*FlowCounts, error) {
	values := url.Values{}
	for name, value := range map[string]string{"version": q.Version, "since": q.Since, "until": q.Until} {
		if value != "" {
			values.Set(name, value)
		}
	}
	counts := &FlowCounts{}
	return counts, c.get(ctx, "/v1/flows/"+segment(flow)+"/counts", values, counts)
}

// FlowSums are where everybody is who started a flow in the last 14 days, on all of its versions. Started is Here, Ended and LeftOut together:
// who went on in another version is counted there.
type FlowSums struct {
	Flow    string  `json:"flow"`
	Version string  `json:"version"` // the active one
	Started int64   `json:"started"`
	LeftOut int64   `json:"left_out,omitempty"`
	Here    int64   `json:"here"`
	Ended   int64   `json:"ended"`
	Goal    int64   `json:"goal"`    // of those ended, and of those here who go on after it
	Failed  int64   `json:"failed"`  // of those ended
	ByHour  []int64 `json:"by_hour"` // who started in each hour from Since on, the present one last
}

// FlowSumsPage is a page of active flows, by name.
type FlowSumsPage struct {
	Since Time       `json:"since"` // starts from then on, in whole hours
	Flows []FlowSums `json:"flows"`
	Next  string     `json:"next,omitempty"` // after of the next page; empty on the last one
}

// AllCounts says where everybody is who started in the last 14 days, for each active flow. After is the flow behind which the page
// begins, empty for the first ones; limit is how many flows it has at most, up to 100, and 0 for 50.
func (c *Client) AllCounts(ctx context.Context, after string, limit int) (*FlowSumsPage, error) {
	page := &FlowSumsPage{}
	return page, c.get(ctx, "/v1/counts", parameters(limit, "after", after), page)
}
