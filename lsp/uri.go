package lsp

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"nudge/flows"
)

// pathOf returns the file that a URI of an editor names, or an empty text for one that names
// no file.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" {
		return ""
	}
	name := u.Path
	if len(name) > 2 && name[0] == '/' && name[2] == ':' { // a drive of Windows: /C:/shop
		name = strings.ToUpper(name[1:2]) + name[2:]
	}
	return filepath.FromSlash(name)
}

// uriOf returns the URI of a file.
func uriOf(file string) string {
	name := filepath.ToSlash(file)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	return (&url.URL{Scheme: "file", Path: name}).String()
}

// rootOf returns the folder of the project that a file belongs to, and the name of the file
// in it with slashes. It returns false if the file belongs to no project.
func rootOf(file string) (root, name string, ok bool) {
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return "", "", false
		}
		if name = filepath.ToSlash(name); isSource(name) && (name == flows.ProjectFile || isProject(dir)) {
			return dir, name, true
		}
		if filepath.Dir(dir) == dir {
			return "", "", false
		}
	}
}

// isProject reports whether a folder is that of a project.
func isProject(dir string) bool {
	for _, name := range []string{flows.ProjectFile, "flows"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}
