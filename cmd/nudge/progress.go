package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	progressEvery = 200 * time.Millisecond
	barWidth      = 30 // characters
)

// progress shows on a terminal how much of a file has been read. On other outputs it shows
// nothing. Only one goroutine at a time may call show and clear.
type progress struct {
	out   io.Writer // nil: nothing is shown
	noun  string
	size  int64 // bytes of the file; 0: not known
	read  atomic.Int64
	lines atomic.Int64 // begun in what was read
	shown time.Time
}

// newProgress is the progress through a file, or through something of unknown length.
func newProgress(errs io.Writer, noun string, file io.Reader) *progress {
	p := &progress{noun: noun}
	if isTerminal(errs) {
		p.out = errs
	}
	if f, ok := file.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			p.size = info.Size()
		}
	}
	return p
}

// through counts what is read of a file.
func (p *progress) through(file io.Reader) io.Reader { return &counted{file, p} }

// counted is a reader whose bytes count as progress.
type counted struct {
	io.Reader
	progress *progress
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.progress.read.Add(int64(n))
	c.progress.lines.Add(int64(bytes.Count(b[:n], []byte("\n"))))
	return n, err
}

// show draws how many are done, now and then.
func (p *progress) show(done int) {
	p.draw(bar(p.answered(int64(done)), p.size) + plural(done, p.noun))
}

// copied draws how many bytes have been copied, now and then. The whole is an estimate.
func (p *progress) copied(done, whole int64) {
	p.draw(bar(done, whole) + mebibytes(done))
}

// part draws how far a part of something is, now and then.
func (p *progress) part(name string, done, whole int) {
	p.draw(fmt.Sprintf("%s%s: %d of %d", bar(int64(done), int64(whole)), name, done, whole))
}

// draw draws a line, unless one was drawn a moment ago.
func (p *progress) draw(line string) {
	if p.out == nil || time.Since(p.shown) < progressEvery {
		return
	}
	p.shown = time.Now()
	fmt.Fprint(p.out, emptyLine, line)
}

// shared is show for several goroutines.
func (p *progress) shared() func(done uint64) {
	var one sync.Mutex
	return func(done uint64) {
		if one.TryLock() { // somebody else is drawing: nothing is lost
			p.show(int(done))
			one.Unlock()
		}
	}
}

// answered returns about how many bytes of the file have been answered. Reading is ahead
// of the answers by the contents of the buffers.
func (p *progress) answered(done int64) int64 {
	lines := max(p.lines.Load(), 1)
	return int64(float64(p.read.Load()) * float64(min(done, lines)) / float64(lines))
}

// clear removes the drawing.
func (p *progress) clear() {
	if p.out != nil {
		fmt.Fprint(p.out, emptyLine)
	}
}

// bar returns the finished part as a bar with its percentage, or nothing if the whole is
// unknown.
func bar(done, whole int64) string {
	if whole <= 0 {
		return ""
	}
	done = min(done, whole)
	full := int(done * barWidth / whole)
	return "[" + strings.Repeat("█", full) + strings.Repeat("░", barWidth-full) + "] " +
		fmt.Sprintf("%3d %%  ", done*100/whole)
}
