package store

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"nudge/engine"
)

func TestRunRecord(t *testing.T) {
	for name, run := range map[string]*engine.Run{"live": sample(), "ended": ended(), "empty": {}} {
		got, err := decodeRun(run.ID[:], encodeRun(run))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(run, got); diff != "" {
			t.Errorf("%s: what was written and what was read differ (-written +read)\n%s", name, diff)
		}
	}
}

// TestRunRecordIsWhole fails when a run, a message or another part has a new field that
// the record does not carry.
func TestRunRecordIsWhole(t *testing.T) {
	run := sample()
	run.Outcome, run.Goal, run.Ended = "o", true, 5
	var missing func(path string, v reflect.Value)
	missing = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; name == "Ways" {
					continue // the commit counts them, and the record has none
				}
				missing(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Slice:
			if v.Len() == 0 {
				t.Errorf("the sample has nothing in %s", path)
			}
			zero := map[string]bool{}
			for i := range v.Len() {
				if v.Index(i).Kind() == reflect.Struct {
					for j := range v.Index(i).NumField() {
						name := v.Type().Elem().Field(j).Name
						zero[name] = zero[name] || !v.Index(i).Field(j).IsZero()
					}
				}
			}
			for name, set := range zero {
				if !set && !(path == "Run.Mailbox") {
					t.Errorf("the sample has nothing in %s[].%s", path, name)
				}
			}
		case reflect.Pointer:
			if v.IsNil() {
				t.Errorf("the sample has nothing in %s", path)
				return
			}
			missing(path, v.Elem())
		default:
			if v.IsZero() {
				t.Errorf("the sample has nothing in %s", path)
			}
		}
	}
	missing("Run", reflect.ValueOf(*run))
}

func TestJournaledRecords(t *testing.T) {
	for _, in := range inputs() {
		j := &engine.Journaled{Seq: 300, Stamp: 1_772_445_600_000, Slots: engine.AnySlots(64), Input: in}
		got, err := decodeJournaled(encodeJournaled(j))
		if err != nil {
			t.Fatalf("%s: %v", in.Kind(), err)
		}
		if diff := cmp.Diff(j, got, cmpopts.IgnoreUnexported(engine.Event{})); diff != "" {
			t.Errorf("%s: what was written and what was read differ (-written +read)\n%s", in.Kind(), diff)
		}
	}
}

// TestJournalAsJSON verifies that an exported journal equals the journal, and that it uses
// the field names of earlier releases.
func TestJournalAsJSON(t *testing.T) {
	golden, err := os.ReadFile("testdata/inputs.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	left := map[engine.InputKind]bool{}
	for _, kind := range engine.InputKinds() {
		left[kind] = true
	}
	for _, in := range inputs() {
		delete(left, in.Kind())
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatalf("%s: %v", in.Kind(), err)
		}
		back := new(engine.Input)
		if err := json.Unmarshal(text, back); err != nil {
			t.Fatalf("%s: %v: %s", in.Kind(), err, text)
		}
		if diff := cmp.Diff(in, back, cmpopts.IgnoreUnexported(engine.Event{})); diff != "" {
			t.Errorf("%s: %s (-written +read)\n%s", in.Kind(), text, diff)
		}
		got = append(append(got, text...), '\n')
	}
	if diff := cmp.Diff(string(golden), string(got)); diff != "" {
		t.Errorf("inputs in JSON (-want +got)\n%s", diff)
	}
	for kind := range left {
		t.Errorf("no sample is a %s", kind)
	}
}

func TestInputsThatAreNone(t *testing.T) {
	for _, text := range []string{`{}`, `{"kind":"miracle"}`, `{"kind":"event"}`, `{"kind":"event","event":7}`, `{"kind":"event","timer":{}}`} {
		if err := json.Unmarshal([]byte(text), new(engine.Input)); err == nil {
			t.Errorf("%s was read as an input", text)
		}
	}
}

