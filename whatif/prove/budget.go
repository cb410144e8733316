package prove

// Budget is what a proof may use. It has no measure of time, so that one project gives the
// same answer on every machine.
type Budget struct {
	States int   // states that are kept
	Bytes  int64 // for them and for the ways between them
	Work   int64 // steps that are tried
}

// The budgets of a whole project: that of nudge prove, and a tenth of it for nudge check.
var (
	Full  = Budget{States: 100_000, Bytes: 96 << 20, Work: 10_000_000}
	Tenth = Budget{States: Full.States / 10, Bytes: Full.Bytes / 10, Work: Full.Work / 10}
)

// share is what one flow may use while so many others are still to come: each of them
// keeps its part of a half.
func (b *Budget) share(whole Budget, flows, later int) Budget {
	return Budget{
		States: b.States - whole.States/2*later/flows,
		Bytes:  b.Bytes - whole.Bytes/2*int64(later)/int64(flows),
		Work:   b.Work - whole.Work/2*int64(later)/int64(flows),
	}
}

// half is half of what is left.
func (b *Budget) half() Budget { return Budget{b.States / 2, b.Bytes / 2, b.Work / 2} }

func (b *Budget) take(bytes int64) { b.Bytes -= bytes }
func (b *Budget) free(bytes int64) { b.Bytes += bytes }

// spend reports whether there is enough left to go on.
func (b *Budget) spend(work int64) bool {
	b.Work -= work
	return b.Work >= 0 && b.Bytes >= 0 && b.States >= 0
}

// Suffices reports whether a budget is certainly enough for the flows of a project, by the
// reports of each flow alone: proved together, they get the same reports. Each of those had at most
// a quarter of this budget.
func (b Budget) Suffices(alone []*Report) bool {
	left := b
	for i, r := range alone {
		share := left.share(b, len(alone), len(alone)-1-i)
		half := share.half()
		if r.ranOut || r.used.States > half.States || r.used.Work > half.Work {
			return false
		}
		left.States -= r.used.States
		left.Work -= r.used.Work
	}
	return true
}
