//go:build !linux

package bench

import (
	"os"
	"syscall"
)

func childAttributes() *syscall.SysProcAttr { return nil }

func usageOf(int) (u usage, ok bool) { return u, false }

func busySeconds() float64 { return 0 }

func memoryOf(int) (anonymous, resident int64, ok bool) { return 0, 0, false }

func fileSystem(string) string { return "" }

func syncData(f *os.File) error { return f.Sync() }
