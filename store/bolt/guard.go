package bolt

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// ErrDamaged is the error of a transaction that met a damaged page. What the page is,
// [KV.Verify] finds.
var ErrDamaged = errors.New("the store is damaged; nudge store check says where")

// guarded runs a transaction. bbolt panics at a page that cannot be right, and reading a page
// that is no longer there is a fault of the machine. Both become ErrDamaged. Any other panic is
// none of its business.
func guarded(transaction func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			if !ofTheFile(p) {
				panic(p)
			}
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	return transaction()
}

// ofTheFile reports whether a panic comes from the file: a fault at an address, or something
// that bbolt itself met. It must be called by the deferred function.
func ofTheFile(p any) bool {
	if _, fault := p.(interface{ Addr() uintptr }); fault {
		return true
	}
	callers := make([]uintptr, 16)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)]) // behind Callers, this and the deferred function
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") {
			return strings.HasPrefix(frame.Function, "go.etcd.io/bbolt")
		}
		if !more {
			return false
		}
	}
}
