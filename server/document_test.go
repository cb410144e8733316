// Under the race detector the validator alone takes a minute to build.

//go:build !race

package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	validation "github.com/pb33f/libopenapi-validator/errors"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"nudge/audience"
	"nudge/docs"
	"nudge/engine"
	"nudge/lang/diag"
	"nudge/runner"
	"nudge/runner/bulk"
	"nudge/runner/jobs"
	"nudge/server"
	"nudge/store"
	"nudge/store/memory"
)

var requests = flag.Int("requests", 800, "how many requests TestDocument makes; from 30000 on every status of every route must come")

// TestDocument makes requests by docs/openapi.json and changes some of them, and compares each and its
// answer with the document: what it does not allow is refused, what it allows is not refused for its form, and every answer has
// a status, a media type and a body that it names. With 30,000 requests every status of every route must
// come; what did not by chance is asked for.
func TestDocument(t *testing.T) {
	d := readDocument(t)
	w := newServers(t)
	dice := rand.New(rand.NewPCG(1, uint64(*requests)))
	seen := map[string]bool{}
	for n := range *requests {
		op := &d.operations[n%len(d.operations)]
		state := w.states[dice.IntN(len(w.states))]
		if dice.IntN(2) == 0 {
			state = w.states[0]
		}
		call := d.request(w, op, dice)
		if dice.IntN(2) == 0 {
			d.mutate(call, dice)
		}
		seen[op.id+" "+d.judge(t, state, op, call)] = true
		if t.Failed() {
			return
		}
	}
	for i := range d.operations {
		op := &d.operations[i]
		for status := range op.responses {
			if *requests < 30_000 || status == "500" && strings.HasPrefix(op.path, "/v1/dev/") || // nothing of them can break
				op.id+" "+status == "showRun 503" { // of a damaged record; see TestDamagedRun of app
				continue
			}
			if !seen[op.id+" "+status] { // a proposal that was approved may have taken flows out
				deploy := d.operation("deployFlows")
				d.judge(t, w.states[0], deploy, &call{method: deploy.method, target: deploy.path, media: "application/json", body: []byte(w.project), header: http.Header{}})
				w.lose(i) // and all that had failed may have been tried again
			}
			for tries := 0; !seen[op.id+" "+status] && tries < mostTries && !t.Failed(); tries++ {
				call := d.request(w, op, dice)
				if status == "409" && tries%4 < 2 { // two requests with one key say different things
					call.header.Set("Idempotency-Key", op.id)
					call.body = append(call.body, bytes.Repeat([]byte(" "), tries%8)...)
				}
				if tries%2 == 1 {
					d.mutate(call, dice)
				}
				seen[op.id+" "+d.judge(t, w.states[tries/2%len(w.states)], op, call)] = true
			}
			if !seen[op.id+" "+status] {
				t.Errorf("%s %s: %s never came", op.method, op.path, status)
			}
		}
	}
}

// mostTries is how many requests of one route are made to see one status of it.
const mostTries = 3000

// document is docs/openapi.json.
type document struct {
	validator  validator.Validator
	lines      map[string]*jsonschema.Schema // by operation and media type: of a line of an answer
	operations []described
	schemas    map[string]any
}

// described is an operation.
type described struct {
	id, method, path string
	takes            map[string]any // schema by media type
	example          map[string]any
	query            []any
	responses        map[string]any
}

func readDocument(t *testing.T) *document {
	t.Helper()
	parsed, err := libopenapi.NewDocument(docs.OpenAPI)
	must(t, err)
	v, errs := validator.NewValidator(parsed, config.WithoutSecurityValidation(), config.WithFormatAssertions())
	must(t, errors.Join(errs...))
	if ok, wrong := v.ValidateDocument(); !ok {
		t.Fatalf("it is no document of OpenAPI 3.1: %v", reasons(wrong))
	}
	var raw map[string]any
	must(t, json.Unmarshal(docs.OpenAPI, &raw))
	d := &document{validator: v, lines: map[string]*jsonschema.Schema{}, schemas: raw["components"].(map[string]any)["schemas"].(map[string]any)}
	compiler := jsonschema.NewCompiler()
	must(t, compiler.AddResource("nudge.json", raw))
	paths := raw["paths"].(map[string]any)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range slices.Sorted(maps.Keys(paths[path].(map[string]any))) {
			d.add(t, compiler, path, method, paths[path].(map[string]any)[method].(map[string]any))
		}
	}
	return d
}

