package simtest

import (
	"io/fs"
	"slices"
	"testing"

	"nudge/examples"
)

// TestExamples lives once with every example, and shows that none is left out but cluster: that is about what stands around a project, and
// its flow has nothing that others lack.
func TestExamples(t *testing.T) {
	folders, err := fs.ReadDir(examples.Project("."), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if folder.Name() != "cluster" && !slices.Contains(played, folder.Name()) {
			t.Errorf("no seed lives with %s", folder.Name())
		}
	}
	for i, name := range played {
		t.Run(name, func(t *testing.T) {
			r := judged(t, uint64(12*i+7), 24)
			if r.Reached["lived with "+name] == 0 || r.Runs == 0 {
				t.Errorf("%s: it did not live with %s, or no run was started", r, name)
			}
		})
	}
}
