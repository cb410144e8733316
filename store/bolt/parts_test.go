package bolt

import (
	"encoding/binary"
	"testing"

	"nudge/store"
)

// TestParts compares the parts with the size of the file, and a bucket's part with its
// records.
func TestParts(t *testing.T) {
	k, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	const records, bytes = 1000, 500
	err = k.Update(func(w store.Writer) error {
		for i := range uint32(records) {
			if err := w.Put(store.Journal, binary.BigEndian.AppendUint32(nil, i), make([]byte, bytes)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := k.Parts()
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != len(store.Buckets) {
		t.Errorf("there are %d parts for %d buckets", len(parts), len(store.Buckets))
	}
	sum := int64(0)
	for _, p := range parts {
		sum += p.Bytes
		if p.Bucket != store.Journal.String() {
			continue
		}
		if p.Records != records || p.Bytes < records*bytes || p.Bytes > 2*records*bytes {
			t.Errorf("%d records of %d bytes are said to be %d of %d in all", records, bytes, p.Records, p.Bytes)
		}
	}
	if sum > k.Size() {
		t.Errorf("the parts have %d bytes, the file %d", sum, k.Size())
	}
}
