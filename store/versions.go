package store

import (
	"bytes"
	"encoding/binary"
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

// StoredVersions returns every version that is stored.
func (s *Store) StoredVersions() (all []*flows.Flow, err error) {
	err = s.kv.View(func(r Reader) (failed error) {
		r.Ascend(Versions, nil, func(key, record []byte) bool {
			f, err := decodeFlow(record)
			failed = damaged(Versions, key, err)
			all = append(all, f)
			return failed == nil
		})
		return failed
	})
	return all, err
}

// VersionsOf returns every version of a flow that is stored.
func (s *Store) VersionsOf(flow string) (all []engine.FlowVersion, err error) {
	prefix := sized(nil, flow)
	err = s.kv.View(func(r Reader) (failed error) {
		r.Ascend(Versions, prefix, func(key, _ []byte) bool {
			if !bytes.HasPrefix(key, prefix) {
				return false
			}
			n, used := binary.Uvarint(key[len(prefix):])
			rest := key[len(prefix)+max(used, 0):]
			if used <= 0 || n != uint64(len(rest)) {
				failed = damaged(Versions, key, errDamaged)
				return false
			}
			all = append(all, engine.FlowVersion{Flow: flow, Version: string(rest)})
			return true
		})
		return failed
	})
	return all, err
}
