// Package memory keeps a store's records in memory, for simulation and tests. It keeps the
// contract of store.KV, except that the records end with the process.
package memory

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"

	"nudge/store"
)

// KV is a store.KV in memory. The zero value is empty and ready to use.
type KV struct {
	mu      sync.RWMutex
	buckets [len(store.Buckets)]bucket
}

var _ store.KV = (*KV)(nil)

// bucket is a sorted list of keys and a table of their values.
type bucket struct {
	keys   keys
	values map[string][]byte
}

// View calls f with the result of all earlier Updates.
func (m *KV) View(f func(store.Reader) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return f(&tx{kv: m})
}

// Update calls f, and undoes its writes when it returns an error.
func (m *KV) Update(f func(store.Writer) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &tx{kv: m}
	if err := f(t); err != nil {
		for _, undo := range slices.Backward(t.undo) {
			undo()
		}
		return err
	}
	return nil
}

// Close does nothing: the records stay, so that a store can be opened on them again.
func (m *KV) Close() error { return nil }

// Clone returns a copy. Later changes of the copy do not show in m.
func (m *KV) Clone() *KV {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c := new(KV)
	for i, b := range m.buckets {
		c.buckets[i] = bucket{keys: b.keys.clone(), values: maps.Clone(b.values)}
	}
	return c
}

// Dump returns a copy of every key of a bucket with its value.
func (m *KV) Dump(b store.Bucket) map[string][]byte {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return maps.Clone(m.buckets[b].values)
}

type tx struct {
	kv   *KV
	undo []func()
}

func (t *tx) Get(b store.Bucket, key []byte) []byte {
	return t.kv.buckets[b].values[string(key)]
}

func (t *tx) Ascend(b store.Bucket, from []byte, visit func(key, value []byte) bool) {
	k := &t.kv.buckets[b]
	k.keys.ascend(string(from), func(key string) bool { return visit([]byte(key), k.values[key]) })
}

func (t *tx) Descend(b store.Bucket, before []byte, visit func(key, value []byte) bool) {
	k := &t.kv.buckets[b]
	var end *string
	if before != nil {
		text := string(before)
		end = &text
	}
	k.keys.descend(end, func(key string) bool { return visit([]byte(key), k.values[key]) })
}

func (t *tx) Put(b store.Bucket, key, value []byte) error {
	t.kv.buckets[b].put(t, strings.Clone(string(key)), append([]byte{}, value...))
	return nil
}

func (t *tx) Delete(b store.Bucket, key []byte) error {
	t.kv.buckets[b].delete(t, string(key))
	return nil
}

func (k *bucket) put(t *tx, key string, value []byte) {
	old, had := k.values[key]
	if k.values == nil {
		k.values = map[string][]byte{}
	}
	k.values[key] = value
	if had {
		t.undo = append(t.undo, func() { k.values[key] = old })
		return
	}
	k.keys.add(key)
	t.undo = append(t.undo, func() { k.delete(&tx{}, key) })
}

func (k *bucket) delete(t *tx, key string) {
	old, had := k.values[key]
	if !had {
		return
	}
	k.keys.remove(key)
	delete(k.values, key)
	t.undo = append(t.undo, func() { k.put(&tx{}, key, bytes.Clone(old)) })
}
