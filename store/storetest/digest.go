package storetest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"

	"nudge/store"
)

// Digests returns the digest of a store's journal, and the digest of the whole store:
// every bucket with its keys and values in order.
func Digests(kv store.KV) (journal, all string, err error) {
	whole := sha256.New()
	err = kv.View(func(r store.Reader) error {
		for _, b := range store.Buckets {
			one, empty := sha256.New(), true
			r.Ascend(b, nil, func(key, value []byte) bool {
				empty = false
				digest(one, key)
				digest(one, value)
				return true
			})
			if b == store.Journal {
				journal = short(one)
			}
			if empty { // so that another bucket changes nothing
				continue
			}
			digest(whole, []byte(b.String()))
			digest(whole, one.Sum(nil))
		}
		return nil
	})
	return journal, short(whole), err
}

func digest(h hash.Hash, b []byte) {
	h.Write(binary.AppendUvarint(nil, uint64(len(b))))
	h.Write(b)
}

func short(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)[:12]) }
