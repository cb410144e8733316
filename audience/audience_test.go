package audience_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/audience"
	"nudge/engine"
	"nudge/flows"
	"nudge/runner/fetch"
)

// freezeOf returns a request to freeze the audience of a flow with this trigger and data.
func freezeOf(t *testing.T, trigger, data string) engine.SnapshotRequest {
	t.Helper()
	project, list := flows.Load(fstest.MapFS{"flows/f.yaml": {Data: []byte(
		"flow: f\ntrigger: { at: 2026-03-02 09:00, " + trigger + " }\n" + data + "\nsteps: [ { wait: 1h } ]\n")}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return engine.SnapshotRequest{Campaign: 1, Flow: project.Flows[0], Schedule: project.Flows[0].Triggers[0].Schedule}
}

// frozen freezes an audience and shows its rows.
func frozen(t *testing.T, from audience.Sources, f engine.SnapshotRequest) (rows []string, got *engine.Snapshot) {
	t.Helper()
	folder, err := audience.Open(t.TempDir(), from)
	if err != nil {
		t.Fatal(err)
	}
	if got, err = folder.Freeze(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if got.Failed != "" {
		return nil, got
	}
	for offset := int64(0); len(rows) < got.Rows; {
		part, next, err := folder.Read(got.Audience, offset, min(2, got.Rows-len(rows)))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range part {
			rows = append(rows, strings.TrimSpace(r.Profile+" "+string(r.Data)))
		}
		offset = next
	}
	return rows, got
}

// shown returns a line for each bad row.
func shown(bad []engine.BadRow) (lines []string) {
	for _, b := range bad {
		lines = append(lines, fmt.Sprintf("%d: %s", b.Line, b.What))
	}
	return lines
}

func TestFiles(t *testing.T) {
	const data = "data:\n  name: optional string\n  points: number\n  vip: optional boolean\n  since: optional time\n  tags: optional [string]"
	long, most := strings.Repeat("x", engine.MaxProfileBytes+1), strings.Repeat("n", engine.MaxEventBytes-len(`{"note":""}`))
	for name, test := range map[string]struct {
		file, text, trigger, data string
		rows, bad                 []string
		failed                    string
	}{
		"typed cells": {file: "p.csv", data: data,
			text: "\ufeffprofile , points,name,vip,since,tags,other\nann,10,\"Ann\n\"\"Lee\"\"\",true,2026-03-01T00:00:00Z,\"[\"\"a\"\"]\",x\nbob,-1.5e3,,,,,\n",
			rows: []string{`ann {"name":"Ann\n\"Lee\"","points":10,"since":"2026-03-01T00:00:00Z","tags":["a"],"vip":true}`, `bob {"points":-1.5e3}`}},
		"bad rows, by their lines": {file: "p.csv", data: data,
			text: "profile,points,vip\nann,many,\n\"b\nb\",1,yes\n,1,\ncid,\ndee,,\n" + long + ",1,\ne\"e,1,\neve,0x10,\nfay,3,false\n",
			rows: []string{`fay {"points":3,"vip":false}`},
			bad: []string{`2: points must be a number, got "many"`, `3: vip must be true or false, got "yes"`, "5: it names no person", "6: it has 2 cells, the header has 3",
				"7: points is missing; it must be a number", "8: the person's id must be 1 to 256 bytes, has 257", `9: a quote stands inside a cell; put the cell into quotes and write "" for the quote`, `10: points must be a number, got "0x10"`}},
		"the person's own column": {file: "p.csv", trigger: "profile: id", text: "id,note\n7,hello\n", rows: []string{`7 {"note":"hello"}`}},
		"no such column":          {file: "p.csv", text: "id\n7\n", failed: "audiences/p.csv: no column is called profile, which names the person; there is id"},
		"columns twice":           {file: "p.csv", text: "profile,a,a\n", failed: `audiences/p.csv: two columns are called "a"`},
		"an empty file":           {file: "p.csv", text: "", failed: "audiences/p.csv: it is empty; the first line names the columns"},
		"only a header":           {file: "p.csv", text: "profile\n"},
		"only a header, open":     {file: "p.csv", text: "profile"},
		"a quote left open":       {file: "p.csv", text: "profile\nann\n\"bob\n" + strings.Repeat("cid\n", 400_000), failed: "audiences/p.csv: a row after line 2 is longer than a megabyte; is a quote left open?"},
		"a quote that is never closed": {file: "p.csv", text: "profile,note\nann,x\nbob,\"y\ncid,z\ndee,z\n", rows: []string{`ann {"note":"x"}`},
			bad: []string{"3: a quote opens here and does not close its cell: lines 3 to 5 cannot be read"}},
		"a quote that closes too early": {file: "p.csv", text: "profile,note\nann,\"x\"y\nbob,z\n", rows: []string{`bob {"note":"z"}`},
			bad: []string{"2: a quote opens here and does not close its cell"}},
		"semicolons":            {file: "p.csv", data: data, text: "profile;points\nann;1\n", rows: []string{`ann {"points":1}`}},
		"tabs":                  {file: "p.csv", data: data, text: "profile\tpoints\nann\t1\n", rows: []string{`ann {"points":1}`}},
		"a semicolon in quotes": {file: "p.csv", text: "profile,\"a;b\"\nann,1\n", rows: []string{`ann {"a;b":"1"}`}},
		"a comma in quotes":     {file: "p.csv", text: "profile;\"a,b\"\nann;1\n", rows: []string{`ann {"a,b":"1"}`}},
		"Latin-1": {file: "p.csv", text: "profile,note\nZo\xeb,1\nZo\xe9,2\nann,\xe9\nbob,4\n", rows: []string{`bob {"note":"4"}`},
			bad: []string{"2: profile is not UTF-8: byte 3 is 0xEB, so it is probably Latin-1 or Windows-1252; save the file as UTF-8",
				"3: profile is not UTF-8: byte 3 is 0xE9, so it is probably Latin-1 or Windows-1252; save the file as UTF-8",
				"4: note is not UTF-8: byte 1 is 0xE9, so it is probably Latin-1 or Windows-1252; save the file as UTF-8"}},
		"a header in Latin-1": {file: "p.csv", text: "profile,pr\xe9nom\nann,1\n",
			failed: "audiences/p.csv: the header is not UTF-8: byte 3 is 0xE9, so it is probably Latin-1 or Windows-1252; save the file as UTF-8"},
		"UTF-16":                {file: "p.csv", text: "\xff\xfep\x00\n\x00", failed: "audiences/p.csv: it is UTF-16; save it as UTF-8"},
		"UTF-16 without a mark": {file: "p.csv", text: "p\x00r\x00\n\x00", failed: "audiences/p.csv: it is UTF-16; save it as UTF-8"},
		"carriage returns": {file: "p.csv", text: "profile,note\rann,1\rbob,2\r",
			failed: "audiences/p.csv: its lines end with a carriage return alone; save it with line feeds (Unix or Windows line ends)"},
		"a carriage return before the last letter": {file: "p.csv", text: "profile\ra",
			failed: "audiences/p.csv: its lines end with a carriage return alone; save it with line feeds (Unix or Windows line ends)"},
		"long cells are shortened": {file: "p.csv", data: "data: { points: number }", text: "profile,points\nann," + strings.Repeat("é", 40) + "\nbob," + strings.Repeat("é", 41) + "\n",
			bad: []string{`2: points must be a number, got "` + strings.Repeat("é", 40) + `"`, `3: points must be a number, got "` + strings.Repeat("é", 40) + `…"`}},
		"as much data as is allowed": {file: "p.csv", text: "profile,note\nann," + most + "\nbob,x" + most + "\n", rows: []string{`ann {"note":"` + most + `"}`},
			bad: []string{"3: it has 65537 bytes of data; 65536 are allowed"}},
		"a JSON line that is too long": {file: "p.jsonl", text: "{\"profile\": \"ann\"}\n" + strings.Repeat(" ", audience.MaxRowBytes) + "\n",
			failed: "audiences/p.jsonl: line 2 is longer than a megabyte"},
		"Windows line ends": {file: "p.csv", text: "profile,note\r\nann,1\r\n", rows: []string{`ann {"note":"1"}`}},
		"people who may not come in": {file: "p.csv", text: "profile,note\nann ,1\n\" \",2\nbob\x00,3\nann\u00a0,4\nZo\ufffd,5\nann,6\n", rows: []string{`ann {"note":"6"}`},
			bad: []string{"2: the person's id must not end with a space", "3: the person's id must not be blank", "4: the person's id must not have a control character, has U+0000",
				"5: the person's id must not end with the invisible character U+00A0", "6: the person's id must not have U+FFFD: the text was damaged before it came here, because it was not UTF-8"}},
		"JSON lines that are not UTF-8, or say a thing twice": {file: "p.jsonl",
			text: "\ufeff{\"profile\": \"ann\"}\n{\"profile\": \"Zo\xeb\"}\n{\"profile\": \"bob\", \"profile\": \"cid\"}\n{\"profile\": \"bob\", \"\\u0070rofile\": \"cid\"}\n{\"profile\": \"Zo\\ud800\"}\n", rows: []string{"ann"},
			bad: []string{"2: it is not UTF-8: byte 16 is 0xEB, so it is probably Latin-1 or Windows-1252; it must be UTF-8", `3: it has "profile" twice`, `4: it has "profile" twice`,
				"5: the person's id must not have U+FFFD: the text was damaged before it came here, because it was not UTF-8"}},
		"JSON lines in UTF-16": {file: "p.jsonl", text: "\xfe\xff\x00{\x00}", failed: "audiences/p.jsonl: it is UTF-16; save it as UTF-8"},
		"JSON lines with carriage returns": {file: "p.jsonl", text: "{\"profile\": \"ann\"}\r{\"profile\": \"bob\"}\r",
			failed: "audiences/p.jsonl: its lines end with a carriage return alone; save it with line feeds (Unix or Windows line ends)"},
		"JSON lines": {file: "p.jsonl", data: data,
			text: "{\"profile\": \"ann\", \"points\": 3, \"other\": 1}\n\n{\"profile\": 42, \"points\": 4}\n{\"points\": 4}\n[1]\n{\"profile\": true, \"points\": 4}\n{\"profile\": \"bob\", \"points\": \"4\"}",
			rows: []string{`ann {"points":3}`, `42 {"points":4}`},
			bad: []string{"4: it has no profile, which names the person", "5: it is no JSON object", "6: profile must be text or a whole number",
				"7: points must be a number, got text"}},
		"stops at a bad row": {file: "p.jsonl", trigger: "stop", text: "{\"profile\": \"ann\"}\n{}\n{\"profile\": \"bob\"}\n",
			bad: []string{"2: it has no profile, which names the person"}, failed: "audiences/p.jsonl:2: it has no profile, which names the person"},
	} {
		t.Run(name, func(t *testing.T) {
			trigger := "audience: " + test.file
			switch test.trigger {
			case "stop":
				trigger += ", on_bad_row: stop"
			case "":
			default:
				trigger = "audience: { file: " + test.file + ", " + test.trigger + " }"
			}
			project := fstest.MapFS{"audiences/" + test.file: {Data: []byte(test.text)}}
			rows, got := frozen(t, audience.Sources{Project: project}, freezeOf(t, trigger, test.data))
			if got.Failed != test.failed {
				t.Errorf("it failed with %q, want %q", got.Failed, test.failed)
			}
			if !slices.Equal(rows, test.rows) {
				t.Errorf("rows %q, want %q", rows, test.rows)
			}
			if bad := shown(got.BadRows); !slices.Equal(bad, test.bad) || got.Bad != len(bad) {
				t.Errorf("bad rows %q, want %q", bad, test.bad)
			}
		})
	}
}

// TestPages reads a service by cursor and by Link header. The service sometimes answers
// that it is busy.
func TestPages(t *testing.T) {
	var asked []string
	busy := true
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RequestURI())
		page, _ := strconv.Atoi(r.URL.Query().Get("after"))
		switch {
		case r.URL.Path == "/busy" && busy:
			busy = false
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		case r.URL.Path == "/away":
			w.Header().Set("Link", `<https://elsewhere.example/2>; rel="next"`)
		case r.URL.Path == "/gone":
			w.WriteHeader(http.StatusNotFound)
			return
		case page < 2:
			w.Header().Set("Link", fmt.Sprintf(`<%s?after=%d>; rel="prev", <?after=%d>; rel="next"`, r.URL.Path, page-1, page+1))
		}
		next := "null"
		if page < 2 {
			next = strconv.Itoa(page + 1)
		}
		fmt.Fprintf(w, `{"data": {"people": [{"id": "p%d", "n": %d}]}, "meta": {"next": %s}}`, page, page, next)
	}))
	t.Cleanup(service.Close)
	allowed, err := fetch.ParseAllowed("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	client := fetch.New(fetch.Config{Allow: []fetch.Allowed{allowed}})
	t.Cleanup(client.Close)
	three := []string{`p0 {"n":0}`, `p1 {"n":1}`, `p2 {"n":2}`}
	for name, test := range map[string]struct {
		path, keys string
		rows       []string
		failed     string
	}{
		"by Link":         {"/link", "items: data.people", three, ""},
		"by cursor":       {"/cursor", "items: data.people, cursor: meta.next, parameter: after", three, ""},
		"busy at first":   {"/busy", "items: data.people, cursor: meta.next, parameter: after", three, ""},
		"to another host": {"/away", "items: data.people", nil, "the service: page 1: the next page is at another host"},
		"no list":         {"/link", "items: people", nil, `the service: page 1 has no list of people at "people"`},
		"not there":       {"/gone", "items: people", nil, "the service: page 1: the service answered 404"},
	} {
		t.Run(name, func(t *testing.T) {
			f := freezeOf(t, fmt.Sprintf("audience: { profile: id, fetch: { url: %q, %s } }", service.URL+test.path, test.keys), "")
			rows, got := frozen(t, audience.Sources{Client: client}, f)
			if got.Failed != test.failed || !slices.Equal(rows, test.rows) {
				t.Errorf("%q, failed %q; want %q, %q (asked %q)", rows, got.Failed, test.rows, test.failed, asked)
			}
		})
	}
	refused := fetch.New(fetch.Config{})
	t.Cleanup(refused.Close)
	_, got := frozen(t, audience.Sources{Client: refused}, freezeOf(t, fmt.Sprintf("audience: { fetch: { url: %q } }", service.URL), ""))
	if !strings.Contains(got.Failed, "the address is not public") {
		t.Errorf("an address that is not public is asked: %+v", got)
	}
}

