package main

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"

	"nudge/lang/diag"
)

var (
	annotationText  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	annotationField = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// annotate writes diagnostics as commands of a GitHub workflow, which shows them at their
// lines. File names are relative to the current folder, which is usually the root of the
// repository.
func annotate(w io.Writer, dir string, list diag.List) {
	for _, d := range list {
		place := "file=" + annotationField.Replace(path.Join(filepath.ToSlash(dir), d.Span.File))
		if s := d.Span; s.Start.Line > 0 {
			place += fmt.Sprintf(",line=%d,col=%d,endLine=%d,endColumn=%d", s.Start.Line, s.Start.Column, s.End.Line, s.End.Column)
		}
		text := d.Message
		if d.Hint != "" {
			text += "\n" + d.Hint
		}
		fmt.Fprintf(w, "::%s %s,title=%s::%s\n", d.Severity, place, annotationField.Replace(string(d.Code)), annotationText.Replace(text))
	}
}
