package model

import (
	"fmt"

	"nudge/engine"
)

// Violation is something that must not be.
type Violation struct {
	What string
	Run  engine.RunID // it shows in; zero for none
}

// Error is what must not be.
func (v *Violation) Error() string { return v.What }

func (w *World) fail(format string, args ...any) { w.failIn(nil, format, args...) }

func (w *World) failIn(r *Run, format string, args ...any) {
	v := &Violation{What: fmt.Sprintf("input %d, a %s: ", w.seq, w.in.Kind()) + fmt.Sprintf(format, args...)}
	if r != nil {
		v.Run = r.id
	}
	panic(v)
}
