//go:build !linux

package bolt

// giveBack, unmap and Release do nothing here: the system alone decides how much of a file is in
// memory.
func (k *KV) giveBack() {}
func (k *KV) unmap()    {}

// Release does nothing here.
func (k *KV) Release() error { return nil }
