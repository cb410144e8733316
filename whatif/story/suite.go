package story

import (
	"io/fs"
	"runtime"
	"sync"

	"nudge/flows"
	"nudge/lang/diag"
	"nudge/lang/node"
)

// Suite is all tests of a project.
type Suite struct {
	Files []*File // in the order of their names

	texts map[string]string
}

// Load reads tests/*.yaml of a project. What is wrong with them is in the list, sorted;
// when it HasErrors they must not be played.
func Load(fsys fs.FS, p *flows.Project) (*Suite, diag.List) {
	s := &Suite{texts: map[string]string{}}
	var list diag.List
	names, _ := fs.Glob(fsys, Folder+"/*.yaml") // the pattern is a good one
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			list.Errorf(diag.Span{File: name}, node.CodeSyntax, "", "cannot be read: %v", err)
			continue
		}
		s.texts[name] = string(text)
		file, more := Parse(p, name, text)
		file.Folder = fsys
		s.Files, list = append(s.Files, file), append(list, more...)
	}
	list.Sort()
	return s, list
}

// Source is the text of one of the files, for [diag.Render].
func (s *Suite) Source(file string) (string, bool) {
	text, ok := s.texts[file]
	return text, ok
}

// Tests are the tests of all files, in order.
func (s *Suite) Tests() (all []*Test) {
	for _, f := range s.Files {
		all = append(all, f.Tests...)
	}
	return all
}

// PlayAll plays tests side by side, one for each processor. It calls done with every
// result as soon as it is there, one at a time and in any order; the results come back in
// the order of the tests. The first error, by a fault of ours, ends it.
func PlayAll(tests []*Test, o Options, done func(*Result)) ([]*Result, error) {
	results := make([]*Result, len(tests))
	next := make(chan int)
	var (
		wait   sync.WaitGroup
		lock   sync.Mutex // guards failed, and calls of done
		failed error
	)
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() { // ends when next is closed
			for i := range next {
				result, err := Play(tests[i], o)
				lock.Lock()
				results[i] = result
				if err != nil && failed == nil {
					failed = err
				} else if err == nil {
					done(result)
				}
				lock.Unlock()
			}
		})
	}
	for i := range tests {
		next <- i
	}
	close(next)
	wait.Wait()
	return results, failed
}
