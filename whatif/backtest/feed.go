package backtest

import (
	"nudge/engine"
)

const pageSize = 1024 // inputs read from a source at a time

// feed reads what came from outside out of the journals of all partitions, by time. It reads a page at a
// time, so that a long window takes no more memory than a short one.
type feed struct{ parts []*partFeed }

func newFeed(parts []*part) *feed {
	f := &feed{}
	for _, p := range parts {
		f.parts = append(f.parts, &partFeed{part: p, from: p.from})
	}
	return f
}

// peek returns the next input from outside, or nil after the last.
func (f *feed) peek() (*engine.Journaled, error) {
	p, err := f.next()
	if p == nil || err != nil {
		return nil, err
	}
	return p.page[0], nil
}

// skip goes past the input that peek returned.
func (f *feed) skip() {
	if p, err := f.next(); p != nil && err == nil { // peek has read the pages
		p.page = p.page[1:]
	}
}

// next returns the partition that has the next input; nil after the last.
func (f *feed) next() (first *partFeed, err error) {
	for _, p := range f.parts {
		if err := p.read(); err != nil {
			return nil, err
		}
		if len(p.page) > 0 && (first == nil || p.page[0].Stamp < first.page[0].Stamp) {
			first = p
		}
	}
	return first, nil
}

// partFeed reads the journal of one partition.
type partFeed struct {
	part *part
	from uint64
	page []*engine.Journaled
	done bool
}

// read reads the next page once nothing is left of the last one.
func (f *partFeed) read() error {
	for len(f.page) == 0 && !f.done {
		read := 0
		err := f.part.src.Entries(f.from, func(j *engine.Journaled) bool {
			f.from = j.Seq + 1
			if f.part.fromOutside(j.Input) {
				f.page = append(f.page, alone(j))
			}
			read++
			return read < pageSize
		})
		if err != nil {
			return err
		}
		f.done = read < pageSize
	}
	return nil
}

// alone returns an input as one of an installation that is not divided.
func alone(j *engine.Journaled) *engine.Journaled {
	in := *j.Input
	in.Origin, in.Elsewhere = nil, nil
	return &engine.Journaled{Seq: j.Seq, Stamp: j.Stamp, Slots: j.Slots, Input: &in}
}
