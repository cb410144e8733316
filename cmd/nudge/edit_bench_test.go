//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nudge/lsp/lsptest"
	"nudge/lsp/protocol"
)

// largeFolder writes a project of 216 flows, 522 templates and 198 files of tests, made of the ten
// flows.
func largeFolder(t testing.TB) string {
	t.Helper()
	const ten = "../../flows/testdata/ten"
	small := map[string]string{}
	for _, pattern := range []string{"*.yaml", "*/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(ten, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			small[strings.TrimPrefix(file, ten+"/")] = string(text)
		}
	}
	dir := t.TempDir()
	for name, text := range lsptest.Large(small, 18) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// typing is a place where BenchmarkEditor types: what stands there, and what after the n-th key.
type typing struct {
	name, file, text string
	typed            func(n int) string
}

// typings are the places. Each key changes what is said, so the server must read again what it
// concerns; in the settings, each key is a whole line, because a half-written one concerns nobody.
var typings = []typing{
	{"flow", "flows/nps_3.yaml", "about: ", func(n int) string { return fmt.Sprintf("about: %d, ", n) }},
	{"broken", "flows/nps_3.yaml", "- send: nps_question_3", func(n int) string { return fmt.Sprintf("- send: nps_questio%d", n) }},
	{"template", "templates/weekly_report_3.yaml", `body: "`, func(n int) string { return fmt.Sprintf(`body: "%d, `, n) }},
	{"event", "nudge.yaml", "ships_on: date", func(n int) string { return fmt.Sprintf("note_%d: optional string, ships_on: date", n) }},
	{"category", "nudge.yaml", "at_most: 4 per 30d", func(n int) string { return fmt.Sprintf("at_most: %d per 30d", n%20+4) }},
	{"profile", "nudge.yaml", "plan: trial", func(n int) string { return fmt.Sprintf("note_%d: optional string\n  plan: trial", n) }},
	{"zone", "nudge.yaml", "Europe/London", func(n int) string { return []string{"Europe/Paris", "Europe/Madrid"}[n%2] }},
}

// workOf returns how long a process has worked, by what Linux says: on a busy machine, that is less
// than what a key takes.
func workOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ") // behind the name of the program
	fields := strings.Fields(after)
	var ticks int
	for _, field := range fields[11:13] { // as user and as system, in hundredths of a second
		n, err := strconv.Atoi(field)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// BenchmarkEditor types into a large project over a pipe to the program as users have it. It reports
// how long it takes from a key until the mistakes of all files are shown and the next question is
// answered, how long the process works for a key, and the most memory that it had.
func BenchmarkEditor(b *testing.B) {
	server := exec.Command(builtProgram(b), "lsp")
	in, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	c, err := lsptest.Start(b.Context(), out, in, largeFolder(b))
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	if shown := c.Shown(); shown != "" {
		b.Fatal(shown)
	}
	for _, place := range typings {
		b.Run(place.name, func(b *testing.B) { place.bench(b, c, server.Process.Pid) })
	}
	if err := c.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		b.Fatal(err)
	}
	b.Run("process", func(b *testing.B) {
		used, ok := server.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			b.Fatal("nobody says how much memory the process had")
		}
		for b.Loop() {
		}
		b.ReportMetric(float64(used.Maxrss>>10), "MB") // Linux counts in kilobytes
	})
}

func (p *typing) bench(b *testing.B, c *lsptest.Client, server int) {
	if err := c.Open(p.file); err != nil {
		b.Fatal(err)
	}
	from := strings.Index(c.Text(p.file), p.text)
	if from < 0 {
		b.Fatalf("%s has no %q", p.file, p.text)
	}
	question := &protocol.FoldingRangeParams{TextDocument: protocol.TextDocumentIdentifier{URI: c.URI(p.file)}}
	put := func(old, text string) {
		if err := c.Edit(p.file, from, from+len(old), text); err != nil {
			b.Fatal(err)
		}
		if err := c.Call(b.Context(), "textDocument/foldingRange", question, nil); err != nil {
			b.Fatal(err)
		}
	}
	var took []time.Duration
	before, worked := p.text, workOf(b, server)
	for b.Loop() {
		began := time.Now()
		put(before, p.typed(len(took)))
		before = p.typed(len(took))
		took = append(took, time.Since(began))
	}
	worked = workOf(b, server) - worked
	put(before, p.text)
	slices.Sort(took)
	b.ReportMetric(float64(worked.Microseconds())/1000/float64(len(took)), "cpu-ms/key")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