func (d *document) add(t *testing.T, compiler *jsonschema.Compiler, path, method string, o map[string]any) {
	op := described{id: o["operationId"].(string), method: strings.ToUpper(method), path: path, responses: o["responses"].(map[string]any), takes: map[string]any{}, example: map[string]any{}}
	if takes, ok := o["requestBody"].(map[string]any); ok {
		for media, c := range takes["content"].(map[string]any) {
			op.takes[media], op.example[media] = c.(map[string]any)["schema"], c.(map[string]any)["example"]
		}
	}
	for _, p := range items(o["parameters"]) {
		if p.(map[string]any)["in"] == "query" {
			op.query = append(op.query, p)
		}
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for status, r := range op.responses {
		for media, c := range r.(map[string]any)["content"].(map[string]any) {
			if schema := c.(map[string]any)["schema"].(map[string]any); schema["x-line"] != nil {
				at := fmt.Sprintf("nudge.json#/paths/%s/%s/responses/%s/content/%s/schema/x-line", escape.Replace(path), method, status, escape.Replace(media))
				compiled, err := compiler.Compile(at)
				must(t, err)
				d.lines[op.id+" "+media] = compiled
			}
		}
	}
	d.operations = append(d.operations, op)
}

func (d *document) operation(id string) *described {
	return &d.operations[slices.IndexFunc(d.operations, func(o described) bool { return o.id == id })]
}

func items(v any) []any {
	all, _ := v.([]any)
	return all
}

// call is a request before it is made.
type call struct {
	method, target, media string
	body                  []byte
	header                http.Header
	slow                  bool // its body does not come
}

// request is a request by the document.
func (d *document) request(w *servers, op *described, dice *rand.Rand) *call {
	c := &call{method: op.method, header: http.Header{}}
	c.target = w.path(op.path, dice)
	query := []string{}
	for _, p := range op.query {
		p := p.(map[string]any)
		if dice.IntN(max(3, len(op.query)/2)) == 0 {
			query = append(query, fmt.Sprintf("%s=%s", p["name"], url.QueryEscape(fmt.Sprint(w.value(p["name"].(string), p["schema"].(map[string]any), p["example"], dice)))))
		}
	}
	if len(query) > 0 {
		c.target += "?" + strings.Join(query, "&")
	}
	if media := slices.Sorted(maps.Keys(op.takes)); len(media) > 0 {
		c.media = media[dice.IntN(len(media))]
		c.body = w.body(d, op, c.media, dice)
	}
	if dice.IntN(4) == 0 {
		c.header.Set("Idempotency-Key", fmt.Sprint("key-", dice.IntN(12)))
	}
	return c
}

// mutate changes a request into one that may not be allowed.
func (d *document) mutate(c *call, dice *rand.Rand) {
	switch dice.IntN(9) {
	case 0:
		c.media = "text/html"
	case 1:
		c.body = bytes.Replace(c.body, []byte("}"), []byte(`,"unknwon": 1}`), 1)
	case 2:
		c.body = bytes.Replace(c.body, []byte(`"`), nil, 1)
	case 3:
		c.body = bytes.Replace(c.body, []byte(`: "`), []byte(`: 7, "x": "`), 1)
	case 4:
		size := pick(dice, 70<<10, 70<<10, 140<<10, 2<<20, 11<<20, 33<<20)
		if bytes.Contains(c.body, []byte(`"files"`)) { // of a project
			size = 33 << 20
		}
		c.body = append([]byte(`{"a": "`), bytes.Repeat([]byte("x"), size)...)
	case 5:
		c.slow = len(c.body) > 0
	case 6:
		c.target += pick(dice, "?limit=0", "?limit=x", "?before=nobody", "?n=0", "?from=x", "?nothing=1", "?status=odd")
	case 7:
		c.body = []byte(pick(dice, "", "[]", "null", "{}", "7", `"text"`, "[[]]"))
	case 8:
		c.header["Idempotency-Key"] = []string{"a", "b"}
	}
}

func pick[T any](dice *rand.Rand, from ...T) T { return from[dice.IntN(len(from))] }

// structural are the problems of a request whose form is wrong, which the document must not allow.
var structural = []string{"json", "unknown-field", "media-type"}

// judge makes a request, and compares it and its answer with the document. It returns the status.
func (d *document) judge(t *testing.T, s state, op *described, c *call) (status string) {
	t.Helper()
	r := httptest.NewRequest(c.method, "http://127.0.0.1:8080"+c.target, c.reader())
	r.RemoteAddr, r.Header = "127.0.0.1:1234", c.header
	if c.media != "" {
		r.Header.Set("Content-Type", c.media)
	}
	maps.Copy(r.Header, s.header)
	check := r.Clone(r.Context())
	check.Body = io.NopCloser(bytes.NewReader(c.body))
	allowed, wrong := true, []*validation.ValidationError(nil)
	if len(c.body) < 1<<20 {
		allowed, wrong = d.validator.ValidateHttpRequestSync(check)
	}
	w := httptest.NewRecorder()
	if !served(s.handler, w, r) {
		return "cut"
	}
	what := func() string {
		return fmt.Sprintf("%s: %s %s %s %.300s\n%d %s %.600s", s.name, c.method, c.target, c.media, c.body, w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	status = strconv.Itoa(w.Code)
	if op.responses[status] == nil {
		t.Errorf("the document has no status %d there\n%s", w.Code, what())
		return status
	}
	var p struct{ Type string }
	json.Unmarshal(w.Body.Bytes(), &p)
	kind := strings.TrimPrefix(p.Type, "urn:nudge:problem:")
	switch {
	case c.media == "application/x-ndjson" || c.media == "application/merge-patch+json" || len(c.body) >= 1<<20 || c.slow:
	case !allowed && w.Code < 300 && !laxer(c):
		t.Errorf("the document does not allow it: %s\n%s", reasons(wrong), what())
	case allowed && slices.Contains(structural, kind) && !stricter(c):
		t.Errorf("the document allows it\n%s", what())
	}
	media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
	if schema := d.lines[op.id+" "+media]; schema != nil {
		for line := range bytes.Lines(w.Body.Bytes()) {
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
			must(t, err)
			if err := schema.Validate(value); err != nil {
				t.Errorf("%v\n%s", err, what())
			}
		}
		return status
	}
	if media == "text/plain" || media == "text/event-stream" {
		return status
	}
	answer := w.Result()
	if ok, wrong := d.validator.ValidateHttpResponse(check, answer); !ok {
		t.Errorf("the answer is another than in the document: %s\n%s", reasons(wrong), what())
	}
	return status
}

// laxer reports whether the server may take a request that a validator of OpenAPI refuses: an empty body where
// none is needed.
func laxer(c *call) bool { return len(bytes.TrimSpace(c.body)) == 0 }

// stricter reports whether a request is wrong in a way that JSON Schema does not see: a field that is given twice.
func stricter(c *call) bool { return bytes.Count(c.body, []byte(`"x":`)) > 0 }

func (c *call) reader() io.Reader {
	if c.slow {
		return late{}
	}
	return bytes.NewReader(c.body)
}

// late is a body that does not come in time.
type late struct{}

func (late) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

// served reports whether a request was answered to the end.
func served(h http.Handler, w http.ResponseWriter, r *http.Request) (whole bool) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			whole = false
		}
	}()
	h.ServeHTTP(w, r)
	return true
}

