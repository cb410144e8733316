//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The operations of the store's file in bbolt, and what takes their place. A bbolt that does them
// otherwise fails the build.
var diskOperations = []struct{ file, is, becomes string }{
	{"bolt_linux.go", "return syscall.Fdatasync(int(db.file.Fd()))", `return faulty("fdatasync", func() error { return syscall.Fdatasync(int(db.file.Fd())) }, nothing)`},
	{"db.go", "db.ops.writeAt = db.file.WriteAt", "db.ops.writeAt = faultyWrite(db.file)"},
	{"db.go", "db.file.Truncate(int64(sz))", "faultyTruncate(db.file, int64(sz))"},
	{"db.go", "db.file.Sync()", "faultySync(db.file)"},
}

// faultyProgram is the program with a disk that fails or kills it at the operation that
// $NUDGE_DISK_FAULT names; see testdata/disk. It is built once for all tests.
//
// The faults are in a copy of bbolt that the build uses in place of the real one. strace could
// inject them too, but it counts the calls of each thread by itself, and a Go program does not say
// which thread comes next.
func faultyProgram(t *testing.T) string {
	t.Helper()
	builtProgram(t)
	faulty.once.Do(func() { faulty.err = buildFaulty(build.dir) })
	if faulty.err != nil {
		t.Fatal(faulty.err)
	}
	return filepath.Join(build.dir, "faulty")
}

var faulty struct {
	once sync.Once
	err  error
}

func buildFaulty(dir string) error {
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.etcd.io/bbolt").Output()
	if err != nil {
		return err
	}
	root, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	changed, mod := filepath.Join(dir, "bbolt"), strings.TrimSpace(string(root))
	if err := os.CopyFS(changed, os.DirFS(strings.TrimSpace(string(module)))); err != nil {
		return err
	}
	for _, o := range diskOperations {
		if err := rewrite(filepath.Join(changed, o.file), filepath.Join(changed, o.file), func(text string) (string, error) {
			if n := strings.Count(text, o.is); n != 1 {
				return "", fmt.Errorf("%s has %q %d times, want once", o.file, o.is, n)
			}
			return strings.Replace(text, o.is, o.becomes, 1), nil
		}); err != nil {
			return err
		}
	}
	same := func(text string) (string, error) { return text, nil }
	out := ""
	err = errors.Join(
		rewrite("testdata/disk/fault.go.txt", filepath.Join(changed, "fault.go"), same),
		rewrite(strings.TrimSuffix(mod, ".mod")+".sum", filepath.Join(dir, "faulty.sum"), same),
		rewrite(mod, filepath.Join(dir, "faulty.mod"), func(text string) (string, error) {
			return text + "\nreplace go.etcd.io/bbolt => " + changed + "\n", nil
		}))
	if err == nil {
		var said []byte
		said, err = exec.Command("go", "build", "-modfile", filepath.Join(dir, "faulty.mod"), "-o", filepath.Join(dir, "faulty"), "nudge/cmd/nudge").CombinedOutput()
		out = string(said)
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// rewrite writes what a function makes of a file.
func rewrite(from, to string, change func(string) (string, error)) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	changed, err := change(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(to, []byte(changed), 0o600)
}
