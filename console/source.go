package console

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"nudge/client"
)

// sourcePage is what a version of a flow was made of, as text.
type sourcePage struct {
	flowHead
	Version string
	Active  bool
	Files   []sourceFile
}

// sourceFile is a file with its lines. The lines of the flow itself are L1, L2 and so on; those of the file i behind it L1-i.
type sourceFile struct {
	Name, Download string
	Lines          []sourceLine
	Cut            bool // there are further lines
	Bytes          int  // of one whose text is not shown, such as a picture
}

// sourceLine is a line, and where it is on the page.
type sourceLine struct{ ID, Text string }

// maxSourceLines is how many lines of a page are shown of all files; the download has the others.
const maxSourceLines = 5000

func loadSource(v *visit) (*content, error) {
	name := v.r.PathValue("flow")
	f, err := v.api.Flow(v.ctx(), name, v.query("version"))
	if err != nil {
		return nil, err
	}
	p := sourcePage{flowHead: v.flowHead(name, "Source"), Version: f.Version, Active: f.Active}
	p.About = f.About
	room := maxSourceLines
	for i, file := range sourceFiles(f) {
		shown := sourceFile{Name: file.Name, Bytes: file.Bytes}
		if file.Text != "" {
			shown.Download = sourcePath(f, "/file", "name", file.Name)
			lines := linesOf(file.Text)
			for n, text := range lines[:min(room, len(lines))] {
				shown.Lines = append(shown.Lines, sourceLine{lineID(n+1, i), text})
			}
			room -= len(shown.Lines)
			shown.Cut = len(shown.Lines) < len(lines)
		}
		p.Files = append(p.Files, shown)
	}
	return &content{Title: "Source", Crumbs: []crumb{flowsCrumb, {name, flowPath(name)}}, Data: p}, nil
}

// lineID names a line of a file on the page.
func lineID(line, file int) string {
	if file == 0 {
		return fmt.Sprintf("L%d", line)
	}
	return fmt.Sprintf("L%d-%d", line, file)
}

// sourceFiles are the files of a version, that of the flow itself first.
func sourceFiles(f *client.FlowDetail) []client.FlowFile {
	files := slices.Clone(f.Files)
	own := ownFile(f)
	slices.SortStableFunc(files, func(a, b client.FlowFile) int {
		if (a.Name == own) != (b.Name == own) {
			return order(a.Name == own)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return files
}

// ownFile is the file in which the flow stands.
func ownFile(f *client.FlowDetail) string {
	if len(f.Steps) == 0 {
		return ""
	}
	return f.Steps[0].At.File
}

// sourcePath is the page of the source of a version, or a part of it.
func sourcePath(f *client.FlowDetail, part string, pairs ...string) string {
	values := url.Values{"version": {f.Version}}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return flowPath(f.Flow) + "/source" + part + "?" + values.Encode()
}

// stepPlace is where a step stands in the source, and a link to the line.
type stepPlace struct {
	client.FlowPlace
	Link string
}

// placeOf finds a step in the source of a version; nil: the source is not known any more.
func (v *visit) placeOf(flow, version, step string) *stepPlace {
	f, err := v.api.Flow(v.ctx(), flow, version)
	if err != nil {
		return nil
	}
	at := slices.IndexFunc(f.Steps, func(s client.FlowStep) bool { return s.Step == step })
	if at < 0 {
		return nil
	}
	place := f.Steps[at].At
	file := slices.IndexFunc(sourceFiles(f), func(file client.FlowFile) bool { return file.Name == place.File })
	if file < 0 {
		return nil
	}
	return &stepPlace{place, sourcePath(f, "") + "#" + lineID(place.Line, file)}
}

var flowDownloads = []download{
	{pattern: Root + "flows/{flow}/source/file", scope: "read", media: "text/plain; charset=utf-8", called: sourceName, write: writeSource},
}

// sourceName is the name of the file that is downloaded, without its folder.
func sourceName(v *visit) string { return path.Base(cmp.Or(v.query("name"), "flow.yaml")) }

func writeSource(v *visit, w io.Writer) error {
	f, err := v.api.Flow(v.ctx(), v.r.PathValue("flow"), v.query("version"))
	if err != nil {
		return err
	}
	name := cmp.Or(v.query("name"), ownFile(f))
	for _, file := range f.Files {
		if file.Name == name && file.Text != "" {
			_, err = io.Copy(w, bytes.NewBufferString(file.Text))
			return err
		}
	}
	return &client.Problem{Status: http.StatusNotFound, Detail: "version " + f.Version + " of " + f.Flow + " has no text in a file of this name"}
}