func reasons(all []*validation.ValidationError) string {
	var texts []string
	for _, e := range all {
		text := e.Message + ": " + e.Reason
		for _, s := range e.SchemaValidationErrors {
			text += "; " + s.Reason + " at " + s.KeywordLocation
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "\n")
}

// servers are one store behind several servers, each in a state of its own.
type servers struct {
	t       *testing.T
	states  []state
	store   *store.Store
	runs    []string
	jobs    *jobs.Manager
	bulk    *bulk.Bulk
	started []string    // jobs
	project string      // a deploy of it
	lose    func(n int) // lets a message of a new run fail
}

// state is a server and what its requests have.
type state struct {
	name    string
	handler http.Handler
	header  http.Header
}

func newServers(t *testing.T) *servers {
	project := with(keyedProject, "flows/lost.yaml", "flow: lost\ntrigger: { at: 2020-01-01 09:00, audience: lost.csv }\nsteps: [ { send: { body: hello } } ]\n")
	s := start(t, project)
	w := &servers{t: t, store: s.store, project: deployment(t, project)}
	for n := range 12 {
		id, sent := s.run(fmt.Sprint("d", n), "eve")
		if n < 4 {
			s.webhook(receipt("message.failed", sent)).is(200)
		}
		w.runs = append(w.runs, id)
	}
	w.lose = func(n int) {
		s.do("PUT", "/v1/outbound", `{"mode": "live", "killed": false}`).is(200)
		for len(s.posts) > 0 {
			<-s.posts
		}
		s.event(order("", fmt.Sprint("lost", n))).is(200)
		s.webhook(receipt("message.failed", <-s.posts)).is(200)
	}
	w.startJobs(s.runner)
	people := fstest.MapFS{"audiences/people.csv": {Data: []byte("profile\nann\nbob\n")}}
	usual := server.Config{
		Runner: s.runner, Store: s.store, Registry: prometheus.NewRegistry(),
		Endpoints: []string{"crm"}, Jobs: w.jobs, Bulk: w.bulk,
		Project:   projectOf(t, told),
		Dev:       newTools(),
		Audiences: audience.NewSnapshots(audience.Sources{Project: people}),
		Reload:    func(context.Context, *engine.Actor) (diag.List, error) { return nil, nil },
		BackUp: func(_ context.Context, to io.Writer) error {
			_, err := io.WriteString(to, "a backup")
			return err
		},
		CheckStore: func(_ context.Context, p func(store.CheckProgress)) (*store.Report, error) {
			p(store.CheckProgress{Part: "runs"})
			return s.store.Check()
		},
	}
	kv := &failing{KV: new(memory.KV)}
	broken, err := store.Open(kv)
	kv.fails = true
	must(t, err)
	one := server.NewToken("one", "a token of one")
	one.Scopes = nil
	only := func(t server.Token) func() []server.Token { return func() []server.Token { return []server.Token{t} } }
	bearer := http.Header{"Authorization": {"Bearer a token of one"}}
	for name, change := range map[string]func(*server.Config) http.Header{
		"1 usual": func(*server.Config) http.Header { return nil },
		"backing up": func(c *server.Config) http.Header {
			c.BackUp = func(context.Context, io.Writer) error { return server.ErrBackingUp }
			return nil
		},
		"without a scope": func(c *server.Config) http.Header {
			c.Tokens = only(one)
			return bearer
		},
		"without a token": func(c *server.Config) http.Header {
			c.Tokens = only(one)
			return nil
		},
		"busy": func(c *server.Config) http.Header {
			c.Runner = answering{runner.ErrBusy}
			c.CheckStore = func(context.Context, func(store.CheckProgress)) (*store.Report, error) {
				return nil, server.ErrChecking
			}
			c.Reload = func(context.Context, *engine.Actor) (list diag.List, _ error) {
				list.Errorf(diag.Span{File: "nudge.yaml"}, "bad-value", "", "this does not load")
				return list, nil
			}
			return nil
		},
		"stopped": func(c *server.Config) http.Header {
			c.Runner = stopped{}
			c.Audiences, c.Reload, c.CheckStore, c.BackUp, c.Jobs, c.Project, c.Dev = nil, nil, nil, nil, nil, nil, nil
			return nil
		},
		"busy with notices": func(c *server.Config) http.Header {
			c.Runner, c.Store = answering{runner.ErrBusy}, untaken(t)
			for _, id := range w.started {
				must(t, c.Store.AddJob(&store.Job{ID: id, Kind: "plan"}, 1))
			}
			w.proposeIn(c.Store)
			return nil
		},
		"stopped with flows": func(c *server.Config) http.Header {
			c.Runner = stopped{}
			return nil
		},
		"stopped with notices": func(c *server.Config) http.Header {
			c.Runner, c.Store = stopped{}, untaken(t)
			for _, id := range w.started {
				must(t, c.Store.AddJob(&store.Job{ID: id, Kind: "plan"}, 1))
			}
			w.proposeIn(c.Store)
			return nil
		},
		"broken with jobs": func(c *server.Config) http.Header {
			c.Runner, c.Store = answering{errors.New("a fault of the disk")}, broken
			return nil
		},
		"broken": func(c *server.Config) http.Header {
			fault := errors.New("a fault of the disk")
			c.Runner, c.Store, c.Jobs = answering{fault}, broken, jobs.New(jobs.Config{Store: broken})
			c.Reload = func(context.Context, *engine.Actor) (diag.List, error) { return nil, fault }
			c.CheckStore = func(context.Context, func(store.CheckProgress)) (*store.Report, error) { return nil, fault }
			c.BackUp = func(context.Context, io.Writer) error { return fault }
			return nil
		},
	} {
		c := usual
		header := change(&c)
		c.Registry, c.Follow = prometheus.NewRegistry(), c.BackUp
		srv, err := server.New(c)
		must(t, err)
		srv.EndLive() // so that what is followed ends at once
		w.states = append(w.states, state{name, srv.Handler(), header})
	}
	slices.SortFunc(w.states, func(a, b state) int { return strings.Compare(a.name, b.name) })
	return w
}

// proposeIn keeps a proposal in a store.
func (w *servers) proposeIn(s *store.Store) {
	_, err := s.AddProposal(&store.Proposal{By: engine.Actor{Name: "eve"}, Digest: "d", Next: []engine.FlowVersion{{Flow: "order", Version: "v"}}}, json.RawMessage(w.project))
	must(w.t, err)
}

// startJobs begins jobs that work until they are stopped.
func (w *servers) startJobs(r bulk.Runner) {
	w.jobs = jobs.New(jobs.Config{Store: w.store})
	w.bulk = bulk.New(w.store, r, w.jobs)
	w.t.Cleanup(w.jobs.Close)
	for range 8 {
		j, err := w.jobs.Start(engine.Actor{Name: "ops"}, "plan", map[string]string{"flow": "order"}, func(ctx context.Context, _ *jobs.Task) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		must(w.t, err)
		w.started = append(w.started, j.ID)
	}
}

// untaken is a store with a notice that an endpoint did not take.
func untaken(t *testing.T) *store.Store {
	s, err := store.Open(new(memory.KV))
	must(t, err)
	state, err := s.State()
	must(t, err)
	n := engine.Notice{Type: engine.NoticeRunEnded, At: 1, Profile: "ann", Data: []byte(`{}`)}
	must(t, s.Commit(&engine.Batch{State: state, Notices: []*engine.NoticeTo{{Endpoint: "crm", Notice: n}}}))
	due, _, err := s.DueNotices("crm", 1, 1)
	must(t, err)
	must(t, s.SettleNotices([]store.NoticeResult{{Notice: due[0], Error: "gone", GaveUp: 2}}))
	return s
}

// failing is a store that can be opened and not read.
type failing struct {
	store.KV
	fails bool
}

func (f *failing) View(read func(store.Reader) error) error {
	if f.fails {
		return errors.New("a fault of the disk")
	}
	return f.KV.View(read)
}

// path is a path with values of its parameters.
func (w *servers) path(path string, dice *rand.Rand) string {
	id, flow, name := pick(dice, "ann", "bob", "nobody", "%00"), pick(dice, "order", "sale", "none"), pick(dice, "shipped", "none")
	switch {
	case strings.Contains(path, "/deploys/"):
		id = pick(dice, append([]string{"x", "999", "1", "1", "1", "1", "1"}, w.proposals()...)...)
	case strings.Contains(path, "/jobs/"):
		id = pick(dice, append([]string{"x", w.started[0], w.started[0], w.started[0]}, w.started...)...)
	case strings.Contains(path, "/stories"):
		flow, name = pick(dice, "hello", "hello", "odd", "none"), pick(dice, "wrong", "ends%20as%20odd", "none")
	case strings.Contains(path, "/runs/"):
		id = pick(dice, append([]string{"x", "01JD0Q7V6T3M5R8W9X0Y1Z2A3B"}, w.runs...)...)
	case strings.Contains(path, "/campaigns/"):
		if all := w.campaigns(); len(all) > 0 && dice.IntN(5) > 0 {
			id = pick(dice, all...)
		}
	}
	return strings.NewReplacer("{id}", id, "{flow}", flow, "{name}", name, "{type}", pick(dice, "order.returned", "none")).Replace(path)
}

// proposals are the newest ones.
func (w *servers) proposals() (all []string) {
	page, _, err := w.store.DeployHistory(store.DeployCursor{}, 12)
	must(w.t, err)
	for _, i := range page {
		if i.Proposal != nil {
			all = append(all, fmt.Sprint(i.Proposal.Number))
		}
	}
	return all
}

func (w *servers) campaigns() (all []string) {
	page, err := w.store.ListCampaigns("", 0, 5)
	must(w.t, err)
	for _, c := range page {
		all = append(all, c.Campaign.ID)
	}
	return all
}

// value is a value of a parameter.
func (w *servers) value(name string, schema map[string]any, example any, dice *rand.Rand) any {
	switch {
	case schema["enum"] != nil:
		return pick(dice, schema["enum"].([]any)...)
	case schema["type"] == "integer":
		return 1 + dice.IntN(20)
	case schema["type"] == "boolean":
		return dice.IntN(2) == 0
	case name == "failure", strings.HasPrefix(name, "started_"), strings.HasPrefix(name, "ended_"), name == "message_status": // others are refused
		return example
	case name == "campaign":
		if all := w.campaigns(); len(all) > 0 {
			return pick(dice, all...)
		}
	case name == "before":
		return pick(dice, w.runs...)
	}
	return pick(dice, example, "order", "ann", "completed")
}

// body is a body of a media type: one that does something, or one made of its schema.
func (w *servers) body(d *document, op *described, media string, dice *rand.Rand) []byte {
	events := []string{order("", fmt.Sprint(dice.IntN(50))), order(fmt.Sprint("e", dice.IntN(20)), fmt.Sprint(dice.IntN(3))), `{"type": "order.returned", "profile": "ann", "data": {"order_id": 7}}`, `{"type": "order.returned", "profile": "ann", "data": {"order_id": "7"}, "profile_data": {"plan": "pro"}}`}
	known := map[string][]string{
		"sendEvents": events, "importProfiles": {`{"id": "ann", "plan": "pro"}`, `{"id": "", "plan": 1}`},
		"replaceProfile": {`{"plan": "pro", "opt_outs": ["news"]}`, `{"opt_outs": ["no such"]}`, `{"timezone": "Nowhere"}`}, "changeProfile": {`{"plan": null}`, `{"timezone": "Nowhere"}`},
		"deployFlows": {w.project, w.project, deployment(w.t, shop), `{"files": [{"name": "nudge.yaml", "text": "projekt: x"}]}`}, "planFlows": {deployment(w.t, shop), `{"files": [{"name": "nudge.yaml", "text": "projekt: x"}]}`},
		"proposeDeploy":    {deployment(w.t, reworded(fmt.Sprint("comes ", dice.IntN(1000)))), deployment(w.t, reworded(fmt.Sprint("comes ", dice.IntN(1000)))), w.project, `{"files": [{"name": "nudge.yaml", "text": "projekt: x"}]}`},
		"approveDeploy":    {`{}`, `{"expect": 3}`, `{"expect": 1000000}`},
		"backtestProposal": {`{}`, `{"days": 3, "receipts": "like-others"}`, `{"days": 0}`},
		"optOutProfiles":   {`{"profiles": ["ann", "bob"], "categories": ["news"]}`, `{"id": "ann", "categories": ["news"]}`, `{"id": "ann", "categories": []}`},
		"optInProfiles":    {`{"profiles": ["ann", "bob"], "categories": ["news"]}`, `{"id": "ann", "categories": ["news"]}`, `{"id": "ann", "categories": []}`},
		"callFlow":         {`{"profile": "ann", "key": "7", "data": {"order_id": "7", "customer": "ann"}}`, `{"profile": "ann", "data": {"order_id": 7}}`, `{"id": "c", "profile": "` + pick(dice, "ann", "bob") + `", "data": {"order_id": "7", "customer": "ann"}}`},
		"startCampaign":    {`{"flow": "sale", "again": true}`, `{"flow": "order"}`, `{"flow": "sale"}`, `{"flow": "none"}`}, "startPreview": {`{"flow": "sale"}`, `{"flow": "order"}`, `{"flow": "none"}`, `{"flow": "sale", "data": {"a": 1}}`}, "previewCampaign": {`{"flow": "sale"}`, `{"flow": "lost"}`, `{"flow": "order"}`, `{"flow": "none"}`, `{"flow": "sale", "data": {"a": 1}}`},
		"retryRuns":    {`{"filter": {"flow": "order"}, "dry_run": true}`, `{"filter": {"flow": "order"}, "expect": 100}`, `{"filter": {"profile": "nobody"}, "expect": 0}`, `{"filter": {"profile": "nobody"}, "expect": 1}`, `{"filter": {"flow": "order"}, "expect": 0}`, `{"filter": {"flow": "order"}, "expect": 0}`, `{"filter": {}}`, `{"filter": {"campaign": "none"}, "dry_run": true}`},
		"cancelRuns":   {`{"filter": {"profile": "nobody"}, "expect": 0}`, `{"filter": {"profile": "nobody"}, "expect": 1}`, `{"filter": {"profile": "nobody"}, "expect": 2}`, `{"filter": {"flow": "order"}, "expect": 0}`, `{"filter": {"flow": "order"}, "dry_run": true}`},
		"retryNotices": {`{"endpoint": "crm"}`, `{"endpoint": "crm"}`, `{"endpoint": "crm"}`, `{"endpoint": "crm"}`, `{"endpoint": "crm"}`, `{"endpoint": "none"}`, `{"ids": ["none"]}`, `{}`},
		"setOutbound":  {`{"mode": "live"}`, `{"mode": "only", "only": ["ann"]}`, `{"mode": "only"}`, `{"killed": false}`, `{"mode": "sometimes"}`},
	}[op.id]
	cloud := fmt.Sprintf(`{"specversion": "1.0", "id": "%d", "source": "shop", "type": "order.returned", "subject": "ann", "data": {"order_id": "7"}}`, dice.IntN(20))
	switch {
	case media == "application/cloudevents+json" && dice.IntN(2) == 0:
		return []byte(cloud)
	case media == "application/cloudevents-batch+json" && dice.IntN(2) == 0:
		return []byte("[" + cloud + "]")
	case strings.HasPrefix(media, "application/cloudevents"):
		raw, err := json.Marshal(d.example(op.takes[media].(map[string]any), dice, 0))
		must(w.t, err)
		return raw
	case media == "application/x-ndjson":
		return []byte(strings.ReplaceAll(pick(dice, known...), "\n", " ") + "\n" + strings.ReplaceAll(pick(dice, known...), "\n", " "))
	}
	if op.id == "sendEvents" && dice.IntN(3) == 0 {
		return []byte("[" + pick(dice, events...) + "," + pick(dice, events...) + "]")
	}
	if len(known) > 0 && dice.IntN(3) > 0 {
		return []byte(pick(dice, known...))
	}
	raw, err := json.Marshal(d.example(op.takes[media].(map[string]any), dice, 0))
	must(w.t, err)
	return raw
}

// example is a value of a schema.
func (d *document) example(schema map[string]any, dice *rand.Rand, deep int) any {
	if ref, ok := schema["$ref"].(string); ok {
		return d.example(d.schemas[strings.TrimPrefix(ref, "#/components/schemas/")].(map[string]any), dice, deep)
	}
	if options, ok := schema["anyOf"].([]any); ok {
		return d.example(pick(dice, options...).(map[string]any), dice, deep)
	}
	if parts, ok := schema["allOf"].([]any); ok {
		return d.example(parts[0].(map[string]any), dice, deep)
	}
	kind := schema["type"]
	if kinds, ok := kind.([]any); ok {
		kind = pick(dice, kinds...)
	}
	switch kind {
	case "object":
		value := map[string]any{}
		required := items(schema["required"])
		properties, _ := schema["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			if slices.Contains(required, any(name)) || dice.IntN(2) == 0 {
				value[name] = d.example(properties[name].(map[string]any), dice, deep+1)
			}
		}
		if deep > 0 && len(properties) == 0 {
			value["order_id"] = "7"
		}
		return value
	case "array":
		value := []any{}
		for range dice.IntN(3) {
			value = append(value, d.example(schema["items"].(map[string]any), dice, deep+1))
		}
		return value
	case "boolean":
		return dice.IntN(2) == 0
	case "integer", "number":
		return dice.IntN(100)
	case "null":
		return nil
	}
	return pick(dice, "ann", "order", "sale", "x", "")
}
