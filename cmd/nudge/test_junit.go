package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"nudge/whatif/story"
)

// junit is the report as build servers read it.
func (r *testReport) junit(out io.Writer) error {
	suites := junitSuites{Tests: len(r.Tests), Failures: r.Failed}
	for i := range r.Tests {
		t := &r.Tests[i]
		if n := len(suites.Suites); n == 0 || suites.Suites[n-1].Name != t.File {
			suites.Suites = append(suites.Suites, junitSuite{Name: t.File})
		}
		s := &suites.Suites[len(suites.Suites)-1]
		c := junitCase{Class: t.File, Name: t.Name, File: t.File, Line: t.Line}
		s.Tests++
		if f := t.Failure; f != nil {
			var b strings.Builder
			fmt.Fprintf(&b, "%s\n%s\n", f.Span, strings.Join(f.Diff, "\n"))
			if err := story.Write(&b, t.Timeline); err != nil {
				return err
			}
			c.Failure = &junitFailure{Message: f.Message, Text: b.String()}
			s.Failures++
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(out)
	e.Indent("", "  ")
	if err := e.Encode(suites); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out)
	return err
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}
