package store

import (
	"encoding/json"
	"fmt"
	"slices"

	"nudge/engine"
	"nudge/flows"
)

// Version returns a stored version of a flow, or nil when the store does not have it.
func (s *Store) Version(v engine.FlowVersion) (f *flows.Flow, err error) {
	err = s.kv.View(func(r Reader) error {
		if record := r.Get(Versions, versionKey(v)); record != nil {
			f, err = decodeFlow(record)
			return damaged(Versions, versionKey(v), err)
		}
		return nil
	})
	return f, err
}

// VersionsInUse returns every version that is active, has live runs, or has a campaign that has
// not taken all its rows.
func (s *Store) VersionsInUse() (wanted []engine.FlowVersion, err error) {
	state, err := s.State()
	if err != nil {
		return nil, err
	}
	counts, err := s.Counts()
	if err != nil {
		return nil, err
	}
	wanted = slices.Clone(state.Active)
	for _, number := range state.Open {
		f, err := s.Campaign(number)
		if err != nil {
			return nil, err
		}
		if f == nil {
			return nil, fmt.Errorf("store: firing %d is open but not there", number)
		}
		if v := (engine.FlowVersion{Flow: f.Flow, Version: f.Version}); !slices.Contains(wanted, v) {
			wanted = append(wanted, v)
		}
	}
	for _, c := range counts {
		if v := (engine.FlowVersion{Flow: c.Flow, Version: c.Version}); c.Live > 0 && !slices.Contains(wanted, v) {
			wanted = append(wanted, v)
		}
	}
	return wanted, nil
}

// InUse returns the flows of VersionsInUse.
func (s *Store) InUse() (inUse []*flows.Flow, err error) {
	wanted, err := s.VersionsInUse()
	if err != nil {
		return nil, err
	}
	for _, v := range wanted {
		f, err := s.Version(v)
		if err != nil {
			return nil, err
		}
		if f == nil {
			return nil, fmt.Errorf("store: version %s of flow %s is in use but not there", v.Version, v.Flow)
		}
		inUse = append(inUse, f)
	}
	return inUse, nil
}

func encodeFlow(f *flows.Flow) []byte {
	raw := marshalBundle(f.Bundle)
	return encode(flowVersion, func(c *codec) { c.raw(&raw) })
}

func decodeFlow(record []byte) (*flows.Flow, error) {
	var raw json.RawMessage
	if err := decode(record, flowVersion, func(c *codec) { c.raw(&raw) }); err != nil {
		return nil, err
	}
	var b flows.Bundle
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	return flows.Compile(b)
}
