package bolt

import (
	"go.etcd.io/bbolt"

	"nudge/store"
)

// Part is how much of the file the records of one bucket take.
type Part struct {
	Bucket  string `json:"bucket"`
	Records int    `json:"records"`
	Bytes   int64  `json:"bytes"` // whole pages, with what is free within them
}

// Parts are those of all buckets, in the order of store.Buckets. What the file has
// beyond them is free, or too small for a page of its own. It reads the head of every
// page.
func (k *KV) Parts() (parts []Part, err error) {
	err = k.db.View(func(t *bbolt.Tx) error {
		for _, b := range store.Buckets {
			s := t.Bucket([]byte(b.String())).Stats()
			parts = append(parts, Part{b.String(), s.KeyN, int64(s.LeafAlloc + s.BranchAlloc)})
		}
		return nil
	})
	return parts, err
}
