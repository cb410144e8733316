package console

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nudge/client"
)

// flowStoriesPage are the stories of a flow, or what a proof finds of it.
type flowStoriesPage struct {
	flowHead
	List    part[*client.StoryList]
	Tests   []client.Story
	Broken  []client.Story // what breaks a promise
	Endings []client.Story
	Proved  bool
}

func (v *visit) storiesPage(tab string, proof bool) (*content, error) {
	flow := v.r.PathValue("flow")
	p := flowStoriesPage{flowHead: v.flowHead(flow, tab), Proved: proof}
	p.List = partOf(v.api.Stories(v.ctx(), flow, proof))
	if p.List.Of != nil {
		for _, s := range p.List.Of.Stories {
			switch s.Kind {
			case "counterexample":
				p.Broken = append(p.Broken, s)
			case "ending":
				p.Endings = append(p.Endings, s)
			default:
				p.Tests = append(p.Tests, s)
			}
		}
	}
	return &content{Title: tab, Crumbs: []crumb{flowsCrumb, {flow, flowPath(flow)}}, Data: p}, nil
}

func loadFlowStories(v *visit) (*content, error) { return v.storiesPage("Stories", false) }

// loadFlowProof proves the flow only when it is asked to: that can take seconds.
func loadFlowProof(v *visit) (*content, error) { return v.storiesPage("Proof", v.query("prove") != "") }

// loadStories lists the flows by name, for their stories.
func loadStories(v *visit) (*content, error) {
	versions, err := v.api.Flows(v.ctx())
	if err != nil {
		return nil, err
	}
	var names []string
	for _, version := range versions {
		if version.Active {
			names = append(names, version.Flow)
		}
	}
	slices.Sort(names)
	return &content{Title: "Stories", Data: names}, nil
}

// storyPage is a frame of a story.
type storyPage struct {
	flowHead
	Story    *client.PlayedStory
	Frame    client.StoryFrame
	Number   int // of the frame, from 1
	Frames   []frameLink
	Previous string // path of the frame before; empty: there is none
	Next     string
	Clock    string
	Gap      string // since the frame before
	Map      part[*flowMap]
	Red      bool // the frame is where the story goes wrong
	Runs     []client.StoryRun
}

// frameLink leads to a frame.
type frameLink struct {
	Number         int
	Path, At, Did  string
	Current, Wrong bool
}

func storyPath(flow, name string, at int) string {
	return flowPath(flow) + "/stories/" + url.PathEscape(name) + "?at=" + strconv.Itoa(at)
}

func loadStory(v *visit) (*content, error) {
	flow, name := v.r.PathValue("flow"), v.r.PathValue("name")
	played, err := v.api.Story(v.ctx(), flow, name, 0)
	if err != nil {
		return nil, err
	}
	p := storyPage{flowHead: v.flowHead(flow, "Stories"), Story: played, Number: 1}
	if len(played.Frames) == 0 {
		return nil, &client.Problem{Status: 404, Detail: "nothing happens in this story"}
	}
	if at, err := strconv.Atoi(v.query("at")); err == nil {
		p.Number = min(max(at, 1), len(played.Frames))
	}
	i := p.Number - 1
	p.Frame = played.Frames[i]
	p.Clock = p.Frame.At.UTC().Format("Mon 2 Jan 2006, 15:04:05")
	if i > 0 {
		p.Previous = storyPath(flow, name, i)
		if gap := p.Frame.At.Sub(played.Frames[i-1].At); gap > 0 {
			p.Gap = Span(gap) + " later"
		}
	}
	if i+1 < len(played.Frames) {
		p.Next = storyPath(flow, name, i+2)
	}
	p.Red = i+1 == len(played.Frames) && (played.Kind == "counterexample" || !played.Passed)
	p.Frames = frameLinks(played, p.Number)
	p.Map = partOf(v.storyMap(played, p.Number, p.Red))
	for _, r := range p.Frame.Runs {
		if r.Flow == flow {
			p.Runs = append(p.Runs, r)
		}
	}
	return &content{Title: name, Data: p, Crumbs: []crumb{flowsCrumb, {flow, flowPath(flow)}, {"Stories", flowPath(flow) + "/stories"}}}, nil
}

func frameLinks(played *client.PlayedStory, current int) (all []frameLink) {
	var last time.Time
	for i, f := range played.Frames {
		link := frameLink{Number: i + 1, Path: storyPath(played.Flow, played.Name, i+1), Current: i+1 == current, Did: f.Input}
		if !f.At.Equal(last) {
			link.At = f.At.UTC().Format("Mon 15:04")
		}
		if link.Did == "" && len(f.Entries) > 0 {
			link.Did = f.Entries[0].Text
		}
		link.Wrong = i+1 == len(played.Frames) && (played.Kind == "counterexample" || !played.Passed)
		last = f.At
		all = append(all, link)
	}
	return all
}

