package bolt

import (
	"go.etcd.io/bbolt"

	"nudge/store"
)

// Part is the space in the file that the records of one bucket take.
type Part struct {
	Bucket  string `json:"bucket"`
	Records int    `json:"records"`
	Bytes   int64  `json:"bytes"` // whole pages, with their free space
}

// Parts returns the parts of all buckets, in the order of store.Buckets. The rest of the
// file is free, or belongs to buckets too small for a page of their own. Parts reads the
// head of every page.
func (k *KV) Parts() (parts []Part, err error) {
	err = k.db.View(func(t *bbolt.Tx) error {
		for _, b := range store.Buckets {
			part := Part{Bucket: b.String()}
			if bucket := t.Bucket([]byte(b.String())); bucket != nil {
				s := bucket.Stats()
				part.Records, part.Bytes = s.KeyN, int64(s.LeafAlloc+s.BranchAlloc)
			}
			parts = append(parts, part)
		}
		return nil
	})
	return parts, err
}
