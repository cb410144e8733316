package app

import (
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nudge/channels"
	"nudge/engine"
	"nudge/examples"
	"nudge/runner"
	"nudge/store"
	"nudge/store/bolt"
)

var updateFormat = flag.Bool("update-format", false, "write a store of the current format into testdata, for a new format")

// TestFormats holds that a store which an earlier build of this format wrote is read as it was, and goes on from there; that one of
// an older format is upgraded, is then the same, and leaves a copy as it was; and that one of a format which was never released is
// refused with a line that says so. Each format has its file in testdata, which stays as it was written.
func TestFormats(t *testing.T) {
	name := func(format int, ext string) string {
		return filepath.Join("testdata", fmt.Sprintf("format%d.%s", format, ext))
	}
	if *updateFormat {
		writeFormat(t, name(store.Format, "db.gz"), name(store.Format, "txt"))
	}
	files, err := filepath.Glob("testdata/format*.db.gz")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			dir := t.TempDir()
			unzip(t, file, filepath.Join(dir, bolt.FileName))
			format := 0
			if _, err := fmt.Sscanf(filepath.Base(file), "format%d", &format); err != nil {
				t.Fatal(err)
			}
			if format < store.Format {
				_, err := openedIn(dir)
				if old := (*store.OldFormatError)(nil); format >= store.OldestFormat && (!errors.As(err, &old) || old.Format != format) ||
					format < store.OldestFormat && (err == nil || !strings.Contains(err.Error(), "that was never released")) {
					t.Fatalf("a store of an older format: %v", err)
				}
			}
			if format < store.OldestFormat {
				return
			}
			upgradeTwice(t, dir, format)
			s, err := openedIn(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if report, err := s.Check(); err != nil || len(report.Problems) > 0 {
				t.Errorf("the check: %v, %q", err, report.Problems)
			}
			want, err := os.ReadFile(name(format, "txt"))
			if err != nil {
				t.Fatal(err)
			}
			if got := told(t, s); got != string(want) {
				t.Errorf("the runs are read as\n%s\nand were written as\n%s", got, want)
			}
			goOn(t, s)
		})
	}
	if _, err := os.Stat(name(store.Format, "db.gz")); err != nil {
		t.Errorf("format %d has no file: go test ./app -run TestFormats -update-format", store.Format)
	}
}

// openedIn opens the store in a folder.
func openedIn(dir string) (*store.Store, error) {
	kv, err := bolt.Open(dir)
	if err != nil {
		return nil, err
	}
	return store.Open(kv)
}

// upgradeTwice upgrades a store: once until it is cut short, and once to the end.
func upgradeTwice(t *testing.T, dir string, format int) {
	t.Helper()
	upgrade := func(ctx context.Context) ([]string, error) {
		files, err := bolt.OpenAll(dir, 1)
		if err != nil {
			t.Fatal(err)
		}
		copies, err := files.Upgrade(ctx, nil)
		return copies, errors.Join(err, files.Close())
	}
	if format == store.Format {
		if copies, err := upgrade(t.Context()); err != nil || len(copies) > 0 {
			t.Errorf("an upgrade of the current format makes the copies %q, %v", copies, err)
		}
		return
	}
	over, end := context.WithCancel(t.Context())
	end()
	if _, err := upgrade(over); !errors.Is(err, context.Canceled) {
		t.Fatalf("an upgrade that is interrupted: %v", err)
	}
	copies, err := upgrade(t.Context())
	if err != nil || len(copies) != 1 || copies[0] != filepath.Join(dir, fmt.Sprint(bolt.FileName, ".format", format)) {
		t.Fatalf("the copies are %q, %v", copies, err)
	}
	back := t.TempDir()
	if err := os.Rename(copies[0], filepath.Join(back, bolt.FileName)); err != nil {
		t.Fatal(err)
	}
	if _, err := openedIn(back); !errors.As(err, new(*store.OldFormatError)) {
		t.Errorf("the copy is not as the file was: %v", err)
	}
}

