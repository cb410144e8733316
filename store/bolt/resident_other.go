//go:build !linux

package bolt

// giveBack and unmap do nothing here: the system alone decides how much of a file is in
// memory.
func (k *KV) giveBack() {}
func (k *KV) unmap()    {}
