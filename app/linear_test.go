package app

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"nudge/audience"
	"nudge/channels"
	"nudge/channels/appmessaging"
	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/lang/shape"
	"nudge/runner/fetch"
	"nudge/sandbox"
	"nudge/sandbox/people"
	"nudge/whatif/story"
)

// decoder is a door of the house: something that reads bytes of others.
type decoder struct {
	name   string
	shapes []bad
	sizes  []int // bytes
	decode func(text string)
}

// The sizes that decoders are tried at. A YAML file of more than a megabyte is refused unread,
// so those files are as large as they may be, and half of it.
var (
	megabytes = []int{1 << 20, 2 << 20, 4 << 20}
	yamlFiles = []int{1000 << 9, 1000 << 10}
)

// wholeSizes is for a release: it takes a minute.
var wholeSizes = flag.Bool("whole-sizes", false, "TestDecodersAreLinear tries texts of 1, 2 and 4 MB, in place of an eighth of that")

// TestDecodersAreLinear gives every decoder what costs a careless one the square of its size, or
// more. It counts the memory that a text takes in all, which may be no more than 2.5 times as much
// for twice the text. Squares of time alone take many minutes at these sizes, and so fail by
// the time limit of the test.
func TestDecodersAreLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long under the race detector, which has nothing to find here")
	}
	for _, d := range decoders(t) {
		for _, s := range d.shapes {
			t.Run(d.name+"/"+s.name, func(t *testing.T) {
				var last uint64
				for _, size := range d.sizes {
					if !*wholeSizes {
						size /= 8
					}
					text := s.text(size)
					took := allocated(func() { d.decode(text) })
					if last > 0 && took > last*5/2+1<<20 {
						t.Errorf("%d bytes took %d bytes of memory, half of them took %d", size, took, last)
					}
					last = took
				}
			})
		}
	}
}

// allocated returns how many bytes of memory a call takes in all, with those that it gives back.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// BenchmarkDecoders shows what a byte costs at each size: the numbers of one decoder and shape are
// to stay the same.
func BenchmarkDecoders(b *testing.B) {
	for _, d := range decoders(b) {
		for _, s := range d.shapes {
			for _, size := range d.sizes {
				b.Run(fmt.Sprintf("%s/%s/%dk", d.name, s.name, size>>10), func(b *testing.B) {
					text := s.text(size)
					for b.Loop() {
						d.decode(text)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(text)), "ns/byte")
				})
			}
		}
	}
}

// TestYAMLIsRefusedBySize holds that a file over the limit is refused unread, by its size.
func TestYAMLIsRefusedBySize(t *testing.T) {
	for _, size := range megabytes[1:] {
		var list diag.List
		text := []byte("a: [" + strings.Repeat("1,", size/2) + "1]\n")
		took := allocated(func() { node.Parse("f.yaml", text, &list) })
		if len(list) != 1 || list[0].Code != node.CodeTooLarge || took > 64<<10 {
			t.Errorf("%d bytes: got %v, which took %d bytes of memory", size, list, took)
		}
	}
}

func decoders(t testing.TB) []decoder {
	all := []decoder{
		{"webhook", append(bodies, webhooks...), megabytes, func(text string) { appmessaging.Webhook{}.Decode([]byte(text)) }},
		{"data", bodies, megabytes, func(text string) { shape.Any.Decode([]byte(text)) }},
		{"script", scripts, megabytes, func(text string) { people.ParseScript(text) }},
		{"people.yaml", peopleFiles, yamlFiles, func(text string) {
			var list diag.List
			people.Read("people.yaml", []byte(text), &list)
			render(list, text)
		}},
		{"nudge.yaml", append(files, settingsFiles...), yamlFiles, func(text string) { load("nudge.yaml", text) }},
		{"flow", flowFiles, yamlFiles, func(text string) { load("flows/a.yaml", text) }},
		{"template", templateFiles, yamlFiles, func(text string) { load("templates/a.yaml", text) }},
		{"test", files[:3], yamlFiles, func(text string) {
			suite, list := story.Load(fstest.MapFS{"tests/a.yaml": {Data: []byte(text)}}, &flows.Project{})
			diag.Render(io.Discard, list, suite.Source)
		}},
		{"csv", tables, megabytes, walker(t, "a.csv")},
		{"jsonl", bodies, megabytes, walker(t, "a.jsonl")},
	}
	all = append(all, answered(t)...)
	all = append(all, played(t)...)
	return append(all, served(t)...)
}

