package flows

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Limits on the files that parts of messages carry. Every version of a flow contains its
// files, and every message carries them a third larger in base64. Larger files belong on a
// web server and are sent by url.
const (
	maxAsset  = 1 << 20  // bytes of one file of a message; a larger one is a mistake of the project
	maxAssets = 16 << 20 // bytes of all files of all messages of a project; more is a mistake of the project
)

// IsAsset reports whether a file of a project or bundle is one that messages carry; its
// text is base64. All other files are source.
func IsAsset(name string) bool {
	return name != ProjectFile && path.Dir(name) != "flows" && !slices.Contains(templateFolders, path.Dir(name))
}

// ContentOf returns what a file of a project holds. That of an asset is decoded.
func ContentOf(f File) (string, error) {
	if !IsAsset(f.Name) {
		return f.Text, nil
	}
	content, err := base64.StdEncoding.DecodeString(f.Text)
	if err != nil {
		return "", fmt.Errorf("%s is neither nudge.yaml nor in flows/ or templates/, so it is given in base64, and this is not", f.Name)
	}
	return string(content), nil
}

// Assets returns the sorted names of the files that the project's messages carry.
func (p *Project) Assets() []string {
	var names []string
	for name := range p.files {
		if IsAsset(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// assets reads files of a project when a message names them.
type assets struct {
	fsys fs.FS
	size int // bytes read so far
}

// asset returns the content of a file that a part names. Its errors are written for the
// author.
func (p *Project) asset(name string) ([]byte, error) {
	if !fs.ValidPath(name) || name == "." || strings.Contains(name, `\`) || !IsAsset(name) {
		return nil, fmt.Errorf("%q must be a file in the project's folder, but not a flow, a template or nudge.yaml", name)
	}
	if text, ok := p.files[name]; ok {
		content, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%s is not in base64", name)
		}
		return content, nil
	}
	if p.assets == nil {
		return nil, fmt.Errorf("file %s not found", name)
	}
	content, err := p.assets.read(name)
	if err != nil {
		return nil, err
	}
	p.files[name] = base64.StdEncoding.EncodeToString(content)
	return content, nil
}

func (a *assets) read(name string) ([]byte, error) {
	info, err := fs.Stat(a.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("file %s not found", name)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read: %w", name, cause(err))
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder, not a file", name)
	case info.Size() > maxAsset:
		return nil, fmt.Errorf("%s has %d bytes; the limit is %d. Send larger files by url", name, info.Size(), maxAsset)
	case a.size+int(info.Size()) > maxAssets:
		return nil, fmt.Errorf("with %s, the files of all messages have more than %d bytes together", name, maxAssets)
	}
	content, err := fs.ReadFile(a.fsys, name)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", name, cause(err))
	}
	a.size += len(content)
	return content, nil
}

// cause returns an error without its operation and path, which the message already has.
func cause(err error) error {
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return wrapped.Err
	}
	return err
}

// asset is Project.asset; it also makes the file part of the flow's version.
func (r *reader) asset(name string) ([]byte, error) {
	content, err := r.project.asset(name)
	if err == nil {
		r.assets[name] = true
	}
	return content, err
}
