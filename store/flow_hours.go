package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"nudge/engine"
)

// HourSums are where everybody is who started in one hour on one version: what [FlowCounts] have of all arms and steps
// together. They make lists of many flows, for which the counts of each hour would be too many records.
type HourSums struct {
	Start                               engine.Instant
	Started, MovedIn, MovedOut, LeftOut int64
	Here, Ended, Goal, Failed           int64
}

// numbers are all numbers of an hour.
func (h *HourSums) numbers() [8]*int64 {
	return [...]*int64{&h.Started, &h.MovedIn, &h.MovedOut, &h.LeftOut, &h.Here, &h.Ended, &h.Goal, &h.Failed}
}

// sumsOf are the sums of counts.
func sumsOf(f *FlowCounts) HourSums {
	h := HourSums{Start: f.Start}
	for _, c := range f.Counts {
		if c.Arm != "" {
			continue
		}
		switch c.Kind {
		case engine.CountStarted:
			h.Started += c.N
		case engine.CountMovedIn:
			h.MovedIn += c.N
		case engine.CountMovedOut:
			h.MovedOut += c.N
		case engine.CountLeftOut:
			h.LeftOut += c.N
		case engine.CountHere:
			h.Here += c.N
		case engine.CountGoal:
			h.Goal += c.N
		case engine.CountEnded:
			h.Ended += c.N
			if c.Word == engine.OutcomeFailed {
				h.Failed += c.N
			}
		}
	}
	return h
}

// weekSpan is the time whose hours share a record, in milliseconds. Weeks are counted from 1970.
const weekSpan = engine.Instant(7 * day / time.Millisecond)

func flowHoursKey(v engine.FlowVersion, at engine.Instant) []byte {
	return binary.BigEndian.AppendUint64(versionKey(v), uint64(at-at%weekSpan))
}

// hoursFields describes the hours of a week, in order. Most numbers are zero, so one number says which are not.
func hoursFields(c *codec, start engine.Instant, hours *[]HourSums) {
	list(c, hours, func(c *codec, h *HourSums) {
		in, has := h.Start-start, uint64(0)
		integer(c, &in)
		h.Start = start + in
		for i, n := range h.numbers() {
			if *n != 0 {
				has |= 1 << i
			}
		}
		c.uint(&has)
		for i, n := range h.numbers() {
			if has&(1<<i) != 0 {
				signed(c, n)
			}
		}
	})
}

func encodeHours(key []byte, hours []HourSums) []byte {
	return encode(flowHoursVersion, func(c *codec) { hoursFields(c, engine.Instant(lastNumber(key)), &hours) })
}

func decodeHours(key, record []byte) (hours []HourSums, err error) {
	if record != nil {
		err = damaged(FlowHours, key, decode(record, flowHoursVersion, func(c *codec) { hoursFields(c, engine.Instant(lastNumber(key)), &hours) }))
	}
	return hours, err
}

// setHour makes the sums of an hour follow from its counts; without counts they go.
func setHour(w Writer, f *FlowCounts) error {
	key := flowHoursKey(f.FlowVersion, f.Start)
	hours, err := decodeHours(key, w.Get(FlowHours, key))
	if err != nil {
		return err
	}
	at, there := slices.BinarySearchFunc(hours, f.Start, func(h HourSums, start engine.Instant) int { return cmp.Compare(h.Start, start) })
	switch {
	case len(f.Counts) > 0 && there:
		hours[at] = sumsOf(f)
	case len(f.Counts) > 0:
		hours = slices.Insert(hours, at, sumsOf(f))
	case there:
		hours = slices.Delete(hours, at, at+1)
	}
	if len(hours) == 0 {
		return w.Delete(FlowHours, key)
	}
	return w.Put(FlowHours, key, encodeHours(key, hours))
}

// FlowHours returns where everybody is who started a flow from an instant on, by hours, as far as those are kept apart: an hour for each version
// on which somebody started in it, ordered by version. It reads a record for each version and week.
func (s *Store) FlowHours(flow string, from engine.Instant) (all []HourSums, err error) {
	err = s.kv.View(func(r Reader) (failed error) {
		prefix := sized(nil, flow)
		r.Ascend(FlowHours, prefix, func(key, record []byte) bool {
			if !bytes.HasPrefix(key, prefix) {
				return false
			}
			var hours []HourSums
			if hours, failed = decodeHours(key, record); failed != nil {
				return false
			}
			for _, h := range hours {
				if h.Start >= from {
					all = append(all, h)
				}
			}
			return true
		})
		return failed
	})
	return all, err
}

// flowHours verifies that the hours of a week follow from the counts of each.
func (c *checker) flowHours(key, record []byte) {
	v, rest, ok := versionOfKey(key)
	if !ok || len(rest) != 8 {
		c.problem("flowhours %x: the key is of no form", key)
		return
	}
	hours, err := decodeHours(key, record)
	if err != nil {
		c.problem("flowhours %x: %v", key, err)
	}
	for _, h := range hours {
		if !has(c.r, FlowSpans, flowCountsKey(v, SpanHour, h.Start)) {
			c.problem("flowhours %x: %s has no counts", key, h.Start)
		}
	}
}

// hoursOf are the hours of the week of an instant.
func (c *checker) hoursOf(v engine.FlowVersion, at engine.Instant) []HourSums {
	key := flowHoursKey(v, at)
	hours, err := decodeHours(key, c.r.Get(FlowHours, key))
	if err != nil {
		return nil // it is reported with the week
	}
	return hours
}

// versionOfKey reads the version at the beginning of a key.
func versionOfKey(key []byte) (v engine.FlowVersion, rest []byte, ok bool) {
	if v.Flow, rest, ok = unsized(key); ok {
		v.Version, rest, ok = unsized(rest)
	}
	return v, rest, ok
}

// resumFlowCounts writes anew what follows from the counts of hours and days: the hours of weeks, and months.
func resumFlowCounts(w Writer) (err error) {
	var old []write
	for _, b := range [...]Bucket{FlowHours, FlowSpans} {
		w.Ascend(b, nil, func(key, record []byte) bool {
			if f, failed := decodeFlowCounts(record); b == FlowHours || failed == nil && f.Span == SpanMonth {
				old = append(old, write{bucket: b, key: bytes.Clone(key), delete: true})
			}
			return true
		})
	}
	err = apply(w, old)
	var spans []*FlowCounts
	w.Ascend(FlowSpans, nil, func(_, record []byte) bool {
		if f, failed := decodeFlowCounts(record); failed == nil && f.Span != SpanBefore {
			spans = append(spans, f)
		}
		return true
	})
	for _, f := range spans {
		if f.Span == SpanHour {
			err = errors.Join(err, setHour(w, f))
		} else {
			err = errors.Join(err, addDay(w, f, 1))
		}
	}
	return err
}
