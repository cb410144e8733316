package lsp

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// largeProject is a project of 200 flows and 500 templates, made of the ten flows again and
// again, with their tests.
func largeProject(t testing.TB) fstest.MapFS {
	t.Helper()
	ten := readFolder(t, "../flows/testdata/ten")
	files := fstest.MapFS{"nudge.yaml": ten["nudge.yaml"]}
	var flowNames, templateNames []string
	for name := range ten {
		switch filepath.Dir(name) {
		case "flows":
			flowNames = append(flowNames, stem(name))
		case "templates":
			templateNames = append(templateNames, stem(name))
		}
	}
	slices.Sort(flowNames)
	renamedIn := func(text string, n int) string {
		for _, name := range append(slices.Clone(flowNames), templateNames...) {
			for _, before := range []string{"flow: ", "send: ", "template: ", "read: ", "failed: ", "reply: ", "delivered: ", "partial \""} {
				text = strings.ReplaceAll(text, before+name+"\n", fmt.Sprintf("%s%s_%d\n", before, name, n))
				text = strings.ReplaceAll(text, before+name+" ", fmt.Sprintf("%s%s_%d ", before, name, n))
				text = strings.ReplaceAll(text, before+name+",", fmt.Sprintf("%s%s_%d,", before, name, n))
			}
		}
		return text
	}
	for n := 0; ; n++ {
		for _, name := range templateNames {
			files[fmt.Sprintf("templates/%s_%d.yaml", name, n)] = ten["templates/"+name+".yaml"]
		}
		for _, name := range flowNames {
			if flows := (n * len(flowNames)) + slices.Index(flowNames, name); flows < 200 {
				text := renamedIn(string(ten["flows/"+name+".yaml"].Data), n)
				files[fmt.Sprintf("flows/%s_%d.yaml", name, n)] = &fstest.MapFile{Data: []byte(text)}
			}
		}
		if (n+1)*len(flowNames) >= 200 {
			return files
		}
	}
}

// BenchmarkKeystroke types in a project of 200 flows and 500 templates, and reports how long it
// takes from a key until the mistakes of all files are known: with p99 of all keys, and the
// memory that the process holds then.
func BenchmarkKeystroke(b *testing.B) {
	p := openProject(largeProject(b), noEnv)
	if p.list.HasErrors() {
		b.Fatal(p.list.Err())
	}
	p.prove()
	p.diagnostics()
	typed := []string{"flows/nps_3.yaml", "templates/check_in_7.yaml", "flows/onboarding_0.yaml", "templates/digest_2.yaml"}
	var took []time.Duration
	for b.Loop() {
		file := typed[len(took)%len(typed)]
		text := p.folder.texts[file]
		started := time.Now()
		p.set(file, text+"#")
		p.load()
		p.diagnostics()
		took = append(took, time.Since(started))
		p.set(file, text)
		p.load()
		p.prove()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapInuse)/(1<<20), "heap-MB")
	b.ReportMetric(float64(m.Sys)/(1<<20), "process-MB")
	b.ReportMetric(float64(len(p.read.Flows)), "flows")
}

// BenchmarkSettings types in nudge.yaml of the same project: in an event, which concerns the flows
// that name it, and in the profile, which concerns every flow.
func BenchmarkSettings(b *testing.B) {
	for name, word := range map[string]string{"event": "ships_on: date", "profile": "first_name: optional string"} {
		b.Run(name, func(b *testing.B) {
			p := openProject(largeProject(b), noEnv)
			text := p.folder.texts["nudge.yaml"]
			for i := 0; b.Loop(); i++ {
				p.set("nudge.yaml", strings.Replace(text, word, fmt.Sprintf("note_%d: optional string, %s", i, word), 1))
				if name == "profile" {
					p.set("nudge.yaml", strings.Replace(text, word, fmt.Sprintf("note_%d: optional string\n  %s", i, word), 1))
				}
				p.load()
				p.diagnostics()
			}
		})
	}
}
