package store

import (
	"encoding/json"
	"maps"

	"nudge/engine"
)

// EverActive reports whether exactly these versions are the active ones, or were after some deploy that is kept.
func (s *Store) EverActive(versions []engine.FlowVersion) (ever bool, err error) {
	wanted := map[string]string{}
	for _, v := range versions {
		wanted[v.Flow] = v.Version
	}
	err = s.kv.View(func(r Reader) error {
		state, err := StateIn(r)
		if err != nil {
			return err
		}
		at := map[string]string{} // what was active, further and further back
		for _, v := range state.Active {
			at[v.Flow] = v.Version
		}
		var failed error
		r.Descend(Deploys, nil, func(key, record []byte) bool {
			if ever = maps.Equal(at, wanted); ever {
				return false
			}
			d, err := decodeDeploy(record)
			if err == nil {
				err = undo(at, d)
			}
			failed = damaged(Deploys, key, err)
			return failed == nil
		})
		ever = ever || len(at) > 0 && maps.Equal(at, wanted)
		return failed
	})
	return ever, err
}

// undo makes what was active after a deploy what was active before it.
func undo(active map[string]string, d *Deploy) error {
	var before, after map[string]string
	for _, x := range []struct {
		raw  json.RawMessage
		into *map[string]string
	}{{d.Before, &before}, {d.After, &after}} {
		if len(x.raw) > 0 {
			if err := json.Unmarshal(x.raw, x.into); err != nil {
				return err
			}
		}
	}
	for flow := range after {
		delete(active, flow)
	}
	maps.Copy(active, before)
	return nil
}
