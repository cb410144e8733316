//go:build unix

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nudge/bench"
)

// performance has what nudge bench -o json wrote, and what is drawn of it:
//
//	go test ./cmd/nudge -run TestPerformancePictures -update
//
// draws it anew.
const performance = "../../docs/performance/"

// TestPerformancePictures verifies that the stored reports are readable, and that the
// pictures beside them match the reports of park.
func TestPerformancePictures(t *testing.T) {
	files, err := filepath.Glob(performance + "*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no reports in %s: %v", performance, err)
	}
	drawn := map[string]bool{}
	for _, file := range files {
		if file == measuredFile {
			continue
		}
		report, err := readBench(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, ok := bench.Find(report.Workload); !ok {
			t.Errorf("%s is of %q, which is no workload", file, report.Workload)
		}
		if len(report.Park) == 0 {
			continue
		}
		for i := range bench.Curves {
			picture := strings.TrimSuffix(file, ".json") + "-" + bench.Curves[i].Name + ".svg"
			drawn[picture] = true
			holdPicture(t, picture, &bench.Curves[i], report)
		}
	}
	pictures, err := filepath.Glob(performance + "*.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, picture := range pictures {
		if !drawn[picture] {
			t.Errorf("%s is of no report", picture)
		}
	}
}

// TestPerformancePage verifies that the page names every workload and shows every picture.
func TestPerformancePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := filepath.Glob(performance + "*.svg")
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for _, w := range bench.Workloads {
		wanted = append(wanted, "| `"+w.Name+"` |")
	}
	for _, picture := range pictures {
		wanted = append(wanted, "](performance/"+filepath.Base(picture)+")")
	}
	for _, text := range wanted {
		if !bytes.Contains(page, []byte(text)) {
			t.Errorf("docs/performance.md has no %s", text)
		}
	}
}

func holdPicture(t *testing.T, path string, c *bench.Curve, report *bench.Report) {
	t.Helper()
	want, err := c.Draw(report)
	if err != nil {
		t.Error(err)
		return
	}
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Error(err)
		}
		return
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what its report gives; draw it anew (%v)", path, err)
	}
}
