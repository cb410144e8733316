package server

import (
	"errors"
	"fmt"
	"net/http"

	"nudge/engine"
	"nudge/runner/bulk"
)

// bulkRequest asks for a change of many runs.
type bulkRequest struct {
	Filter runFilter `json:"filter"`            // which runs; at least one field
	DryRun bool      `json:"dry_run,omitempty"` // only say how many there are
	Expect *int      `json:"expect,omitempty"`  // how many there are, as a dry run said; required without dry_run
	Reason string    `json:"reason,omitempty"`  // is shown in the runs' timelines
}

// bulkCount is how many runs a change of many is about.
type bulkCount struct {
	Runs     int            `json:"runs"`
	At       engine.Instant `json:"at"`                // when they were counted
	Skipped  map[string]int `json:"skipped,omitempty"` // runs that the filter selects and that cannot be changed, by why
	Looked   int            `json:"looked"`            // how many runs were looked at
	Examples []Run          `json:"examples"`          // the first ones
}

// grown is by how much the number of runs may have grown since the dry run: a tenth.
const grown = 1.1

// ofMany describes a change of many runs.
func ofMany(id, does, more, example string) operation {
	return operation{
		id: id, first: true, topic: "Runs", does: does, more: more + " First with dry_run: the answer says how many runs the filter selects, and shows a few. Then with expect, that number: a job " +
			"begins, unless the number has grown by more than a tenth. What fails or starts after the count is not meant. The job changes each run once, also if the server is killed in the middle, and says what became of all it counted.",
		takes: body(bulkRequest{}, maxCommandBody, example),
		gives: []answer{{http.StatusOK, mediaJSON, []any{bulkCount{}}, "how many runs there are"}, {http.StatusAccepted, mediaJSON, []any{Job{}}, "the job"}},
		fails: []int{400, 409, 429, 501, 503}, keyless: true,
	}
}

func (s *Server) bulkRoutes() []route {
	return []route{
		{"POST /v1/runs/retry", ScopeOperate, s.changeMany(bulk.Retry), ofMany("retryRuns", "Try many failed runs again", "As a retry of each.", `{"filter": {"failure": "0a1b2c3d4e5f6071"}, "dry_run": true}`)},
		{"POST /v1/runs/cancel", ScopeOperate, s.changeMany(bulk.Cancel), ofMany("cancelRuns", "Cancel many runs", "Those that live and that the filter selects.", `{"filter": {"flow": "sale"}, "expect": 1200, "reason": "the offer has changed"}`)},
	}
}

// changeMany counts the runs of a filter, or begins a job that changes them.
func (s *Server) changeMany(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request bulkRequest
		err := refuseKey(r, "this takes no Idempotency-Key: what is asked for twice finds nothing more to do")
		if err == nil && (s.config.Bulk == nil || s.config.Jobs == nil) {
			err = problemOf(http.StatusNotImplemented, "jobs", "this server does no jobs")
		}
		if err == nil {
			err = s.read(w, r, &request)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		count, p, err := s.countMany(r, kind, &request)
		switch {
		case err != nil:
			s.fail(w, r, err)
		case request.DryRun:
			s.replyCount(w, r, count)
		case float64(count.Runs) > float64(*request.Expect)*grown:
			s.fail(w, r, problemOf(http.StatusConflict, "grown", fmt.Sprintf("the filter selects %d runs now, expected were %d; look again with dry_run", count.Runs, *request.Expect),
				fieldProblem{"expect", fmt.Sprintf("%d runs are selected now", count.Runs)}))
		default:
			s.startJob(w, r, kind, p, nil)
		}
	}
}

// countMany checks a request, and counts the runs that it is about.
func (s *Server) countMany(r *http.Request, kind string, request *bulkRequest) (*bulk.Count, *bulk.Params, error) {
	switch {
	case request.Filter == (runFilter{}):
		return nil, nil, wrongField("filter", "the filter must have at least one field")
	case request.DryRun && request.Expect != nil:
		return nil, nil, wrongField("expect", "expect does not go with dry_run")
	case request.Expect != nil && *request.Expect < 0:
		return nil, nil, wrongField("expect", "expect is how many runs a dry run has counted, 0 or more")
	case !request.DryRun && request.Expect == nil:
		return nil, nil, wrongField("expect", "expect is required: ask with dry_run first, and say how many runs there are")
	case len(request.Reason) > engine.MaxReasonBytes:
		return nil, nil, wrongField("reason", fmt.Sprintf("the reason must be at most %d bytes", engine.MaxReasonBytes))
	}
	filter, err := s.storeFilter(&request.Filter, func(field, detail string) error { return wrongField("filter."+field, field+" "+detail) })
	if err != nil {
		return nil, nil, err
	}
	count, err := s.config.Bulk.Count(r.Context(), kind, filter)
	if errors.Is(err, bulk.ErrTooMany) {
		return nil, nil, problemOf(http.StatusBadRequest, "limit", err.Error(), fieldProblem{"filter", "needs too many runs to be looked at"})
	}
	if err != nil {
		return nil, nil, err
	}
	return count, &bulk.Params{Filter: filter, Reason: request.Reason, Runs: count.Runs, Skipped: count.Skipped, At: count.At}, nil
}

func (s *Server) replyCount(w http.ResponseWriter, r *http.Request, count *bulk.Count) {
	out := bulkCount{Runs: count.Runs, At: count.At, Skipped: count.Skipped, Looked: count.Looked, Examples: []Run{}}
	for _, run := range count.Examples {
		f, err := s.flows.of(run)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		out.Examples = append(out.Examples, runOf(run, f))
	}
	reply(w, http.StatusOK, out)
}
