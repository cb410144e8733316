package flows

import (
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nudge/lang/shape"
)

func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func mustLoad(t testing.TB, fsys fs.FS) *Project {
	t.Helper()
	p, list := Load(fsys)
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestOrderShipped(t *testing.T) {
	p := mustLoad(t, os.DirFS("testdata/order_shipped"))
	if p.Name != "acme" || p.Zone.String() != "Europe/London" || len(p.Flows) != 1 {
		t.Fatalf("project %q in %v with %d flows", p.Name, p.Zone, len(p.Flows))
	}
	f := p.Flow("order_shipped")
	want := `0 shipped next 1
1 wait_1 next -1
  read step 0 then -1 as read
  failed step 0 then 2 as failed
  reply step 0 then 3 as reply
  event step -2 then -1 as event
  after step -2 then 5 as after
2 exit_1 next -1
3 handover next 4
4 exit_2 next -1
5 reminder next 6
6 wait_2 next -1
  read step 5 then -1 as read
  after step -2 then -1 as after
exits
  event step -2 then -1 as returned
`
	if diff := cmp.Diff(want, drawn(f)); diff != "" {
		t.Errorf("program (-want +got):\n%s", diff)
	}
	if h := f.Listens("order.delivered"); h == nil || len(h.Waits) != 1 || h.Shape.String() != "{ order_id: string }" {
		t.Errorf("order.delivered is heard as %+v", h)
	}
	if f.Listens("order.lost") != nil || f.EventShape("order.lost") != nil {
		t.Error("order.lost is heard")
	}
	if f.StepNamed("reminder") != 5 || f.StepNamed("nothing") != -1 {
		t.Error("StepNamed finds the wrong step")
	}
}

func TestRenderedSend(t *testing.T) {
	f := mustLoad(t, os.DirFS("testdata/order_shipped")).Flows[0]
	m, err := f.Steps[0].Send.Message.Render("ann lee", map[string]any{
		NameData:    map[string]any{"order_id": "O 7", "customer": "ann lee", "total": 1234.5},
		NameProfile: map[string]any{"id": "ann lee", "first_name": "Ann"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if m.Conversation != "Customer_Services_ann_lee" || m.From.ID != `TEAM\Customer_Services` || m.Rules[0] != "appMessaging" {
		t.Errorf("sent as %+v from %+v", m, m.From)
	}
	if want := "Hello Ann,\nyour order O 7 is on its way. It was 1,234.5."; m.Body != want {
		t.Errorf("body %q, want %q", m.Body, want)
	}
	if diff := cmp.Diff(map[string]any{"order": "O 7", "total": 1234.5}, m.Metadata); diff != "" {
		t.Errorf("metadata: %s", diff)
	}
}

// TestArmsJoin holds where the arms of waits and branches lead: behind the step that
// holds them.
func TestArmsJoin(t *testing.T) {
	p := mustLoad(t, fstest.MapFS{"flows/f.yaml": &fstest.MapFile{Data: []byte(`
flow: f
trigger: { event: e }
data: { n: number }
steps:
  - branch:
      - if: data.n > 3
        then:
          - send: { body: big }
          - branch: [ { if: data.n > 4, then: [ { set: { a: 1 } } ] }, { else: [ { exit: done } ] } ]
      - if: data.n > 2
        then: [ { wait: 1d } ]
  - id: last
    if: vars.a == 1
    send: { body: end }
  - wait: [ { failed: last, then: [ { exit: lost } ] }, { after: 1h } ]
`)}})
	want := `0 branch_1 next 6
  arm_1 if true then 1
  arm_2 if true then 5
1 send_1 next 2
2 branch_2 next 6
  arm_1 if true then 3
  else if false then 4
3 set_1 next 6
4 exit_1 next 6
5 wait_1 next 6
  after step -2 then 6 as after
6 last next 7
7 wait_2 next -1
  failed step 6 then 8 as failed
  after step -2 then -1 as after
8 exit_2 next -1
`
	if diff := cmp.Diff(want, drawn(p.Flows[0])); diff != "" {
		t.Errorf("program (-want +got):\n%s", diff)
	}
}

func TestDataOfTriggers(t *testing.T) {
	load := func(text string) *Flow {
		return mustLoad(t, fstest.MapFS{
			"nudge.yaml":   {Data: []byte("events:\n  a: { id: string, x: number }\n  b: { id: string, y: number }\n")},
			"flows/f.yaml": {Data: []byte("flow: f\n" + text + "\nsteps: [ { wait: 1h } ]\n")},
		}).Flows[0]
	}
	for text, want := range map[string]string{
		"trigger: { event: a }":                                      "{ id: string, x: number }",
		"trigger: [ { event: a }, { event: b } ]":                    "{ id: string, x: optional number, y: optional number }",
		"trigger: { event: a }\ndata: { z: time }":                   "{ id: string, x: number, z: time }",
		"trigger: { event: c }":                                      "{ … }",
		"trigger: { event: c }\ndata: { z: time }":                   "{ z: time }",
		"trigger: [ { event: a }, { event: c } ]":                    "{ … }",
		"trigger: [ { event: c }, { event: d } ]\ndata: { z: time }": "{ z: time }",
	} {
		if got := load(text).Data.String(); got != want {
			t.Errorf("%s: data is %s, want %s", text, got, want)
		}
	}
}

func TestProjectDefaults(t *testing.T) {
	p := mustLoad(t, fstest.MapFS{})
	if p.Name != defaultProject || p.Zone != time.UTC || p.OnUnknown != OnUnknownContinue || p.Config == nil {
		t.Errorf("got %+v", p)
	}
	p = mustLoad(t, fstest.MapFS{"nudge.yaml": {Data: []byte("project: x\nclock: { speed: 7 }\non_unknown: resend\n")}})
	if p.Config.Child("clock").Int("speed") != 7 || p.OnUnknown != OnUnknownResend {
		t.Errorf("what serving needs is not left to others: %+v", p)
	}
}

func TestTemplateAlone(t *testing.T) {
	p := mustLoad(t, os.DirFS("testdata/order_shipped"))
	tmpl, err := p.Template("shipped")
	if err != nil {
		t.Fatal(err)
	}
	m, err := tmpl.Render("ann", map[string]any{NameData: map[string]any{"order_id": 7, "total": 3}, NameProfile: map[string]any{}})
	if err != nil || m.Conversation != "acme_ann" || !strings.Contains(m.Body, "Hello there") {
		t.Errorf("got %+v, %v", m, err)
	}
	if _, err := p.Template("shiped"); err == nil || !strings.Contains(err.Error(), `did you mean "shipped"?`) {
		t.Errorf("got %v", err)
	}
}

// TestZoneOfTheMachine runs the tests of durations, templates and versions again
// where the machine lives elsewhere.
func TestZoneOfTheMachine(t *testing.T) {
	if os.Getenv("NUDGE_TEST_ZONE") != "" {
		t.Skip("the inner run")
	}
	for _, zone := range []string{"America/New_York", "Asia/Kolkata"} {
		cmd := exec.Command(os.Args[0], "-test.run=TestAfter|TestVersion|TestConditions|TestRendered")
		cmd.Env = append(os.Environ(), "TZ="+zone, "NUDGE_TEST_ZONE="+zone)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("in %s: %v\n%s", zone, err, out)
		}
	}
}

func TestEventShapeDecodes(t *testing.T) {
	f := mustLoad(t, os.DirFS("testdata/order_shipped")).Flows[0]
	_, err := f.EventShape("order.shipped").Decode([]byte(`{"order_id":"x","customer":"y","total":"3"}`))
	if m, ok := err.(*shape.Mismatch); !ok || m.At("data").Error() != "data.total must be a number, got text" {
		t.Errorf("got %v", err)
	}
}
