//go:build !linux && !darwin

package bolt

import "os"

func diskSpace(string) (free int64, readOnly, known bool) { return 0, false, false }

func keepOwner(string, os.FileInfo) error { return nil }
