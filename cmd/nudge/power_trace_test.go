//go:build linux

package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// change is one thing that a process asked of the disk, or one that the world around it saw.
type change struct {
	kind changeKind
	file int    // write, resize, syncFile: which file; link: what the name leads to
	at   int64  // write: the offset; resize: the size
	data []byte // write
	name string // link, unlink: a path; syncFolder: the folder
	said string // witness
}

type changeKind int

const (
	write      changeKind = iota
	resize                // of a file
	syncFile              // the file's writes before it are on disk
	link                  // a name in a folder
	unlink                // no such name any more
	syncFolder            // the folder's names are on disk
	witness               // somebody got an answer or a message
)

// traced are the system calls that change what is in a data folder, and the syncs.
const traced = "pwrite64,ftruncate,fdatasync,fsync,openat,mkdirat,renameat,renameat2,unlinkat"

// tracer reads the output of strace -f -y -xx.
type tracer struct {
	t       *testing.T
	folder  string         // the data folder
	ledger  string         // a file whose lines are the witnesses
	names   map[string]int // the files, by their paths of the moment
	files   int
	halves  map[string]string // the first part of a call that others interrupted, by thread
	changes []change
}

// readTrace returns what was done to a folder, in the order in which it was done. A call counts
// when it returns.
func readTrace(t *testing.T, path, folder, ledger string) []change {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := &tracer{t: t, folder: folder, ledger: ledger, names: map[string]int{}, halves: map[string]string{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<28)
	for lines.Scan() {
		r.line(lines.Text())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return r.changes
}

var resumed = regexp.MustCompile(`^<\.\.\. \w+ resumed>(.*)$`)

// line joins the halves of a call.
func (r *tracer) line(line string) {
	thread, call, _ := strings.Cut(line, " ")
	call = strings.TrimLeft(call, " ")
	if half, ok := strings.CutSuffix(call, " <unfinished ...>"); ok {
		r.halves[thread] = half
		return
	}
	if m := resumed.FindStringSubmatch(call); m != nil {
		call = r.halves[thread] + m[1]
	}
	name, rest, ok := strings.Cut(call, "(")
	args, result, returned := cutLast(rest, " = ")
	if !ok || !returned || strings.HasPrefix(result, "-1") || strings.HasPrefix(result, "?") {
		return // a signal, the end of a process, or a call that did nothing
	}
	r.call(name, strings.Split(strings.TrimSuffix(strings.TrimRight(args, " "), ")"), ", "), result)
}

func cutLast(text, mark string) (before, after string, found bool) {
	i := strings.LastIndex(text, mark)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(mark):], true
}

func (r *tracer) call(name string, args []string, result string) {
	switch name {
	case "openat", "mkdirat":
		path := r.path(args[0], args[1])
		if _, there := r.names[path]; !there && r.ours(path) && (name == "mkdirat" || strings.Contains(args[2], "O_CREAT")) {
			r.files++
			r.names[path] = r.files
			r.add(change{kind: link, name: path, file: r.files})
		}
	case "renameat", "renameat2":
		from, to := r.path(args[0], args[1]), r.path(args[2], args[3])
		if file, there := r.names[from]; there {
			delete(r.names, from)
			r.names[to] = file
			r.add(change{kind: link, name: to, file: file}, change{kind: unlink, name: from})
		}
	case "unlinkat":
		path := r.path(args[0], args[1])
		if _, there := r.names[path]; there {
			delete(r.names, path)
			r.add(change{kind: unlink, name: path})
		}
	default:
		r.fileCall(name, args, result)
	}
}

// fileCall is a call with a descriptor.
func (r *tracer) fileCall(name string, args []string, result string) {
	path := described(r.t, args[0])
	file, known := r.names[path]
	switch {
	case name == "pwrite64" && path == r.ledger:
		for line := range strings.Lines(string(r.text(args[1]))) {
			r.add(change{kind: witness, said: strings.TrimSpace(line)})
		}
	case name == "pwrite64" && known:
		data := r.text(args[1])
		if fmt.Sprint(len(data)) != result {
			r.t.Fatalf("a write of %d bytes returned %s", len(data), result)
		}
		r.add(change{kind: write, file: file, at: r.number(args[3]), data: data})
	case name == "ftruncate" && known:
		r.add(change{kind: resize, file: file, at: r.number(args[1])})
	case strings.HasSuffix(name, "sync") && (path == r.folder || path == filepath.Dir(r.folder)):
		r.add(change{kind: syncFolder, name: path})
	case strings.HasSuffix(name, "sync") && known:
		r.add(change{kind: syncFile, file: file})
	}
}

func (r *tracer) add(c ...change) { r.changes = append(r.changes, c...) }

func (r *tracer) ours(path string) bool {
	return path == r.folder || filepath.Dir(path) == r.folder && strings.Contains(filepath.Base(path), ".db")
}

// path is the path of a name in a folder.
func (r *tracer) path(folder, name string) string {
	path := string(r.text(name))
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(described(r.t, folder), path)
}

var descriptor = regexp.MustCompile(`<((?:\\x[0-9a-f]{2})*)>`)

// described is the path of a descriptor: strace writes it after the number.
func described(t *testing.T, arg string) string {
	m := descriptor.FindStringSubmatch(arg)
	if m == nil {
		return ""
	}
	path, err := unhex(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(path)
}

func (r *tracer) text(arg string) []byte {
	data, err := unhex(strings.Trim(arg, `"`))
	if err != nil {
		r.t.Fatalf("%.80s: %v", arg, err)
	}
	return data
}

func unhex(text string) ([]byte, error) { return hex.DecodeString(strings.ReplaceAll(text, `\x`, "")) }

func (r *tracer) number(arg string) int64 {
	n, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}
