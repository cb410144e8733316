package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"nudge/lang/diag"
	"nudge/lang/node"
	"nudge/sandbox"
	"nudge/sandbox/people"
)

// sandboxSetup is the people of the local service, and what goes wrong there by chance.
type sandboxSetup struct {
	People *people.People
	Faults people.Faults
	file   string
	text   string // of the file; empty when there is none
}

// script is what somebody does with a message.
func (s *sandboxSetup) script(m sandbox.Message) people.Script {
	return s.People.Script(m.Profile, m.Text)
}

// readScene reads the people file of a project, where it has one. People whom nudge.yaml
// names keep the scripts that they have there.
func readScene(files fs.FS, file string, named map[string]people.Script, list *diag.List) sandboxSetup {
	s := sandboxSetup{People: &people.People{Named: named}, file: file}
	text, err := fs.ReadFile(files, file)
	if errors.Is(err, fs.ErrNotExist) {
		return s
	}
	if err != nil {
		list.Errorf(diag.Span{File: file}, node.CodeSyntax, "", "cannot be read: %v", err)
		return s
	}
	s.text = string(text)
	s.People, s.Faults = people.Read(file, text, list)
	s.People.Named = named
	return s
}

// mustReadScene is the scene of a file that has to be there. What is wrong with it is
// shown.
func mustReadScene(path string, named map[string]people.Script, errs io.Writer) (sandboxSetup, error) {
	if _, err := os.Stat(path); err != nil {
		return sandboxSetup{}, wrongInput(fmt.Errorf("--people %s: %w", path, errors.Unwrap(err)))
	}
	var list diag.List
	s := readScene(os.DirFS(filepath.Dir(path)), filepath.Base(path), named, &list)
	list.Sort()
	if err := diag.Render(errs, list, func(string) (string, bool) { return s.text, true }); err != nil {
		return sandboxSetup{}, failed(err)
	}
	if list.HasErrors() {
		return sandboxSetup{}, wrongInput(fmt.Errorf("--people %s: the file has mistakes", path))
	}
	return s, nil
}