// formatBegins is when the history of the files begins.
var formatBegins = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// history drives a loop by hand.
type history struct {
	t    *testing.T
	loop *runner.Loop
	now  time.Time
}

func newHistory(t *testing.T, s *store.Store, now time.Time) *history {
	core, err := s.Engine()
	if err != nil {
		t.Fatal(err)
	}
	return &history{t, runner.NewLoop(s, core, 10), now}
}

// takes applies inputs one after the other, and accepts what is posted.
func (h *history) takes(payloads ...engine.Payload) (posts []engine.Post) {
	for len(payloads) > 0 {
		step, err := h.loop.Step(h.now, []*runner.Group{{Inputs: []*engine.Input{{Payload: payloads[0]}}}})
		if err != nil {
			h.t.Fatal(err)
		}
		payloads = payloads[1:]
		for _, p := range step.Posts {
			posts = append(posts, p)
			payloads = append(payloads, &engine.SendResult{Run: p.Run, Message: p.Message, Attempt: p.Attempt,
				Result: channels.Result{Outcome: channels.Accepted, ProviderID: fmt.Sprint("m", p.Run)}})
		}
		h.now = h.now.Add(time.Second)
	}
	return posts
}

func shippedTo(order, who string) *engine.Event {
	return &engine.Event{Type: "order.shipped", Data: fmt.Appendf(nil, `{"order_id":%q,"customer":%q,"total":12.5}`, order, who)}
}

// writeFormat writes a store with some of everything: a run that waits for a reminder, one that has
// ended, people with attributes and opt-outs, and a journal.
func writeFormat(t *testing.T, file, text string) {
	dir := t.TempDir()
	kv, err := bolt.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(kv)
	if err != nil {
		t.Fatal(err)
	}
	h := newHistory(t, s, formatBegins)
	project := Read(examples.OrderShipped(), LocalSettings(os.LookupEnv))
	outs := []string{"orders"}
	h.takes(&engine.Deploy{Flows: project.Bundles()}, &engine.ProfileChange{Profile: "ann", Set: []byte(`{"first_name":"Ann"}`)},
		&engine.ProfileChange{Profile: "cid", OptOuts: &outs}, shippedTo("o1", "ann"), shippedTo("o2", "bob"), shippedTo("o3", "cid"))
	h.takes(&engine.Event{Type: "order.returned", Data: []byte(`{"order_id":"o2"}`)})
	if err := os.WriteFile(text, []byte(told(t, s)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, bolt.FileName))
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(out)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func unzip(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// told is every run of a store in words.
func told(t *testing.T, s *store.Store) string {
	t.Helper()
	page, err := s.List(store.Query{Limit: store.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, r := range page.Runs {
		fmt.Fprintf(&text, "%s of %s, %s %s, key %s, data %s: %s at step %d until %s, outcome %q\n", r.ID, r.Flow, r.Profile, r.Version, r.Key, r.Data,
			r.Status, r.At, r.Deadline, r.Outcome)
		for _, m := range r.Messages {
			fmt.Fprintf(&text, "  message %d of step %d: %s %s, posted %s, %q\n", m.Number, m.Step, m.Status, m.ProviderID, m.Posted, m.Reason)
		}
		for _, e := range r.Timeline {
			fmt.Fprintf(&text, "  %s %d of step %d, message %d: %s\n", e.At, e.Kind, e.Step, e.Message, e.Detail)
		}
	}
	return text.String()
}

// goOn lets a day pass: the run that waits reminds its person.
func goOn(t *testing.T, s *store.Store) {
	t.Helper()
	h := newHistory(t, s, formatBegins.Add(25*time.Hour))
	var bodies []string
	for _, p := range h.takes(shippedTo("o4", "dee")) {
		bodies = append(bodies, p.Content.To)
	}
	if got := strings.Join(bodies, " "); got != "ann dee" {
		t.Errorf("a day later messages go to %q, want ann, who is reminded, and dee", got)
	}
}
