package prove_test

import (
	"os"
	"testing"

	"nudge/flows"
	"nudge/whatif/prove"
)

// TestSuffices holds, for budgets from ample to tiny, that flows which are proved alone get the same
// reports together wherever Suffices says so. It must say both: ample budgets suffice, tiny ones do not.
func TestSuffices(t *testing.T) {
	said := map[bool]int{}
	for _, dir := range append(projects(t), "../../flows/testdata/every") {
		p, list := flows.Load(os.DirFS(dir))
		if list.HasErrors() {
			t.Fatal(list)
		}
		for budget := prove.Tenth; budget.States > 20; budget = (prove.Budget{States: budget.States / 2, Bytes: budget.Bytes / 2, Work: budget.Work / 2}) {
			quarter := prove.Budget{States: budget.States / 4, Bytes: budget.Bytes / 4, Work: budget.Work / 4}
			var alone []*prove.Report
			for _, f := range p.Flows {
				alone = append(alone, prove.ProjectWith(p, prove.Options{Budget: quarter, Only: f.Name}).Flows...)
			}
			suffices := budget.Suffices(alone)
			said[suffices]++
			if !suffices {
				continue
			}
			for i, r := range prove.ProjectWith(p, prove.Options{Budget: budget}).Flows {
				if together, once := line(r), line(alone[i]); together != once {
					t.Errorf("%s, %s with %d states: together %s, alone %s", dir, r.Flow, budget.States, together, once)
				}
			}
		}
	}
	if said[true] < 20 || said[false] < 20 {
		t.Errorf("budgets suffice and do not: %v", said)
	}
}
