package people

import "time"

// dice are SplitMix64: the same beginning gives the same throws.
type dice uint64

// diceOf are the dice of a seed and some texts: their FNV-1a hash, each followed by a zero. It
// is written out because hash/fnv allocates.
func diceOf(seed uint64, texts ...string) dice {
	h := uint64(14695981039346656037)
	for _, text := range texts {
		for i := range len(text) {
			h = (h ^ uint64(text[i])) * 1099511628211
		}
		h *= 1099511628211
	}
	d := dice(seed)
	return dice(d.next() ^ h)
}

// diceAt are the n-th dice of a seed.
func diceAt(seed, n uint64) dice {
	d := dice(seed)
	return dice(d.next() ^ n*0x9e3779b97f4a7c15)
}

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// share is from 0 up to but without 1.
func (d *dice) share() float64 { return float64(d.next()>>11) / (1 << 53) }

// happens reports whether something with a rate from 0 to 1 happens this time.
func (d *dice) happens(rate float64) bool { return d.share() < rate }

// within is a time of a span.
func (d *dice) within(s Span) time.Duration {
	if s.To <= s.From {
		return s.From
	}
	return s.From + time.Duration(d.share()*float64(s.To-s.From))
}

// Span is a time from From to To; one time when To is not after From.
type Span struct{ From, To time.Duration }

// String is a span as parseSpan reads it; "" when it is zero.
func (s Span) String() string {
	switch {
	case s == Span{}:
		return ""
	case s.To > s.From:
		return s.From.String() + "-" + s.To.String()
	}
	return s.From.String()
}