func load(name, text string) {
	p, list := flows.Load(fstest.MapFS{name: {Data: []byte(text)}})
	list.Sort()
	diag.Render(io.Discard, list, p.Source)
}

func render(list diag.List, text string) {
	diag.Render(io.Discard, list, func(string) (string, bool) { return text, true })
}

// walker reads an audience of a file.
func walker(t testing.TB, name string) func(text string) {
	p, list := flows.Load(fstest.MapFS{"flows/a.yaml": {Data: []byte("flow: a\ntrigger: { at: 2026-03-02 09:00, timezone: UTC, " +
		"max_delay: 6h, audience: { file: " + name + ", profile: id } }\nsteps: [ { exit: x } ]\n")}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	request := engine.SnapshotRequest{Flow: p.Flows[0], Schedule: p.Flows[0].Triggers[0].Schedule}
	return func(text string) {
		s := audience.Sources{Project: fstest.MapFS{"audiences/" + name: {Data: []byte(text)}}}
		s.Walk(t.Context(), request, func(engine.Row) error { return nil }, func(engine.BadRow) {})
	}
}

// answered are the readers of answers: of the provider, and of what flows fetch.
func answered(t testing.TB) []decoder {
	status, body := http.StatusOK, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	provider, err := appmessaging.New(appmessaging.Config{BaseURL: server.URL, PathPrefix: "/apispaces/s", Token: "token"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(provider.Close)
	allowed, err := fetch.ParseAllowed("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	fetcher := fetch.New(fetch.Config{MaxBody: 8 << 20, Allow: []fetch.Allowed{allowed}})
	t.Cleanup(fetcher.Close)
	answer := func(code int, call func()) func(string) {
		return func(text string) { status, body = code, text; call() }
	}
	one := channels.Message{}
	return []decoder{
		{"answer to a send", bodies, megabytes, answer(200, func() { provider.Send(t.Context(), one) })},
		{"answer to a batch", bodies, megabytes, answer(200, func() { provider.SendBatch(t.Context(), []channels.Message{one, one}) })},
		{"refusal", bodies, megabytes, answer(400, func() { provider.Send(t.Context(), one) })},
		{"status", bodies, megabytes, answer(200, func() { provider.Ask(t.Context(), "m") })},
		{"fetch", bodies, megabytes, answer(200, func() {
			fetcher.Ask(t.Context(), flows.FetchRequest{Method: http.MethodGet, URL: server.URL}, time.Minute)
		})},
	}
}

// played are the readers of the sandbox.
func played(t testing.TB) (all []decoder) {
	box, err := sandbox.New(sandbox.Config{Token: "token", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(box.Close)
	for _, path := range []string{"/apispaces/s/messages", "/apispaces/s/messages/batch"} {
		all = append(all, decoder{"sandbox" + path, bodies, megabytes, func(text string) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(text))
			r.Header.Set("Authorization", "Bearer token")
			box.Handler().ServeHTTP(httptest.NewRecorder(), r)
		}})
	}
	return all
}

// served are the readers of the API.
func served(t testing.TB) (all []decoder) {
	files := fstest.MapFS{"flows/a.yaml": {Data: []byte("flow: a\ntrigger: { event: t, to: profile.id }\nsteps: [ { exit: x } ]\n")}}
	local, err := StartLocal(t.Context(), LocalConfig{
		Project: Read(files, LocalSettings(func(string) (string, bool) { return "", false })), DataDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { local.Stop() })
	for _, call := range []struct{ name, method, path, media string }{
		{"events", "POST", "/v1/events", "application/json"},
		{"events, line by line", "POST", "/v1/events", "application/x-ndjson"},
		{"profile", "PATCH", "/v1/profiles/x", "application/json"},
		{"call of a flow", "POST", "/v1/flows/a/runs", "application/json"},
		{"project", "POST", "/v1/flows/plan", "application/json"},
		{"campaign", "POST", "/v1/campaigns", "application/json"},
	} {
		all = append(all, decoder{"API: " + call.name, bodies, megabytes, func(text string) {
			r, err := http.NewRequestWithContext(t.Context(), call.method, local.URL()+call.path, strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", call.media)
			if answer, err := http.DefaultClient.Do(r); err == nil {
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		}})
	}
	return all
}
