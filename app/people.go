package app

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

// SandboxSetup is the people of the sandbox and the faults that happen there by chance.
type SandboxSetup struct {
	People *people.People
	Faults people.Faults
	file   string
	Text   string // of the file; empty when there is none
}

// Script returns what a person does with a message.
func (s *SandboxSetup) Script(m sandbox.Message) people.Script {
	return s.People.Script(m.Profile, m.Text)
}

// readScene reads the people file of a project, if there is one. People named in
// nudge.yaml keep their scripts from there.
func readScene(files fs.FS, file string, named map[string]people.Script, list *diag.List) SandboxSetup {
	s := SandboxSetup{People: &people.People{Named: named}, file: file}
	text, err := fs.ReadFile(files, file)
	if errors.Is(err, fs.ErrNotExist) {
		return s
	}
	if err != nil {
		list.Errorf(diag.Span{File: file}, node.CodeSyntax, "", "cannot be read: %v", err)
		return s
	}
	s.Text = string(text)
	s.People, s.Faults = people.Read(file, text, list)
	s.People.Named = named
	return s
}

// LoadPeople reads a people file that must exist. It writes the file's mistakes to errs.
func LoadPeople(path string, named map[string]people.Script, errs io.Writer) (SandboxSetup, error) {
	if _, err := os.Stat(path); err != nil {
		return SandboxSetup{}, wrongInput(fmt.Errorf("--people %s: %w", path, errors.Unwrap(err)))
	}
	var list diag.List
	s := readScene(os.DirFS(filepath.Dir(path)), filepath.Base(path), named, &list)
	list.Sort()
	if err := diag.Render(errs, list, func(string) (string, bool) { return s.Text, true }); err != nil {
		return SandboxSetup{}, failed(err)
	}
	if list.HasErrors() {
		return SandboxSetup{}, wrongInput(fmt.Errorf("--people %s: the file has mistakes", path))
	}
	return s, nil
}
