package postgres

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"nudge/store"
)

// Holding returns for each prefix the places of those partitions among all that have a key in a bucket which begins with it, in one trip.
func (k *readOnly) Holding(all []store.KV, b store.Bucket, prefixes [][]byte) (found [][]int, possible bool, err error) {
	partitions := make([]int, len(all))
	for i, kv := range all {
		one, ok := kv.(partitionOf)
		if !ok {
			return nil, false, nil
		}
		of, partition := one.of()
		if of != k.d {
			return nil, false, nil
		}
		partitions[i] = partition
	}
	found, err = k.d.holding(partitions, b, prefixes)
	return found, true, err
}

// behind is the first key that is behind all with a prefix.
func behind(prefix []byte) []byte {
	end := bytes.Clone(bytes.TrimRight(prefix, "\xff"))
	if len(end) == 0 {
		return behindAll
	}
	end[len(end)-1]++
	return end
}

func (d *Database) holding(partitions []int, b store.Bucket, prefixes [][]byte) ([][]int, error) {
	numbersOf, ends := make([]int64, len(prefixes)), make([][]byte, len(prefixes))
	for i, prefix := range prefixes {
		numbersOf[i], ends[i] = int64(i), behind(prefix)
	}
	var sql strings.Builder
	for i, partition := range partitions {
		if i > 0 {
			sql.WriteString(" UNION ALL ")
		}
		fmt.Fprintf(&sql, "SELECT w.n, %d::bigint FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) AS w(low, high, n) WHERE EXISTS (SELECT FROM %s r WHERE r.bucket = %d AND r.key >= w.low AND r.key < w.high)",
			i, tableName(tableOf(b), partition), b)
	}
	var found [][]int
	err := d.read(func() *batch {
		found = make([][]int, len(prefixes))
		one := new(batch)
		one.add(sql.String(), raws(prefixes), raws(ends), numbers(numbersOf))
		return one
	}, func(_ int, values [][]byte) error {
		n, err := whole(values[0])
		if err != nil {
			return err
		}
		place, err := whole(values[1])
		found[n] = append(found[n], int(place))
		return err
	})
	for _, places := range found {
		slices.Sort(places)
	}
	return found, err
}
