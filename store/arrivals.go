package store

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"nudge/engine"
)

const (
	// MaxEventTypes is how many types of events are counted by themselves; those of any other type are counted
	// together, and the answer says so.
	MaxEventTypes = 1000
	// maxPayload is how many bytes of the data of the last event of a type are kept; the rest is cut off, and the
	// answer says how many there were.
	maxPayload = 4096
	KeptHours  = 48  // hours in which the events of a type are counted by hour; older ones are only in their days
	KeptDays   = 400 // days in which the events of a type are counted by day; older ones are only in the totals
)

// EventType is what is known of a type of events that arrived. It changes in the commit that applies the events, and
// is in no journal.
type EventType struct {
	Type    string // empty for those beyond the limit, which are counted together
	First   engine.Instant
	Last    engine.Instant // of those from outside; 0: none
	From    string         // who sent the last one
	Emitted engine.Instant // the last one that a flow emitted; 0: none
	Totals  engine.VerdictCounts

	Taken   engine.Instant // when the last one came that was taken; 0: none
	Verdict engine.Verdict // of that one
	Profile string         // whom it names
	Data    []byte         // its data, or the beginning of it
	Bytes   int            // of the data, before it was cut

	// The hour of the last event stands here, and not among the others, so that a commit writes few bytes.
	hour   int64
	counts engine.VerdictCounts

	Hours []SpanCounts // the last 48, without empty ones; only of a type that is read by itself or with its hours
	Days  []SpanCounts // the last 400, likewise
}

// SpanCounts are the events of an hour or of a day of UTC.
type SpanCounts struct {
	Span int64 // hours or days since 1970
	engine.VerdictCounts
}

// Cut reports whether the data is only the beginning.
func (t *EventType) Cut() bool { return t.Bytes > len(t.Data) }

func (t *EventType) fields(c *codec) {
	c.str(&t.Type)
	integer(c, &t.First)
	integer(c, &t.Last)
	c.str(&t.From)
	integer(c, &t.Emitted)
	countFields(c, &t.Totals)
	signed(c, &t.hour)
	countFields(c, &t.counts)
	integer(c, &t.Taken)
	integer(c, &t.Verdict)
	c.str(&t.Profile)
	data := string(t.Data)
	c.str(&data)
	t.Data = []byte(data)
	integer(c, &t.Bytes)
}

func countFields(c *codec, counts *engine.VerdictCounts) {
	for v := range counts {
		c.uint(&counts[v])
	}
}

func encodeEventType(t *EventType) []byte { return encode(eventTypeVersion, t.fields) }

func decodeEventType(record []byte) (*EventType, error) {
	t := new(EventType)
	return t, decode(record, eventTypeVersion, t.fields)
}

// eventSeries are the counts of a type by time, without the hour in its record.
type eventSeries struct {
	kind  string
	hours []SpanCounts
	days  []SpanCounts
}

func (s *eventSeries) fields(c *codec) {
	c.str(&s.kind)
	span := func(c *codec, x *SpanCounts) {
		signed(c, &x.Span)
		countFields(c, &x.VerdictCounts)
	}
	list(c, &s.hours, span)
	list(c, &s.days, span)
}

func decodeEventSeries(record []byte) (*eventSeries, error) {
	s := new(eventSeries)
	return s, decode(record, eventSeriesVersion, s.fields)
}

const hoursOfDay = 24

// add adds the counts of an hour, and drops what is too old beside it.
func (s *eventSeries) add(hour int64, counts *engine.VerdictCounts) {
	s.hours = addSpan(s.hours, hour, KeptHours, counts)
	s.days = addSpan(s.days, hour/hoursOfDay, KeptDays, counts)
}

func addSpan(spans []SpanCounts, span, kept int64, counts *engine.VerdictCounts) []SpanCounts {
	at, found := slices.BinarySearchFunc(spans, span, func(x SpanCounts, span int64) int { return cmp.Compare(x.Span, span) })
	if !found {
		spans = slices.Insert(spans, at, SpanCounts{Span: span})
	}
	spans[at].Add(counts)
	return since(spans, span-kept+1)
}

