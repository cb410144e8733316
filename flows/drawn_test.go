package flows

import (
	"fmt"
	"strings"
)

// drawn is a flow's program, one line for each step and each of its lines and arms.
func drawn(f *Flow) string {
	var b strings.Builder
	for i := range f.Steps {
		s := &f.Steps[i]
		fmt.Fprintf(&b, "%d %s next %d", i, s.ID, s.Next)
		if len(s.Loops) > 0 {
			fmt.Fprintf(&b, " in %v", s.Loops)
		}
		b.WriteByte('\n')
		drawInside(&b, s)
	}
	if len(f.Exits) > 0 {
		b.WriteString("exits\n")
		drawLines(&b, f.Exits)
	}
	return b.String()
}

func drawInside(b *strings.Builder, s *Step) {
	if s.Wait != nil {
		drawLines(b, s.Wait.Lines)
	}
	if s.Repeat != nil {
		fmt.Fprintf(b, "  times %d every %s body %d\n", s.Repeat.Times, s.Repeat.Every, s.Repeat.Body)
		drawLines(b, s.Repeat.Until)
	}
	if s.Collect != nil {
		fmt.Fprintf(b, "  event %s trigger %v\n", strings.Join(s.Collect.Events, " "), s.Collect.IncludeTrigger)
		drawLines(b, s.Collect.Until)
	}
	for _, a := range s.Split {
		fmt.Fprintf(b, "  %s weight %d then %d\n", a.As, a.Weight, a.Then)
	}
	for _, a := range s.Branch {
		fmt.Fprintf(b, "  %s if %v then %d\n", a.As, a.If != nil, a.Then)
	}
}

func drawLines(b *strings.Builder, lines []Line) {
	for _, l := range lines {
		fmt.Fprintf(b, "  %s step %d then %d as %s", l.Signal, l.Step, l.Then, l.As)
		switch {
		case l.Never:
			b.WriteString(" never")
		case l.At != nil, l.Open != nil:
			b.WriteString(" " + l.Timer())
		case l.Items > 0:
			fmt.Fprintf(b, " %d", l.Items)
		}
		if l.Goal {
			b.WriteString(" goal")
		}
		b.WriteByte('\n')
	}
}
