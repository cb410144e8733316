//go:build !linux

package bolt

// giveBack and unmap do nothing here: how much of a file is in memory is the system's own
// matter.
func (k *KV) giveBack() {}
func (k *KV) unmap()    {}