// since leaves the spans from one on.
func since(spans []SpanCounts, first int64) []SpanCounts {
	return slices.DeleteFunc(spans, func(x SpanCounts) bool { return x.Span < first })
}

// eventTypeKey has a mark before the type, because a key cannot be empty; so the keys sort as the types do.
func eventTypeKey(kind string) []byte { return append([]byte{'t'}, kind...) }

// typeWriter writes what is known of types of events, within a transaction.
type typeWriter struct {
	w     Writer
	known int // types in the store; -1: not counted yet
}

// putArrivals counts events that arrived: one record for each type, and another when an hour is over.
func putArrivals(w Writer, all []*engine.Arrivals) error {
	ahead(w, func(add func(Want)) {
		for _, a := range all {
			add(Want{Bucket: EventTypes, From: eventTypeKey(a.Type)})
		}
	})
	t := &typeWriter{w: w, known: -1}
	for _, a := range all {
		if err := t.put(a); err != nil {
			return err
		}
	}
	return nil
}

func (t *typeWriter) put(a *engine.Arrivals) error {
	known, err := t.find(a.Type)
	if err != nil {
		return err
	}
	if hour := engine.HourOf(max(a.First, a.Emitted)); hour > known.hour {
		if err := t.endHour(known); err != nil {
			return err
		}
		known.hour = hour
	}
	known.note(a)
	return t.w.Put(EventTypes, eventTypeKey(known.Type), encodeEventType(known))
}

// find returns the record of a type. Beyond the limit it is the one that counts all further types.
func (t *typeWriter) find(kind string) (*EventType, error) {
	known, err := readEventType(t.w, kind)
	if err != nil || known != nil {
		return known, err
	}
	if t.known < 0 {
		t.known = 0
		t.w.Ascend(EventTypes, nil, func(key, _ []byte) bool {
			t.known++
			return t.known <= MaxEventTypes
		})
		if t.w.Get(EventTypes, eventTypeKey("")) != nil {
			t.known--
		}
	}
	switch {
	case kind == "":
		return &EventType{}, nil
	case t.known >= MaxEventTypes:
		return t.find("")
	}
	t.known++
	return &EventType{Type: kind}, t.w.Delete(EventSeries, eventTypeKey(kind)) // a repair may have lost the record alone
}

// readEventType returns the record of a type, or nil if there is none.
func readEventType(r Reader, kind string) (*EventType, error) {
	record := r.Get(EventTypes, eventTypeKey(kind))
	if record == nil {
		return nil, nil
	}
	known, err := decodeEventType(record)
	return known, damaged(EventTypes, eventTypeKey(kind), err)
}

// readEventSeries returns the counts of a type by time; empty ones if there are none yet.
func readEventSeries(r Reader, kind string) (*eventSeries, error) {
	record := r.Get(EventSeries, eventTypeKey(kind))
	if record == nil {
		return &eventSeries{kind: kind}, nil
	}
	s, err := decodeEventSeries(record)
	return s, damaged(EventSeries, eventTypeKey(kind), err)
}

// endHour moves the counts of the hour that is over to those of all hours.
func (t *typeWriter) endHour(known *EventType) error {
	if known.counts == (engine.VerdictCounts{}) {
		return nil
	}
	s, err := readEventSeries(t.w, known.Type)
	if err != nil {
		return err
	}
	s.add(known.hour, &known.counts)
	known.counts = engine.VerdictCounts{}
	return t.w.Put(EventSeries, eventTypeKey(known.Type), encode(eventSeriesVersion, s.fields))
}

// note adds arrivals. Those of the limit's record are of many types, so no payload is kept there.
func (t *EventType) note(a *engine.Arrivals) {
	t.Totals.Add(&a.Counts)
	t.counts.Add(&a.Counts)
	t.Emitted = max(t.Emitted, a.Emitted)
	if t.First == 0 {
		t.First = a.First
	}
	if a.Last > 0 && a.Last >= t.Last {
		t.Last, t.From = a.Last, a.From
	}
	if a.Taken == nil || t.Type == "" {
		return
	}
	data := a.Taken.Data
	t.Taken, t.Verdict, t.Profile, t.Bytes = a.TakenAt, a.Verdict, a.Taken.Profile, len(data)
	t.Data = data
	if len(data) > maxPayload {
		t.Data = []byte(strings.ToValidUTF8(string(data[:maxPayload]), ""))
	}
}

