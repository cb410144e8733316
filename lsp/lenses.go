package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/creachadair/jrpc2"

	"nudge/client"
	"nudge/flows/graph"
	"nudge/lang/diag"
	"nudge/lsp/protocol"
	"nudge/whatif/cases"
)

// The commands that lenses offer. Their first argument is the folder of the project.
const (
	commandTest     = "nudge.test"     // FOLDER, FILE, NAME: plays one test, or all of a file without a name
	commandSimulate = "nudge.simulate" // FOLDER, FLOW
	commandDraw     = "nudge.draw"     // FOLDER, FLOW: returns the drawing as SVG
	commandProve    = "nudge.prove"    // FOLDER: makes the proofs that are missing, and answers when they are shown
)

// askTime is how long a running server has to say how many runs wait.
const askTime = 500 * time.Millisecond

func (s *Server) codeLenses(ctx context.Context, params protocol.CodeLensParams) ([]protocol.CodeLens, error) {
	waiting := s.waiting(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []protocol.CodeLens{}
	p, file := s.of(pathOf(params.TextDocument.URI))
	if p == nil {
		return all, nil
	}
	l, same := s.lines(p, file), p.moves(file)
	add := func(at diag.Span, title, command string, args ...string) {
		at, ok := same.move(at)
		if !ok {
			return
		}
		lens := protocol.CodeLens{Range: l.span(at), Command: &protocol.Command{Title: title, Command: command}}
		for _, arg := range append([]string{p.root}, args...) {
			text, _ := json.Marshal(arg) // text can be written
			lens.Command.Arguments = append(lens.Command.Arguments, text)
		}
		all = append(all, lens)
	}
	text := p.folder.texts[file] // while the file is broken, its other lines keep their lenses
	switch kindOf(file) {
	case "flow":
		notes, _ := p.space.Inspect(file, text)
		walk(parse(file, text), func(sp spot) {
			if sp.isKey && len(sp.path) == 1 && sp.path[0] == "flow" {
				add(sp.text.Span, "simulate", commandSimulate, stem(file))
				add(sp.text.Span, "draw", commandDraw, stem(file))
			}
		})
		for _, step := range notes.Steps {
			if n := waiting[stem(file)+"/"+step.ID]; n > 0 {
				add(step.At, plural(n)+" here now", "")
			}
		}
	case "test":
		walk(parse(file, text), func(sp spot) {
			if !sp.isKey && slices.Equal(sp.path, []string{"tests", item, "name"}) {
				add(sp.text.Span, "run this test", commandTest, file, sp.text.Value)
			}
		})
	}
	return all, nil
}

func plural(n uint64) string {
	if n == 1 {
		return "1 run waits"
	}
	return fmt.Sprintf("%d runs wait", n)
}

// waiting asks the server how many runs wait, by their flow and step. It returns nothing
// without a server, or without an answer in time.
func (s *Server) waiting(ctx context.Context) map[string]uint64 {
	if s.options.Client == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	versions, err := s.options.Client.Flows(ctx)
	if err != nil {
		return nil
	}
	return parked(versions)
}

// parked counts the runs of all versions of flows, by their flow and step.
func parked(versions []client.FlowVersion) map[string]uint64 {
	all := map[string]uint64{}
	for _, v := range versions {
		for step, n := range v.Parked {
			all[v.Flow+"/"+step] += n
		}
	}
	return all
}

// Played is the answer to a command that runs a verb of the command line.
type Played struct {
	Output string `json:"output"`
	Code   int    `json:"code"` // 0 if it is content
}

func (s *Server) executeCommand(ctx context.Context, params protocol.ExecuteCommandParams) (any, error) {
	args := make([]string, len(params.Arguments))
	for i, text := range params.Arguments {
		if err := json.Unmarshal(text, &args[i]); err != nil {
			return nil, &jrpc2.Error{Code: jrpc2.InvalidParams, Message: params.Command + ": the arguments must be texts"}
		}
	}
	need := map[string]int{commandTest: 2, commandSimulate: 2, commandDraw: 2, commandProve: 1}[params.Command]
	if need == 0 || len(args) < need {
		return nil, &jrpc2.Error{Code: jrpc2.InvalidParams, Message: fmt.Sprintf("%q is no command of this server, or it lacks arguments", params.Command)}
	}
	switch params.Command {
	case commandProve:
		return nil, s.proveNow(args[0])
	case commandDraw:
		return s.draw(args[0], args[1])
	case commandTest:
		match := "^" + regexp.QuoteMeta(args[1])
		if len(args) > 2 {
			match += ": " + regexp.QuoteMeta(args[2]) + "$"
		}
		return s.verb(ctx, "test", args[0], "--run", match, "-v")
	}
	return s.verb(ctx, s.simulation(args[0], args[1])...)
}

// simulation returns the arguments of nudge simulate for a flow, with example data if it needs some.
func (s *Server) simulation(dir, flow string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	args := []string{"simulate", flow, "-C", dir}
	p := s.projectIn(filepath.Clean(dir))
	if p == nil || p.read.Flow(flow) == nil {
		return args // the verb says what is wrong
	}
	if data := cases.Starting(p.read.Project, p.read.Flow(flow)); data != nil {
		args = append(args, "--data", string(data))
	}
	return args
}

// verb runs a verb of the command line. It sees the files as they are saved.
func (s *Server) verb(ctx context.Context, args ...string) (*Played, error) {
	if s.options.Verb == nil {
		return nil, &jrpc2.Error{Code: jrpc2.InternalError, Message: "this server cannot run " + args[0]}
	}
	output, code := s.options.Verb(ctx, args...)
	return &Played{output, code}, nil
}

// Drawing is the answer to the command that draws a flow.
type Drawing struct {
	SVG string `json:"svg"`
}

// draw draws a flow as it is in the editor, saved or not.
func (s *Server) draw(dir, flow string) (*Drawing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.projectIn(filepath.Clean(dir))
	if p == nil {
		return nil, noRename("%s holds no project", dir)
	}
	f := p.read.Flow(flow)
	if f == nil {
		return nil, noRename("the flow %s has mistakes, so it cannot be drawn", flow)
	}
	return &Drawing{graph.SVG(f)}, nil
}

// proveNow waits until the proofs of a project are made and shown.
func (s *Server) proveNow(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.projectIn(filepath.Clean(dir)); p != nil {
		p.prove()
		s.publish(p)
	}
	return nil
}
