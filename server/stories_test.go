package server_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"testing"
	"testing/fstest"

	"nudge/flows"
	"nudge/server"
	"nudge/whatif/story"
)

// told is a project with tests and a promise that does not hold.
var told = map[string]string{
	"nudge.yaml": "project: shop\n",
	"flows/hello.yaml": `flow: hello
trigger: { event: user.signed_up }
promises: { messages: 1 }
steps:
  - send: { body: Welcome }
    id: welcome
  - wait: [ { read: welcome, then: [ { exit: read } ] }, { after: 1d } ]
  - send: { body: Are you there }
    id: reminder
`,
	"flows/odd.yaml": "flow: odd\ntrigger: { event: odd }\ndata: { n: number }\nsteps:\n  - branch: [ { if: data.n * data.n == 17, then: [ { exit: odd } ] } ]\n",
	"tests/hello.yaml": `flow: hello
people: { ann: }
tests:
  - name: a reminder / after a day
    start: 2026-03-02 10:00 UTC
    story: [ { event: user.signed_up }, { expect: welcome }, { after: 2d }, { expect: reminder } ]
  - name: wrong
    start: 2026-03-02 10:00 UTC
    story: [ { event: user.signed_up }, { expect: nothing } ]
`,
	"tests/other.yaml":  "flow: hello\ntests: [ { name: wrong, start: 2026-03-02 10:00 UTC, story: [ { event: user.signed_up }, { expect: welcome } ] } ]\npeople: { ann: }\n",
	"tests/broken.yaml": "flow: hello\ntests: [ { name: x } ]\n",
}

// serving gives a server the project folder.
func serving(t *testing.T, files map[string]string) func(*server.Config) {
	t.Helper()
	return func(c *server.Config) { c.Project = projectOf(t, files) }
}

// projectOf is a project folder.
func projectOf(t *testing.T, files map[string]string) func() server.ServedProject {
	t.Helper()
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	p, list := flows.Load(folder)
	must(t, list.Err())
	return func() server.ServedProject { return server.ServedProject{Project: p, Folder: folder} }
}

func TestStories(t *testing.T) {
	s := start(t, told, serving(t, told))
	var list server.StoryList
	s.do("GET", "/v1/flows/hello/stories", "").is(200).decode(&list)
	if len(list.Stories) != 3 || !list.Deployed || list.Stories[0].Name != "a reminder / after a day" || list.Stories[0].Line != 4 || list.Stories[2].Name != "tests/other.yaml: wrong" ||
		len(list.Mistakes) == 0 || list.Mistakes[0].Span.File != "tests/broken.yaml" {
		t.Fatalf("got %+v", list)
	}
	var shown server.StoryShown
	path := "/v1/flows/hello/stories/" + url.PathEscape(list.Stories[0].Name)
	s.do("GET", path, "").is(200).decode(&shown)
	if !shown.Passed || shown.Total != 2 || len(shown.Frames) != 2 || shown.Frames[1].Messages[0].Text != "to: ann\nAre you there" {
		t.Errorf("got %+v", shown)
	}
	s.do("GET", path+"?at=2", "").is(200).decode(&shown)
	if shown.At != 2 || len(shown.Frames) != 1 || shown.Frames[0].Input != "after 2d" || shown.Frames[0].Steps[0] != (story.FrameStep{Run: 1, Flow: "hello", Step: "reminder"}) {
		t.Errorf("got %+v", shown)
	}
	s.do("GET", "/v1/flows/hello/stories/wrong", "").is(200).decode(&shown)
	if shown.Passed || shown.Failure == nil || shown.Failure.Line != 9 {
		t.Errorf("got %+v", shown)
	}
	s.do("GET", path+"?at=3", "").is(404, "the story has 2 frames")
	s.do("GET", path+"?at=0", "").is(400, "must be the number of a frame")
	s.do("GET", "/v1/flows/odd/stories/ends%20as%20odd", "").is(422, "no value was found for the condition")
	s.do("GET", "/v1/flows/none/stories", "").is(404, "the project folder has no flow none")
	s.do("GET", "/v1/flows/hello/stories/none", "").is(404, `the flow hello has no story \"none\"`)
	s.do("GET", "/v1/flows/hello/stories?prof=1", "").is(400, "is not a parameter here")
}

// TestStoriesOfAProof: what breaks a promise is a story with frames, too.
func TestStoriesOfAProof(t *testing.T) {
	s := start(t, told, serving(t, told))
	var list server.StoryList
	s.do("GET", "/v1/flows/hello/stories?proof=true", "").is(200).decode(&list)
	kinds := map[server.StoryKind]string{}
	for _, l := range list.Stories {
		kinds[l.Kind] = l.Name
	}
	if kinds[server.StoryCounterexample] != "breaks messages: 1" || kinds[server.StoryEnding] == "" {
		t.Fatalf("got %v of %+v", kinds, list)
	}
	var shown server.StoryShown
	s.do("GET", "/v1/flows/hello/stories/"+url.PathEscape("breaks messages: 1"), "").is(200).decode(&shown)
	if last := shown.Frames[len(shown.Frames)-1]; !shown.Passed || len(last.Messages) != 1 || last.Messages[0].Step != "reminder" || shown.Text == "" {
		raw, _ := json.Marshal(shown)
		t.Errorf("got %s", raw)
	}
}

// TestStoriesOfTheFolder: the stories are the folder's, and say whether its flow is the active one.
func TestStoriesOfTheFolder(t *testing.T) {
	edited := maps.Clone(told)
	edited["flows/hello.yaml"] += "  - wait: 1h\n"
	s := start(t, told, serving(t, edited))
	s.do("GET", "/v1/flows/hello/stories", "").is(200, `"deployed":false`)
	start(t, told).do("GET", "/v1/flows/hello/stories", "").is(501, "no project on disk")
}
