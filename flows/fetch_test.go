package flows

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fetchOf is the one fetch of a flow that knows data.id and data.n.
func fetchOf(t testing.TB, text string) *Fetch {
	t.Helper()
	return flowOf(t, "", "trigger: { event: e }\ndata: { id: string, n: number }\nsteps:\n  - fetch:\n      "+
		strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ")+"\n").Steps[0].Fetch
}

func TestFetchRequest(t *testing.T) {
	scope := map[string]any{NameData: map[string]any{"id": "a b", "n": 7}}
	for _, tt := range []struct {
		name, text string
		want       FetchRequest
	}{
		{"the least", `url: "https://x.example/{{ urlquery data.id }}#part"`, FetchRequest{Method: "GET", URL: "https://x.example/a+b"}},
		{"json is posted", `
url: https://x.example/v1
headers: { Authorization: "Bearer {{ data.n }}", X-Who: "{{ data.id }}" }
json: { n: "{{ data.n }}", list: [1, "{{ data.id }}"] }`, FetchRequest{
			Method: "POST", URL: "https://x.example/v1", Body: []byte(`{"list":[1,"a b"],"n":7}`),
			Headers: []Header{{"Content-Type", "application/json"}, {"Authorization", "Bearer 7"}, {"X-Who", "a b"}},
		}},
		{"a form, put", `
url: http://x.example
method: PUT
headers: { content-type: text/x }
form: { b: "{{ data.id }}", a: 1 }`, FetchRequest{
			Method: "PUT", URL: "http://x.example", Body: []byte(`a=1&b=a+b`), Headers: []Header{{"Content-Type", "text/x"}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := fetchOf(t, tt.text).Request.Request(scope)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFetchRequestFails(t *testing.T) {
	scope := map[string]any{NameData: map[string]any{"id": "x\ny", "n": 7}}
	for text, want := range map[string]string{
		`url: "https://{{ data.id }}/"`:                           "flows/f.yaml:6:12: the url must be http or https, with a host and without a password",
		`url: "https://a:b@x.example"`:                            "flows/f.yaml:6:12: the url must be http or https, with a host and without a password",
		"url: https://x.example\nheaders: { x: '{{ data.id }}' }": "flows/f.yaml:7:21: the header value has more than one line",
	} {
		_, err := fetchOf(t, text).Request.Request(scope)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

func TestFetchStep(t *testing.T) {
	f := flowOf(t, "", `
trigger: { event: e }
steps:
  - id: report
    fetch:
      url: https://x.example/{{ profile.id }}
      timeout: 5s
      retries: 0
      on_error: [ { if: report.status == 404, exit: unknown } ]
  - id: other
    fetch: { url: https://x.example }
  - send: { body: "{{ number (report.json.visits | default 0) }}" }
`)
	first, other := f.Steps[0].Fetch, f.Steps[2].Fetch
	if first.OnError != 1 || first.Timeout != 5*time.Second || first.Retries != 0 || f.Steps[0].Next != 2 || f.Steps[1].Next != 2 {
		t.Errorf("got %+v", first)
	}
	if other.OnError != 3 || other.Timeout != DefaultTimeout || other.Retries != DefaultRetries {
		t.Errorf("got %+v", other)
	}
}

// TestBundleOfVariants holds that a version has all files that its templates are made
// of, and no others.
func TestBundleOfVariants(t *testing.T) {
	f := mustLoad(t, fstest.MapFS{
		"nudge.yaml":                     {Data: []byte("locale: en-GB\n")},
		"flows/f.yaml":                   {Data: []byte("flow: f\ntrigger: { event: e }\nsteps: [ { send: a } ]\n")},
		"templates/a.yaml":               {Data: []byte(`body: 'Hi {{ partial "sign" }}'`)},
		"templates/a.fr.yaml":            {Data: []byte("body: Salut")},
		"templates/b.yaml":               {Data: []byte("body: Unused")},
		"templates/partials/sign.yaml":   {Data: []byte("body: Bye")},
		"templates/partials/unused.yaml": {Data: []byte("body: Bye")},
	}).Flows[0]
	var names []string
	for _, file := range f.Bundle {
		names = append(names, file.Name)
	}
	want := []string{"nudge.yaml", "flows/f.yaml", "templates/a.fr.yaml", "templates/a.yaml", "templates/partials/sign.yaml"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("bundle (-want +got):\n%s", diff)
	}
	again, err := Compile(f.Bundle)
	if err != nil || again.Version != f.Version {
		t.Errorf("version %s became %v, %v", f.Version, again, err)
	}
}