// storyMap draws the flow with the way of the story up to a frame.
func (v *visit) storyMap(played *client.PlayedStory, frame int, red bool) (*flowMap, error) {
	drawing, err := v.api.Drawing(v.ctx(), played.Flow, client.DrawingQuery{Version: played.Version})
	if err != nil {
		return nil, err
	}
	m := &mapper{v: v, drawing: drawing, trail: newTrail(drawing, played, frame, red)}
	return m.draw(fmt.Sprintf("Map of the flow %s at frame %d", played.Flow, frame)), nil
}

// trail is the way that a story has taken: steps that are done, where its runs are, and the lines between.
type trail struct {
	done, now map[string]bool // boxes
	taken     map[*client.DrawingLine]bool
	red       bool // it ends where the story goes wrong
}

// newTrail follows the steps of all runs of the story's flow up to a frame.
func newTrail(d *client.Drawing, played *client.PlayedStory, frame int, red bool) *trail {
	t := &trail{done: map[string]bool{}, now: map[string]bool{}, taken: map[*client.DrawingLine]bool{}, red: red}
	last := map[int]string{} // box by run
	for i := range played.Frames[:frame] {
		for _, s := range played.Frames[i].Steps {
			if s.Flow != played.Flow {
				continue
			}
			if last[s.Run] == "" {
				last[s.Run] = "start"
			}
			to := boxOf(d, s.Step)
			t.walk(d, last[s.Run], to)
			t.done[last[s.Run]], t.done[to], last[s.Run] = true, true, to
		}
	}
	for _, r := range played.Frames[frame-1].Runs {
		if r.Flow != played.Flow || last[r.Run] == "" {
			continue
		}
		if r.Outcome == "" {
			t.now[last[r.Run]] = true
			continue
		}
		t.end(d, last[r.Run], r)
	}
	return t
}

// boxOf is the box of a step, or of the closed one that it is inside of.
func boxOf(d *client.Drawing, step string) string {
	for i := range d.Boxes {
		if b := &d.Boxes[i]; slices.Contains(b.Inside, step) {
			return b.ID
		}
	}
	return "step-" + step
}

// end goes to where a run has ended: to the end of an exit by the lines from its last step, or to that of the flow.
func (t *trail) end(d *client.Drawing, last string, r client.StoryRun) {
	to := last
	for i := range d.Boxes {
		b := &d.Boxes[i]
		switch {
		case b.Shape != "end" || strings.HasPrefix(b.ID, "step-"):
		case b.ID == "end" && r.Outcome == "completed", b.ID != "end" && titleOf(b) == r.Outcome && !strings.HasPrefix(last, "step-exit"):
			to = b.ID
		}
	}
	if to != last {
		t.walk(d, last, to)
		step := strings.TrimPrefix(last, "step-")
		for i := range d.Lines {
			l := &d.Lines[i]
			if l.Exit > 0 && to == fmt.Sprintf("left-%d", l.Exit) && slices.ContainsFunc(l.Ways, func(w client.Way) bool { return w.Step == step }) {
				t.taken[l] = true
			}
		}
	}
	t.done[last], t.now[to] = true, true
}

// walk notes the lines and labels from one box to another, by the shortest way that passes no other step.
func (t *trail) walk(d *client.Drawing, from, to string) {
	came := map[string]*client.DrawingLine{}
	for open := []string{from}; len(open) > 0 && came[to] == nil; open = open[1:] {
		for i := range d.Lines {
			l := &d.Lines[i]
			at := open[0]
			if l.From != at || came[l.To] != nil || l.To == from && l.To != to || at != from && !passes(at) && !strings.HasPrefix(at, "line-") {
				continue
			}
			came[l.To] = l
			open = append(open, l.To)
		}
	}
	for at := to; came[at] != nil; at = came[at].From {
		t.taken[came[at]] = true
		if at != to {
			t.done[at] = true
		}
		if came[at].From == from {
			return
		}
	}
}

// passes reports whether a box is only passed: it is no step.
func passes(box string) bool { return !strings.HasPrefix(box, "step-") }

// line is the class of a line.
func (t *trail) line(l *client.DrawingLine) string {
	switch {
	case !t.taken[l]:
		return "bare"
	case t.red && t.now[l.To]:
		return "taken bad"
	}
	return "taken"
}

// box is the class of a box.
func (t *trail) box(b *client.DrawingBox) string {
	switch {
	case t.now[b.ID] && t.red:
		return "now bad"
	case t.now[b.ID]:
		return "now"
	case t.done[b.ID]:
		return "done"
	}
	return "bare"
}