// people are stored profiles.
type people []*engine.Person

func (p people) People(visit func(*engine.Person) bool) error {
	for _, one := range p {
		if !visit(one) {
			break
		}
	}
	return nil
}

func TestStoredProfiles(t *testing.T) {
	f := freezeOf(t, `audience: { if: '(profile.plan ?? "") == "pro"' }`, "")
	rows, got := frozen(t, audience.Sources{People: people{
		{ID: "ann", Attributes: []byte(`{"plan":"pro"}`)}, {ID: "bob", Attributes: []byte(`{"plan":"free"}`)}, {ID: "cid"},
	}}, f)
	if got.Failed != "" || !slices.Equal(rows, []string{"ann"}) {
		t.Errorf("%q %+v", rows, got)
	}
}

// TestFrozenFiles verifies that the same rows get the same name, that unneeded files are
// removed, and that half-made files of an earlier process are removed too.
func TestFrozenFiles(t *testing.T) {
	dir := t.TempDir()
	project := fstest.MapFS{"audiences/p.csv": {Data: []byte("profile\nann\n")}, "audiences/q.csv": {Data: []byte("profile\nbob\n")}}
	if err := os.WriteFile(filepath.Join(dir, "freezing-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder, err := audience.Open(dir, audience.Sources{Project: project})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	freeze := func(file string) string {
		got, err := folder.Freeze(t.Context(), freezeOf(t, "audience: "+file, ""))
		if err != nil || got.Failed != "" {
			t.Fatalf("%v %+v", err, got)
		}
		names[got.Audience] = true
		return got.Audience
	}
	p, again, q := freeze("p.csv"), freeze("p.csv"), freeze("q.csv")
	if p != again || p == q {
		t.Errorf("the names are %s, %s and %s", p, again, q)
	}
	if err := folder.Keep(0, []string{q}); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 1 || !strings.Contains(left[0], q) {
		t.Errorf("the folder holds %q", left)
	}
	if _, _, err := folder.Read(p, 0, 1); err == nil {
		t.Error("what was dropped can be read")
	}
	if _, _, err := folder.Read(q, 0, 2); err == nil {
		t.Error("more rows can be read than there are")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := folder.Freeze(ended, freezeOf(t, "audience: p.csv", "")); err == nil {
		t.Error("an audience was frozen after the end")
	}
}

// TestDealt verifies that each partition of a divided installation gets the rows of its own people, that an audience that cannot be read
// leaves no file, and that a partition removes only what its own campaigns needed.
func TestDealt(t *testing.T) {
	dir := t.TempDir()
	folder, err := audience.Open(dir, audience.Sources{Project: fstest.MapFS{
		"audiences/p.csv":    {Data: []byte("profile\nann\nbob\ncid\ndee\neve\n")},
		"audiences/torn.csv": {Data: []byte("profile\nann\n\"bob\n" + strings.Repeat("cid\n", 400_000))},
	}})
	if err != nil {
		t.Fatal(err)
	}
	folder.Divide(2)
	freeze := func(file string, home int) *engine.Snapshot {
		f := freezeOf(t, "audience: "+file, "")
		f.Campaign = engine.FirstCampaign(home) + 1
		got, err := folder.Freeze(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := freeze("torn.csv", 0); got.Failed == "" || got.Audience != "" || got.Dealt != nil {
		t.Errorf("a torn file is dealt: %+v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("a torn file leaves %q", left)
	}
	first, second := freeze("p.csv", 0), freeze("p.csv", 1)
	if first.Failed != "" || first.Rows != 5 || len(first.Dealt) != 2 || first.Dealt[0]+first.Dealt[1] != 5 || first.Audience == second.Audience {
		t.Fatalf("dealt as %+v and %+v", first, second)
	}
	for p, rows := range first.Dealt {
		got, _, err := folder.Read(engine.PartOf(first.Audience, p), 0, rows)
		if err != nil || len(got) == 0 {
			t.Errorf("partition %d has no rows: %v", p, err)
		}
		for _, row := range got {
			if engine.PartitionOf(row.Profile, 2) != p {
				t.Errorf("partition %d has %s", p, row.Profile)
			}
		}
	}
	if err := folder.Keep(0, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := folder.Read(engine.PartOf(first.Audience, 0), 0, 1); err == nil {
		t.Error("what no campaign of partition 0 needs is kept")
	}
	if err := folder.Keep(1, []string{second.Audience}); err != nil {
		t.Fatal(err)
	}
	for p, rows := range second.Dealt {
		if _, _, err := folder.Read(engine.PartOf(second.Audience, p), 0, rows); err != nil {
			t.Errorf("partition %d has lost its rows: %v", p, err)
		}
	}
}

// watched is a file that measures the heap while it is read.
type watched struct {
	fs.File
	since int
	most  *int64
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.File.Read(b)
	if w.since += n; w.since > 4<<20 {
		w.since, *w.most = 0, max(*w.most, heap())
	}
	return n, err
}

// watchedFS is a project whose files are watched.
type watchedFS struct {
	fs.FS
	most *int64
}

func (w watchedFS) Open(name string) (fs.File, error) {
	file, err := w.FS.Open(name)
	return &watched{File: file, most: w.most}, err
}

// TestFlatMemory freezes and reads an audience of 12 MB, and allows at most 4 MB on the
// heap at any time.
func TestFlatMemory(t *testing.T) {
	const rows = 30_000
	root := t.TempDir()
	var text strings.Builder
	text.WriteString("profile,note\n")
	for i := range rows {
		fmt.Fprintf(&text, "p%d,%0400d\n", i, i)
	}
	if err := os.Mkdir(filepath.Join(root, "audiences"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "audiences", "p.csv"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	text.Reset()
	most := int64(0)
	f := freezeOf(t, "audience: p.csv", "data: { note: string }")
	folder, err := audience.Open(t.TempDir(), audience.Sources{Project: watchedFS{os.DirFS(root), &most}})
	if err != nil {
		t.Fatal(err)
	}
	before := heap()
	got, err := folder.Freeze(t.Context(), f)
	if err != nil || got.Rows != rows {
		t.Fatalf("%v %+v", err, got)
	}
	for n, offset := 0, int64(0); n < rows; {
		part, next, err := folder.Read(got.Audience, offset, min(engine.MaxRows, rows-n))
		if err != nil {
			t.Fatal(err)
		}
		n, offset = n+len(part), next
	}
	if grown := most - before; most == 0 || grown > 4<<20 {
		t.Errorf("freezing holds %d bytes", grown)
	}
}

// heap returns the bytes in use on the heap.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