// span adds the counts by time, as they are at an instant.
func (t *EventType) span(r Reader, now engine.Instant) error {
	s, err := readEventSeries(r, t.Type)
	if err != nil {
		return err
	}
	s.add(t.hour, &t.counts)
	hour := engine.HourOf(now)
	t.Hours, t.Days = since(s.hours, hour-KeptHours+1), since(s.days, hour/hoursOfDay-KeptDays+1)
	return nil
}

// EventTypes returns what is known of the types of events that come after a type, sorted by type, with their counts by time as they
// are at an instant: at most limit types, all of them if it is 0. The first of all has an empty type if there are events that are counted
// together; it is only on the page after "".
func (s *Store) EventTypes(now engine.Instant, after string, limit int) (all []*EventType, err error) {
	from := eventTypeKey(after)
	if after != "" {
		from = append(from, 0)
	}
	err = s.kv.View(func(r Reader) (failed error) {
		r.Ascend(EventTypes, from, func(key, record []byte) bool {
			var t *EventType
			if t, failed = decodeEventType(record); failed != nil {
				failed = damaged(EventTypes, key, failed)
				return false
			}
			all = append(all, t)
			failed = t.span(r, now)
			return failed == nil && len(all) != limit
		})
		return failed
	})
	return all, err
}

// EventType returns what is known of a type of events, or nil if none has arrived.
func (s *Store) EventType(kind string, now engine.Instant) (t *EventType, err error) {
	err = s.kv.View(func(r Reader) (failed error) {
		if t, failed = readEventType(r, kind); t == nil || failed != nil {
			return failed
		}
		return t.span(r, now)
	})
	return t, err
}

// NoteArrivals writes what no commit has: the events that were refused, and duplicates that came without any other
// input. The refusals are as [Store.Refusals] returns them, without numbers; more is how many others there were.
func (s *Store) NoteArrivals(all []*engine.Arrivals, refused []*Refusal, more uint64) error {
	return s.kv.Update(func(w Writer) error {
		if err := putArrivals(w, all); err != nil {
			return err
		}
		return putRefusals(w, refused, more)
	})
}

// eraseEventType adds the write that takes the person out of what is known of a type. Data that was cut may have
// named them behind the cut, so it goes, too.
func (e *erasure) eraseEventType(key, record []byte, add func(write)) error {
	t, err := decodeEventType(record)
	if err != nil || t.Taken > e.stamp || t.Profile != e.profile && !t.Cut() && !e.standsIn(t.Data) {
		return err
	}
	t.Taken, t.Verdict, t.Profile, t.Data, t.Bytes = 0, 0, "", nil, 0
	add(write{bucket: EventTypes, key: bytes.Clone(key), value: encodeEventType(t)})
	return nil
}

func (c *checker) eventType(key, record []byte) {
	t, err := decodeEventType(record)
	if err != nil {
		c.problem("eventtypes %q: %v", key, err)
		return
	}
	if !bytes.Equal(eventTypeKey(t.Type), key) {
		c.problem("eventtypes %q: the record is of %q", key, t.Type)
	}
	s, err := readEventSeries(c.r, t.Type)
	if err != nil {
		return // it is a problem of its own
	}
	sum := t.counts
	for i := range s.days {
		sum.Add(&s.days[i].VerdictCounts)
	}
	for v := range sum {
		if sum[v] > t.Totals[v] {
			c.problem("eventtypes %q: %d %s by day, %d in all", key, sum[v], engine.Verdict(v), t.Totals[v])
		}
	}
}

func (c *checker) eventSeries(key, record []byte) {
	s, err := decodeEventSeries(record)
	if err != nil {
		c.problem("eventseries %q: %v", key, err)
	} else if !bytes.Equal(eventTypeKey(s.kind), key) {
		c.problem("eventseries %q: the record is of %q", key, s.kind)
	}
}
