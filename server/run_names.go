package server

import (
	"fmt"
	"slices"
	"strings"

	"nudge/engine"
	"nudge/flows"
)

// maxNameLooks is how many versions of flows are looked at for a name of a filter, the active ones first; if there are more, a
// name that none of these has selects no run, without a word.
const maxNameLooks = 100

// checkNames reports a name of a filter that no flow has: it would select no run, as a right one might. Wrong reports the field.
func (s *Server) checkNames(f *runFilter, wrong func(field, detail string) error) error {
	if f.Flow == "" && f.Step == "" && f.Line == "" && f.Arm == "" {
		return nil
	}
	versions, err := s.knownVersions()
	if err != nil {
		return err
	}
	if f.Flow != "" {
		var names []string
		for _, v := range versions {
			names = append(names, v.Flow)
		}
		if !slices.Contains(names, f.Flow) {
			return wrong("flow", "is no flow that there is or was"+nearName(f.Flow, names))
		}
		versions = slices.DeleteFunc(versions, func(v engine.FlowVersion) bool { return v.Flow != f.Flow })
	}
	if f.Version != "" {
		versions = slices.DeleteFunc(versions, func(v engine.FlowVersion) bool { return v.Version != f.Version })
	}
	line, _, inStep := strings.Cut(f.Line, "/")
	if !inStep {
		line = "" // any flow that is called can end with it
	}
	for _, n := range []struct {
		field, name, what string
		of                func(*flows.Step) []string
	}{{"step", f.Step, "step", idsOf}, {"line", line, "step", idsOf}, {"arm", f.Arm, "arm", armsOf}} {
		if n.name == "" {
			continue
		}
		if err := s.checkName(versions, n.name, n.of, func(near string) error {
			return wrong(n.field, fmt.Sprintf("%q is no %s of these flows%s", n.name, n.what, near))
		}); err != nil {
			return err
		}
	}
	return nil
}

// knownVersions are the versions that are active or have had runs, the active ones first.
func (s *Server) knownVersions() ([]engine.FlowVersion, error) {
	state, err := s.config.Store.State()
	if err != nil {
		return nil, err
	}
	counts, err := s.config.Store.Counts()
	versions := slices.Clone(state.Active)
	for _, c := range counts {
		if v := (engine.FlowVersion{Flow: c.Flow, Version: c.Version}); !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	return versions, err
}

// checkName reports a name that no step of some versions has, with the nearest one that there is.
func (s *Server) checkName(versions []engine.FlowVersion, name string, of func(*flows.Step) []string, unknown func(near string) error) error {
	var names []string
	for i, v := range versions {
		if i == maxNameLooks {
			return nil
		}
		f, err := s.flows.version(v)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		for i := range f.Steps {
			names = append(names, of(&f.Steps[i])...)
		}
		if slices.Contains(names, name) {
			return nil
		}
	}
	return unknown(nearName(name, names))
}

func idsOf(s *flows.Step) []string { return []string{s.ID} }

// armsOf are the arms of a branch or a split, as a filter names them: ARM, or STEP/ARM.
func armsOf(s *flows.Step) (names []string) {
	for _, a := range s.Branch {
		names = append(names, a.As, s.ID+"/"+a.As)
	}
	for _, a := range s.Split {
		names = append(names, a.As, s.ID+"/"+a.As)
	}
	return names
}
