package people

import (
	"encoding/json"

	"nudge/lang/diag"
	"nudge/lang/node"
)

// ReadFaults reads faults alone, from YAML or from JSON, with the keys that they have under
// faults: in a people file. It adds mistakes to list.
//
//	seed: 7                    # that of the people file when missing
//	latency: 50ms-2s           # of every answer
//	errors: 10%                # requests answered with an error, and not carried out
//	error_statuses: [ 503 ]    # one of them; without it 500, 502 or 503
//	drop_responses: 20%        # requests carried out, and then not answered
//	duplicate_webhooks: 10%    # events posted twice
//	reorder_webhooks: 10%      # events that wait for up to 10 s, so that others overtake them
//	withhold_webhooks: 5%      # events that wait for
//	withhold_for: 30s-5m
//	lose_webhooks: 1%          # events that are never posted
//	omit_metadata: 100%        # events without the metadata of the message
func ReadFaults(file string, text []byte, list *diag.List) Faults {
	return readFaults(node.Parse(file, text, list), 0)
}

func readFaults(m *node.Map, seed uint64) Faults {
	f := Faults{Seed: seed}
	if m.Has("seed") {
		f.Seed = readSeed(m)
	}
	readSpan(m, "latency", &f.Latency)
	readShare(m, "errors", &f.Errors)
	for _, item := range m.List("error_statuses") {
		status := item.Int()
		if _, number := item.Literal().(int); number && (status < 400 || status > 599) {
			item.Errorf(node.CodeBadValue, "", "error_statuses must be from 400 to 599")
		}
		f.Statuses = append(f.Statuses, status)
	}
	readShare(m, "drop_responses", &f.Drop)
	readShare(m, "duplicate_webhooks", &f.Duplicate)
	readShare(m, "reorder_webhooks", &f.Reorder)
	readShare(m, "withhold_webhooks", &f.Withhold)
	readSpan(m, "withhold_for", &f.WithholdFor)
	readShare(m, "lose_webhooks", &f.Lose)
	readShare(m, "omit_metadata", &f.Omit)
	m.Close()
	return f
}

// MarshalJSON writes faults with the keys that ReadFaults reads.
func (f Faults) MarshalJSON() ([]byte, error) {
	share := func(f float64) string {
		if f == 0 {
			return ""
		}
		return percent(f)
	}
	return json.Marshal(struct {
		Seed        uint64 `json:"seed"`
		Latency     string `json:"latency,omitempty"`
		Errors      string `json:"errors,omitempty"`
		Statuses    []int  `json:"error_statuses,omitempty"`
		Drop        string `json:"drop_responses,omitempty"`
		Duplicate   string `json:"duplicate_webhooks,omitempty"`
		Reorder     string `json:"reorder_webhooks,omitempty"`
		Withhold    string `json:"withhold_webhooks,omitempty"`
		WithholdFor string `json:"withhold_for,omitempty"`
		Lose        string `json:"lose_webhooks,omitempty"`
		Omit        string `json:"omit_metadata,omitempty"`
	}{
		f.Seed, f.Latency.String(), share(f.Errors), f.Statuses, share(f.Drop), share(f.Duplicate),
		share(f.Reorder), share(f.Withhold), f.WithholdFor.String(), share(f.Lose), share(f.Omit),
	})
}
