package server

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"

	"nudge/engine"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/whatif/prove"
	"nudge/whatif/story"
)

// ServedProject is a project folder as it was last loaded.
type ServedProject struct {
	*flows.Project
	Folder fs.FS // its tests are read when somebody asks for them
}

// snapshot returns a message that the tests of the folder keep under a name.
func (p ServedProject) snapshot(name string) (string, bool) {
	text, err := fs.ReadFile(p.Folder, path.Join(story.Folder, "snapshots", name+".txt"))
	return string(text), err == nil
}

// StoryKind is where a story comes from.
type StoryKind string

// The kinds of stories.
const (
	StoryTest           StoryKind = "test"           // it stands in tests/
	StoryCounterexample StoryKind = "counterexample" // it breaks a promise of the flow
	StoryEnding         StoryKind = "ending"         // it is a shortest way to an outcome
)

// ListedStory is a story in a list.
type ListedStory struct {
	Name string    `json:"name"`
	Kind StoryKind `json:"kind"`
	File string    `json:"file,omitempty"` // of a test
	Line int       `json:"line,omitempty"` // in the file
	Why  string    `json:"why,omitempty"`  // of another: why it has no frames

	text string // of the file in which it stands, or would
	test *story.Test
}

// StoryList are the stories of a flow.
type StoryList struct {
	Flow     string        `json:"flow"`
	Version  string        `json:"version"`  // of the flow in the project folder, whose stories these are
	Deployed bool          `json:"deployed"` // it is the active version, too
	Stories  []ListedStory `json:"stories"`
	Mistakes diag.List     `json:"mistakes"` // of files of tests, whose stories are left out
}

// StoryShown is a story that was played.
type StoryShown struct {
	ListedStory
	Flow     string        `json:"flow"`
	Version  string        `json:"version"`
	Deployed bool          `json:"deployed"`
	Text     string        `json:"text,omitempty"` // of one that a proof found: the test that it would be
	Passed   bool          `json:"passed"`
	Failure  *storyFailure `json:"failure,omitempty"`
	Total    int           `json:"total"`              // frames of the story
	LeftOut  int           `json:"left_out,omitempty"` // frames beyond the most that are kept
	At       int           `json:"at"`                 // number of the first frame here, from 1
	Frames   []story.Frame `json:"frames"`
}

// storyFailure is where and why a test fails.
type storyFailure struct {
	Line    int      `json:"line"`
	Message string   `json:"message"`
	Diff    []string `json:"diff,omitempty"` // "- " expected, "+ " got
}

// maxStories is how many stories of a flow are listed; those beyond it are left out.
const maxStories = 2000

// storyRoutes are about stories.
func (s *Server) storyRoutes() []route {
	return []route{
		{"GET /v1/flows/{flow}/stories", ScopeRead, s.listStories, operation{
			id: "listStories", topic: "Flows", does: "List the stories of a flow",
			more: "Those are the tests of the project folder that the server has loaded, which a deploy over the API does not change: deployed says whether the folder's version of the flow is the active one. " +
				"With proof, what breaks a promise of the flow and the shortest way to each of its endings are stories, too; finding them can take seconds.",
			query: []parameter{{name: "proof", does: "also those that a proof finds", example: true}},
			gives: ok(StoryList{}, "the stories"), fails: []int{400, 404, 501},
		}},
		{"GET /v1/flows/{flow}/stories/{name}", ScopeRead, s.showStory, operation{
			id: "showStory", topic: "Flows", does: "Play a story and show its frames",
			more:  "In virtual time, and nothing goes out. A frame is one thing that happens, with all that follows from it: what runs did, the steps that they took, messages, and conditions with what they saw.",
			query: []parameter{{name: "at", does: "only the frame with this number; all without it", example: 4, least: 1, most: story.MaxFrames}},
			gives: ok(StoryShown{}, "the story"), fails: []int{400, 404, 422, 501},
		}},
	}
}

// storyBooth plays stories and proves flows, one at a time.
type storyBooth struct {
	turn   chan struct{} // capacity 1
	proved map[engine.FlowVersion][]ListedStory
	of     *flows.Project // whose proofs they are
}

func newStoryBooth() *storyBooth { return &storyBooth{turn: make(chan struct{}, 1)} }

// enter waits for the turn. The caller leaves.
func (b *storyBooth) enter(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *storyBooth) leave() { <-b.turn }

func (s *Server) listStories(w http.ResponseWriter, r *http.Request) {
	proof, err := proofAsked(r.URL.Query())
	if err == nil {
		err = s.booth.enter(r.Context())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer s.booth.leave()
	list, err := s.stories(r.PathValue("flow"), proof)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, list)
}

// proofAsked reads the parameters of the list.
func proofAsked(values url.Values) (bool, error) {
	if err := onlyParameters(values, []string{"proof"}); err != nil {
		return false, err
	}
	text := values.Get("proof")
	if text == "" {
		return false, nil
	}
	proof, err := strconv.ParseBool(text)
	if err != nil {
		return false, wrongParameter("proof", "must be true or false")
	}
	return proof, nil
}

