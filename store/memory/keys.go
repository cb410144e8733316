package memory

import (
	"cmp"
	"slices"
)

// maxChunk is how many keys one chunk holds. It is small, so that the keys move quickly.
const maxChunk = 256

// keys is a sorted list of keys in chunks. An insertion in the middle of a long list moves
// only the keys of one chunk. No chunk is empty.
type keys struct{ chunks [][]string }

// find returns the chunk for a key, the place within it, and whether the key is there.
func (k *keys) find(key string) (chunk, at int, found bool) {
	chunk, found = slices.BinarySearchFunc(k.chunks, key, func(c []string, key string) int { return cmp.Compare(c[0], key) })
	if found {
		return chunk, 0, true
	}
	if chunk == 0 {
		return 0, 0, false
	}
	at, found = slices.BinarySearch(k.chunks[chunk-1], key)
	return chunk - 1, at, found
}

// add adds a key that is not in the list.
func (k *keys) add(key string) {
	if len(k.chunks) == 0 {
		k.chunks = [][]string{{key}}
		return
	}
	chunk, at, _ := k.find(key)
	c := slices.Insert(k.chunks[chunk], at, key)
	k.chunks[chunk] = c
	if len(c) <= maxChunk {
		return
	}
	// An insertion at the end is usually followed by more insertions at the end.
	cut := len(c) / 2
	if at == len(c)-1 && chunk == len(k.chunks)-1 {
		cut = maxChunk
	}
	k.chunks[chunk] = slices.Clip(c[:cut])
	k.chunks = slices.Insert(k.chunks, chunk+1, slices.Clone(c[cut:]))
}

// remove removes a key that is in the list.
func (k *keys) remove(key string) {
	chunk, at, _ := k.find(key)
	k.chunks[chunk] = slices.Delete(k.chunks[chunk], at, at+1)
	if len(k.chunks[chunk]) == 0 {
		k.chunks = slices.Delete(k.chunks, chunk, chunk+1)
	}
}

// ascend calls visit with the keys from the given one on, until it returns false.
func (k *keys) ascend(from string, visit func(string) bool) {
	chunk, at, _ := k.find(from)
	for ; chunk < len(k.chunks); chunk, at = chunk+1, 0 {
		for _, key := range k.chunks[chunk][at:] {
			if !visit(key) {
				return
			}
		}
	}
}

// descend calls visit with the keys before the given one, last first, until it returns
// false. A nil before starts at the last key.
func (k *keys) descend(before *string, visit func(string) bool) {
	chunk, at := len(k.chunks), 0
	if before != nil {
		chunk, at, _ = k.find(*before)
	}
	for ; chunk >= 0; chunk, at = chunk-1, -1 {
		if chunk == len(k.chunks) {
			continue
		}
		if at < 0 {
			at = len(k.chunks[chunk])
		}
		for _, key := range slices.Backward(k.chunks[chunk][:at]) {
			if !visit(key) {
				return
			}
		}
	}
}

// clone returns a copy.
func (k *keys) clone() keys {
	c := keys{make([][]string, len(k.chunks))}
	for i := range k.chunks {
		c.chunks[i] = slices.Clone(k.chunks[i])
	}
	return c
}
