package backtest

import (
	"nudge/engine"
	"nudge/whatif/replay"
)

const pageSize = 1024 // inputs read from a source at a time

// feed reads what came from outside out of a journal, a page at a time, so that a long
// window takes no more memory than a short one.
type feed struct {
	src  replay.Source
	from uint64
	page []*engine.Journaled
	done bool
}

func newFeed(src replay.Source, from uint64) *feed { return &feed{src: src, from: from} }

// peek returns the next input from outside, or nil after the last.
func (f *feed) peek() (*engine.Journaled, error) {
	for len(f.page) == 0 && !f.done {
		read := 0
		err := f.src.Entries(f.from, func(j *engine.Journaled) bool {
			f.from = j.Seq + 1
			if fromOutside(j.Input) {
				f.page = append(f.page, j)
			}
			read++
			return read < pageSize
		})
		if err != nil {
			return nil, err
		}
		f.done = read < pageSize
	}
	if len(f.page) == 0 {
		return nil, nil
	}
	return f.page[0], nil
}

// skip goes past the input that peek returned.
func (f *feed) skip() { f.page = f.page[1:] }