func TestPersonRecord(t *testing.T) {
	p := &engine.Person{
		ID: "ann", Attributes: []byte(`{"plan":"pro"}`), OptOuts: []string{"cart", "orders"},
		Starts: []engine.Start{{Flow: "f", Key: "k", At: 1_772_445_600_000}, {Flow: "g", At: 1_772_445_500_000, Reply: true}},
		Caps:   []engine.CapCount{{Category: "cart", At: []engine.Instant{1_772_445_500_000, 1_772_445_600_000}}, {Category: "orders", At: []engine.Instant{1_772_445_550_000}}},
		Homes:  []engine.Home{{Until: 1_772_445_540_000}, {Zone: "Asia/Tokyo", Until: 1_772_445_570_000}},
		Queue: []engine.Queued{{Flow: "f", Key: "k", Called: true, Signal: engine.Signal{At: 5, Depth: 1, Event: "x", Who: "shop", Data: []byte("{}")}, Trace: aTrace,
			Known: &engine.Known{Attributes: []byte(`{"plan":"pro"}`), Homes: []engine.Home{{Zone: "Asia/Tokyo", Until: 8}}}}},
	}
	got, err := decodePerson(encodePerson(p))
	if diff := cmp.Diff(p, got); err != nil || diff != "" {
		t.Errorf("what was written and what was read differ (-written +read), %v\n%s", err, diff)
	}
}

// TestDamage verifies that every flipped bit and every cut is detected.
func TestDamage(t *testing.T) {
	id := sample().ID
	record := encodeRun(sample())
	for i := range record {
		for bit := range 8 {
			damaged := append([]byte(nil), record...)
			damaged[i] ^= 1 << bit
			if _, err := decodeRun(id[:], damaged); err == nil {
				t.Fatalf("bit %d of byte %d flipped: no error", bit, i)
			}
		}
		if _, err := decodeRun(id[:], record[:i]); !errors.Is(err, errDamaged) {
			t.Fatalf("cut after %d bytes: got %v, want errDamaged", i, err)
		}
	}
}

// FuzzRecord looks for records that pass the checksum and still break the decoder.
func FuzzRecord(f *testing.F) {
	for _, run := range []*engine.Run{sample(), ended()} {
		record := encodeRun(run)
		f.Add(record[1 : len(record)-checksumBytes])
	}
	f.Fuzz(func(t *testing.T, fields []byte) {
		id := sample().ID
		record := encode(runVersion, func(c *codec) { c.b = append(c.b, fields...) }, id[:]...)
		run, err := decodeRun(id[:], record)
		if err != nil {
			return
		}
		again, err := decodeRun(run.ID[:], encodeRun(run))
		if err != nil || !cmp.Equal(run, again, cmpopts.EquateEmpty()) {
			t.Errorf("read, written and read again it is another run (%v):\n%s", err, cmp.Diff(run, again))
		}
	})
}

// BenchmarkRunRecord measures the stored size of two runs: one that waits after its first
// message, and one with something in every field.
func BenchmarkRunRecord(b *testing.B) {
	waiting := sample()
	*waiting = engine.Run{ID: waiting.ID, Flow: waiting.Flow, Version: waiting.Version, Profile: waiting.Profile, Key: waiting.Key,
		StartedBy: waiting.StartedBy, Data: waiting.Data, Status: engine.Waiting, At: 1, Deadline: waiting.Deadline,
		Alarms: waiting.Alarms[1:], Messages: waiting.Messages[:1], Timeline: append(waiting.Timeline, waiting.Timeline...)}
	for name, run := range map[string]*engine.Run{"waiting": waiting, "everything": sample()} {
		b.Run(name, func(b *testing.B) {
			size := 0
			b.ReportAllocs()
			for b.Loop() {
				record := encodeRun(run)
				if _, err := decodeRun(run.ID[:], record); err != nil {
					b.Fatal(err)
				}
				size = len(record)
			}
			b.ReportMetric(float64(size), "B/run")
		})
	}
}

// TestForgottenRetries: a late receipt of an attempt that was given up says nothing of the next one, also when
// the person was forgotten in between.
func TestForgottenRetries(t *testing.T) {
	run := ended()
	if left := anonymous(run); !slices.Equal(left.Retries, run.Retries) || len(left.Retries) == 0 {
		t.Errorf("%v is left of the attempts that were given up, %v", left.Retries, run.Retries)
	}
}

// TestForgottenTrace verifies that what is left of a forgotten person has no trace, which leads
// to what other services know of them.
func TestForgottenTrace(t *testing.T) {
	if left := anonymous(ended()); !left.Trace.IsZero() {
		t.Errorf("the run keeps the trace %v", left.Trace)
	}
	e := &erasure{profile: "ann"}
	for _, in := range []*engine.Input{
		{Payload: &engine.Event{Type: "told", Profile: "ann", Trace: aTrace}},
		{Payload: &engine.Call{Flow: "f", Profile: "ann", Trace: aTrace}},
	} {
		e.forgets(in)
		if text, err := json.Marshal(in); err != nil || strings.Contains(string(text), aTrace.ID()) {
			t.Errorf("the journal keeps %s, %v", text, err)
		}
	}
}
