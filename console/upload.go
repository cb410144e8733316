package console

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"nudge/client"
)

const (
	maxUpload      = 64 << 20 // bytes of a form with files; a larger one is refused with 400
	maxUploadFiles = 5000     // that are kept of it; one more is refused with 400
	maxKept        = 24 << 20 // bytes of the files that are kept; more are refused with 400
)

// projectFile is the file whose folder is that of a project.
const projectFile = "nudge.yaml"

// uploaded reads a form with files. Its fields become those of the form. Of a folder that somebody selects a browser sends
// everything; what no flow needs is read and dropped.
func uploaded(r *http.Request) ([]client.File, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	r.PostForm = url.Values{}
	files, kept := map[string][]byte{}, 0
	keep := func(name string, from io.Reader) error {
		if len(files) == maxUploadFiles {
			return fmt.Errorf("there are more than %d files", maxUploadFiles)
		}
		raw, err := io.ReadAll(io.LimitReader(from, maxKept-int64(kept)+1))
		if kept += len(raw); err == nil && kept > maxKept {
			err = fmt.Errorf("the files have more than %d MB", maxKept>>20)
		}
		files[name] = raw
		return err
	}
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return projectOf(files), nil
		}
		if err != nil {
			return nil, err
		}
		_, about, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if err != nil {
			return nil, err
		}
		name := path.Clean(strings.ReplaceAll(about["filename"], `\`, "/")) // with the folders below the one that was selected
		switch {
		case about["filename"] == "":
			if _, isFile := about["filename"]; isFile {
				continue // nothing was selected
			}
			raw, err := io.ReadAll(io.LimitReader(part, maxForm))
			if err != nil {
				return nil, err
			}
			r.PostForm.Add(about["name"], string(raw))
		case path.Ext(name) == ".zip":
			err = unzip(part, keep)
		case wanted(name):
			err = keep(name, part)
		}
		if err != nil {
			return nil, err
		}
	}
}

// unzip keeps the files of an archive.
func unzip(from io.Reader, keep func(string, io.Reader) error) error {
	raw, err := io.ReadAll(io.LimitReader(from, maxUpload))
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return fmt.Errorf("the archive cannot be read: %w", err)
	}
	for _, f := range archive.File {
		if f.FileInfo().IsDir() || !wanted(path.Clean(f.Name)) {
			continue
		}
		content, err := f.Open()
		if err != nil {
			return err
		}
		err = keep(path.Clean(f.Name), content)
		content.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// wanted reports whether a flow can need a file. What belongs to the folder alone, and what hides, it cannot.
func wanted(name string) bool {
	if path.Ext(name) == "" || strings.HasPrefix(name, "/") || strings.HasPrefix(name, "..") {
		return false
	}
	for _, part := range strings.Split(name, "/") {
		if strings.HasPrefix(part, ".") || slices.Contains([]string{"data", "audiences", "tests", "node_modules"}, part) {
			return false
		}
	}
	return true
}

// projectOf names files by their paths below the folder of nudge.yaml, and leaves out those above it.
func projectOf(files map[string][]byte) (all []client.File) {
	root, found := "", false
	for name := range files {
		if path.Base(name) == projectFile && (!found || len(name) < len(root)+len(projectFile)) {
			root, found = strings.TrimSuffix(name, projectFile), true
		}
	}
	for name, raw := range files {
		name, below := strings.CutPrefix(name, root)
		if !below {
			continue
		}
		text := string(raw)
		if isAsset := name != projectFile && !strings.HasPrefix(name, "flows/") && !strings.HasPrefix(name, "templates/"); isAsset {
			text = base64.StdEncoding.EncodeToString(raw)
		} else if !utf8.Valid(raw) {
			text = strings.ToValidUTF8(text, "\uFFFD") // the project says where
		}
		all = append(all, client.File{Name: name, Text: text})
	}
	slices.SortFunc(all, func(a, b client.File) int { return strings.Compare(a.Name, b.Name) })
	return all
}