// stories finds the stories of a flow. The caller has the booth.
func (s *Server) stories(flow string, proof bool) (*StoryList, error) {
	if s.config.Project == nil {
		return nil, problemOf(http.StatusNotImplemented, "project", "this server has no project on disk")
	}
	p := s.config.Project()
	f := p.Flow(flow)
	if f == nil {
		return nil, problemOf(http.StatusNotFound, "not-found", "the project folder has no flow "+flow)
	}
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	list := &StoryList{Flow: flow, Version: f.Version, Stories: []ListedStory{}, Mistakes: diag.List{},
		Deployed: slices.Contains(state.Active, engine.FlowVersion{Flow: f.Name, Version: f.Version})}
	list.read(p, f)
	if proof {
		list.Stories = append(list.Stories, s.booth.prove(p.Project, f)...)
	}
	list.Stories = list.Stories[:min(len(list.Stories), maxStories)]
	return list, nil
}

// read adds the tests of the folder that are about a flow.
func (list *StoryList) read(p ServedProject, f *flows.Flow) {
	suite, mistakes := story.Load(p.Folder, p.Project)
	wrong := map[string]bool{}
	for _, d := range mistakes {
		if d.Severity == diag.Error {
			wrong[d.Span.File] = true
			list.Mistakes = append(list.Mistakes, d)
		}
	}
	names := map[string]bool{}
	for _, file := range suite.Files {
		if wrong[file.Name] || !slices.Contains(file.Flows, f) {
			continue
		}
		for _, t := range file.Tests {
			name := t.Name
			if names[name] { // in another file
				name = file.Name + ": " + name
			}
			names[name] = true
			list.Stories = append(list.Stories, ListedStory{Name: name, Kind: StoryTest, File: file.Name, Line: t.Span.Start.Line, test: t})
		}
	}
}

// prove finds the stories of a flow by a proof, or remembers them.
func (b *storyBooth) prove(p *flows.Project, f *flows.Flow) []ListedStory {
	if b.of != p {
		b.of, b.proved = p, map[engine.FlowVersion][]ListedStory{}
	}
	version := engine.FlowVersion{Flow: f.Name, Version: f.Version}
	if known, ok := b.proved[version]; ok {
		return known
	}
	var found []ListedStory
	for _, report := range prove.ProjectWith(p, prove.Options{Budget: prove.Tenth, Stories: true, Only: f.Name}).Flows {
		add := func(kind StoryKind, name string, told prove.Story) {
			line := ListedStory{Name: name, Kind: kind, Why: "the shortest story is too long to show"}
			if len(told) > 0 {
				line.text, line.Why = report.Test(name, told)
			}
			found = append(found, line)
		}
		for _, broken := range report.Broken {
			add(StoryCounterexample, "breaks "+broken.What, broken.Story)
		}
		for _, e := range report.Endings {
			add(StoryEnding, "ends as "+e.Outcome, e.Story)
		}
	}
	b.proved[version] = found
	return found
}

func (s *Server) showStory(w http.ResponseWriter, r *http.Request) {
	at, err := frameAsked(r.URL.Query())
	if err == nil {
		err = s.booth.enter(r.Context())
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer s.booth.leave()
	shown, err := s.play(r.PathValue("flow"), r.PathValue("name"), at)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	reply(w, http.StatusOK, shown)
}

// frameAsked reads which frame is asked for; 0 for all.
func frameAsked(values url.Values) (int, error) {
	if err := onlyParameters(values, []string{"at"}); err != nil {
		return 0, err
	}
	text := values.Get("at")
	if text == "" {
		return 0, nil
	}
	at, err := strconv.Atoi(text)
	if err != nil || at < 1 || at > story.MaxFrames {
		return 0, wrongParameter("at", "must be the number of a frame, from 1 to "+strconv.Itoa(story.MaxFrames))
	}
	return at, nil
}

// play plays a story. The caller has the booth.
func (s *Server) play(flow, name string, at int) (*StoryShown, error) {
	named := func(l ListedStory) bool { return l.Name == name }
	list, err := s.stories(flow, false)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list.Stories, named)
	if i < 0 {
		if list, err = s.stories(flow, true); err != nil {
			return nil, err
		}
		i = slices.IndexFunc(list.Stories, named)
	}
	if i < 0 {
		return nil, problemOf(http.StatusNotFound, "not-found", fmt.Sprintf("the flow %s has no story %q", flow, name))
	}
	line := list.Stories[i]
	if line.Why != "" {
		return nil, problemOf(http.StatusUnprocessableEntity, "story", "this story cannot be played: "+line.Why)
	}
	test := line.test
	if test == nil {
		p := s.config.Project()
		file, mistakes := story.Parse(p.Project, "tests/proof.yaml", []byte(line.text))
		if mistakes.HasErrors() {
			return nil, mistakes.Err()
		}
		file.Folder, test = p.Folder, file.Tests[0]
	}
	result, err := story.Play(test, story.Options{Frames: true, Snapshot: s.config.Project().snapshot})
	if err != nil {
		return nil, err
	}
	shown := &StoryShown{ListedStory: line, Flow: flow, Version: list.Version, Deployed: list.Deployed, Text: line.text, Passed: result.Failure == nil,
		Total: len(result.Frames) + result.LeftOut, LeftOut: result.LeftOut, At: 1, Frames: append([]story.Frame{}, result.Frames...)}
	if f := result.Failure; f != nil {
		shown.Failure = &storyFailure{f.Span.Start.Line, f.Message, f.Diff}
	}
	if at > len(result.Frames) {
		return nil, problemOf(http.StatusNotFound, "not-found", fmt.Sprintf("the story has %d frames", len(result.Frames)))
	}
	if at > 0 {
		shown.At, shown.Frames = at, result.Frames[at-1:at]
	}
	return shown, nil
}
