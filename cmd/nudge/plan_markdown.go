package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"nudge/whatif/plan"
)

// writePlanComment shows a plan as a comment on a pull request: what it does in one line, a table of the flows that change or whose
// runs do, and what is ahead of these runs.
func writePlanComment(out io.Writer, p *plan.Plan, project, target string) error {
	c := newComment("plan", project, target)
	c.add("**%s** %s.\n\n", planVerdict(p, target), changesIn(p))
	flows := slices.Clone(p.Flows)
	flows = slices.DeleteFunc(flows, func(f plan.Flow) bool { return f.Change == plan.Unchanged && len(f.Parked) == 0 })
	slices.SortStableFunc(flows, func(a, b plan.Flow) int { return cmp.Compare(touched(&b), touched(&a)) })
	if len(flows) > 0 {
		var rows [][]string
		for i := range flows {
			f := &flows[i]
			runs := fates(f)
			rows = append(rows, []string{code(f.Flow), string(f.Change), fmt.Sprint(f.Live), fmt.Sprint(runs[plan.Moves]), fmt.Sprint(runs[plan.Ends])})
		}
		c.table([]string{"Flow", "Change", "Live runs:", "Moved:", "Ended:"}, rows)
	}
	for i := range flows {
		if text := planDetails(&flows[i]); text != "" {
			c.add("<details><summary>%s</summary>\n\n%s\n</details>\n\n", htmlCode(flows[i].Flow), text)
		}
	}
	return c.write(out, "plan")
}

// planVerdict says what a deploy does to people.
func planVerdict(p *plan.Plan, target string) string {
	deploy := "The deploy"
	if target != "" {
		deploy += " to " + target
	}
	var moved, ended uint64
	for i := range p.Flows {
		runs := fates(&p.Flows[i])
		moved, ended = moved+runs[plan.Moves], ended+runs[plan.Ends]
	}
	if moved+ended == 0 {
		return deploy + " moves and ends nobody."
	}
	return fmt.Sprintf("%s moves %s and ends %d.", deploy, plural(int(moved), "run"), ended)
}

// changesIn counts the flows by what becomes of them.
func changesIn(p *plan.Plan) string {
	var parts []string
	for _, change := range []plan.Change{plan.New, plan.Changed, plan.Removed, plan.Unchanged} {
		n := 0
		for i := range p.Flows {
			if p.Flows[i].Change == change {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprint(n, " ", change))
		}
	}
	if len(parts) == 0 {
		return "There are no flows"
	}
	return "Flows: " + strings.Join(parts, ", ")
}

// fates counts the runs of a flow by what the deploy does to them.
func fates(f *plan.Flow) map[plan.Fate]uint64 {
	runs := map[plan.Fate]uint64{}
	for i := range f.Parked {
		runs[f.Parked[i].Fate] += f.Parked[i].Runs
	}
	return runs
}

// touched is how many runs of a flow the deploy moves or ends.
func touched(f *plan.Flow) uint64 {
	runs := fates(f)
	return runs[plan.Moves] + runs[plan.Ends]
}

// planDetails are the versions of a flow, and its runs by where they stand.
func planDetails(f *plan.Flow) string {
	var b strings.Builder
	if len(f.Because) > 0 {
		fmt.Fprintf(&b, "Version %s becomes %s: %s\n", code(f.Active), code(f.Next), code(strings.Join(f.Because, ", ")))
	}
	for i := range f.Parked {
		p := &f.Parked[i]
		fmt.Fprintf(&b, "\n- **%s at** %s of version %s (%s in the new version): %s\n", plural(int(p.Runs), "run"), code(p.Step), code(p.Version), p.InNext, codedFate(p))
		if len(p.Sample) > 0 {
			fmt.Fprintf(&b, "  - such as %s\n", code(strings.Join(p.Sample, ", ")))
		}
		if uint64(p.Looked) < p.Runs {
			fmt.Fprintf(&b, "  - what is ahead is that of the %d newest\n", p.Looked)
		}
		aheadItems(&b, "still ahead", p.Ahead)
		then := "then"
		if p.Hypothetical {
			then = "with " + code(fmt.Sprintf("{ from: %s, to: same }", p.Step))
		}
		aheadItems(&b, then, p.Then)
		for _, why := range p.Refused {
			fmt.Fprintf(&b, "  - not to be moved: %s\n", code(why))
		}
	}
	return b.String()
}

func codedFate(p *plan.Parked) string {
	switch p.Fate {
	case plan.Moves:
		return "move to " + code(p.To)
	case plan.Ends:
		return "end as " + code(p.To)
	}
	return "stay"
}

// aheadItems lists what is ahead of runs.
func aheadItems(b *strings.Builder, name string, all []plan.Ahead) {
	eachAhead(name, all, func(name, text string) { fmt.Fprintf(b, "  - %s: %s\n", name, code(text)) })
}
