package server_test

import (
	"encoding/json"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/server"
)

// deployment is a project as the API takes it.
func deployment(t *testing.T, project map[string]string) string {
	t.Helper()
	var request struct {
		Files []flows.File `json:"files"`
	}
	for name, text := range project {
		request.Files = append(request.Files, flows.File{Name: name, Text: text})
	}
	raw, err := json.Marshal(request)
	must(t, err)
	return string(raw)
}

const hello = `flow: hello
trigger: { event: signed.up }
data: { name: string }
entry: { if_running: skip }
steps:
  - send: { body: "Hello {{ data.name }}", from: Shop }
    id: hi
  - wait: [ { read: hi }, { failed: hi }, { after: 1d } ]
`

func TestDeploy(t *testing.T) {
	s := start(t, shop)
	var got server.Deployed
	s.do("POST", "/v1/flows", deployment(t, with(shop, "flows/hello.yaml", hello))).is(200).decode(&got)
	if len(got.Flows) != 2 || got.Flows[0].Flow != "hello" || !got.Flows[0].New || got.Flows[1].New || len(got.Flows[1].Version) != 16 {
		t.Errorf("deployed are %+v", got)
	}
	s.do("GET", "/v1/flows", "").is(200, `{"flow":"hello","version":"`+got.Flows[0].Version+`","active":true`)
	s.event(`{"type": "signed.up", "profile": "ann", "data": {"name": "Ann"}}`).is(200, `"flow":"hello"`, `"did":"started"`)
}

// A version that somebody asked for while it was not there is there once it is deployed.
func TestVersionComes(t *testing.T) {
	project := deployment(t, with(shop, "flows/hello.yaml", hello))
	var other server.Deployed
	start(t, shop).do("POST", "/v1/flows", project).is(200).decode(&other)
	s := start(t, shop)
	page := "/v1/flows/hello?version=" + other.Flows[0].Version
	s.do("GET", page, "").is(404, "flow hello has no version")
	s.do("POST", "/v1/flows", project).is(200)
	s.do("GET", page, "").is(200, `"active":true`)
}

// Files that messages carry are deployed in base64, and are a piece of the version.
func TestDeployOfAFile(t *testing.T) {
	s := start(t, shop)
	const carrier = "flow: hello\ntrigger: { event: signed.up }\nsteps:\n" +
		"  - send: { parts: [ { type: image/png, file: images/dot.png } ] }\n"
	var versions []string
	for _, content := range []string{"AAEC/w==", "AAEC/g=="} {
		var got server.Deployed
		project := with(with(shop, "flows/hello.yaml", carrier), "images/dot.png", content)
		s.do("POST", "/v1/flows", deployment(t, project)).is(200).decode(&got)
		versions = append(versions, got.Flows[0].Version)
		s.event(`{"type": "signed.up", "profile": "ann"}`).is(200, `"did":"started"`)
		if part := (<-s.posts).Parts[0]; part.Data != content || part.Size != 4 || part.Name != "dot.png" {
			t.Errorf("the message carries %+v, want %s", part, content)
		}
	}
	if versions[0] == versions[1] {
		t.Error("another file makes no other version")
	}
	s.do("POST", "/v1/flows", deployment(t, with(shop, "images/dot.png", "not base64!"))).is(400, "given in base64", ".text")
	s.do("POST", "/v1/flows", deployment(t, with(shop, "flows/hello.yaml", carrier))).is(422, "file images/dot.png not found")
}

func TestDeployOfWhatDoesNotLoad(t *testing.T) {
	s := start(t, shop)
	broken := with(shop, "flows/hello.yaml", "flow: hello\ntrigger: { event: signed.up }\nsteps:\n  - sned: hi\n")
	s.do("POST", "/v1/flows", deployment(t, broken)).is(422, `"field":"flows/hello.yaml:4:5"`, `unknown key \"sned\"`,
		`"code":"unknown-key"`, `"line":4`, "the flows that were active stay so")
	s.event(`{"type": "signed.up", "profile": "ann"}`).is(200, `"ignored":"no flow uses events of this type"`)
	s.run("7", "ann")

	for body, text := range map[string]string{
		`{"files": []}`: "a project has files",
		`{"files": [{"name": "../x.yaml", "text": ""}]}`:                                           `"field":"files[0].name"`,
		`{"files": [{"name": "flows/a.yaml", "text": ""}, {"name": "flows/a.yaml", "text": "x"}]}`: "flows/a.yaml is given twice",
		`{"file": []}`: `did you mean \"files\"?`,
	} {
		s.do("POST", "/v1/flows", body).is(400, text)
	}
}

func TestFolderIsAFileSystem(t *testing.T) {
	names := []string{"nudge.yaml", "flows/a.yaml", "flows/b.yaml", "templates/deep/c.yaml"}
	files := map[string]string{}
	for _, name := range names {
		files[name] = "text of " + name
	}
	must(t, fstest.TestFS(server.Folder(files), names...))
}

func TestCall(t *testing.T) {
	s := start(t, with(shop, "flows/hello.yaml", hello))
	const path = "/v1/flows/hello/runs"
	s.do("POST", path, `{"profile": "ann", "key": "k1", "data": {"name": "Ann"}, "id": "c1"}`).is(200, `"did":"started"`, `"id":"c1"`)
	if m := <-s.posts; m.Body != "Hello Ann" {
		t.Errorf("the message is %+v", m)
	}
	s.do("POST", path, `{"profile": "ann", "key": "k1", "data": {"name": "Ann"}, "id": "c1"}`).is(200, `"repeated":true`)
	s.do("POST", path, `{"profile": "ann", "key": "k1", "data": {"name": "Ann"}}`).is(200, `"did":"skipped"`, "a run is live")
	s.do("POST", path, `{"profile": "ann", "data": {"name": 7}}`).is(422, `"field":"data.name"`, "must be text")
	s.do("POST", path, `{"data": {"name": "Ann"}}`).is(400, `"field":"profile"`)
	s.do("POST", path, `{"profil": "ann"}`).is(400, `did you mean \"profile\"?`)
	s.do("POST", "/v1/flows/bye/runs", `{"profile": "ann"}`).is(404, "there is no active flow bye")
	var page struct{ Runs []server.Run }
	s.do("GET", "/v1/runs?flow=hello", "").is(200).decode(&page)
	if len(page.Runs) != 1 || page.Runs[0].StartedBy != "call" || page.Runs[0].Key != "k1" {
		t.Errorf("the runs are %+v", page.Runs)
	}
}

// The numbers of a flow say at which step its live runs are.
func TestFlowsSayWhereRunsAre(t *testing.T) {
	s := start(t, shop)
	const pause = "flow: pause\ntrigger: { event: signed.up }\nsteps:\n  - id: think\n    wait: 1d\n"
	s.do("POST", "/v1/flows", deployment(t, with(shop, "flows/pause.yaml", pause))).is(200)
	for range 3 {
		s.event(`{"type": "signed.up", "profile": "ann"}`).is(200, `"flow":"pause"`)
	}
	s.do("GET", "/v1/flows", "").is(200, `"flow":"pause"`, `"live":3,"parked":{"think":3}`)
}
