// Command image writes an image of Nudge with nothing in it but the program, the certificates of the authorities
// that the world trusts, and the user that it runs as. The Dockerfile beside it describes the same image for those who
// build with Docker; this one needs no Docker, and two runs make the same bytes.
package main

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// user is the number of the user that the image runs as. It has no name outside of the image.
const user = 65532

// inside is how the image runs.
var inside = v1.Config{
	User:         "65532:65532",
	Entrypoint:   []string{"/usr/bin/nudge"},
	Cmd:          []string{"serve", "-c", "/etc/nudge/nudge.yaml", "--log-format", "json"},
	Env:          []string{"PATH=/usr/bin"},
	ExposedPorts: map[string]struct{}{"8080/tcp": {}},
	Volumes:      map[string]struct{}{"/var/lib/nudge": {}},
	Healthcheck:  &v1.HealthConfig{Test: []string{"CMD", "/usr/bin/nudge", "health", "--ready"}},
}

func main() {
	program := flag.String("program", "", "the static program for Linux")
	certs := flag.String("certs", "/etc/ssl/certs/ca-certificates.crt", "the certificates, as PEM")
	arch := flag.String("arch", "amd64", "the architecture of the program")
	version := flag.String("version", "", "the version of the program")
	epoch := flag.Int64("epoch", 0, "when the image was made, in seconds since 1970")
	out := flag.String("out", "", "the file that docker load reads")
	flag.Parse()
	if err := write(*out, *program, *certs, *arch, *version, time.Unix(*epoch, 0).UTC()); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// write writes the image into a file.
func write(out, program, certs, arch, version string, made time.Time) error {
	files, err := layer(program, certs, made)
	if err != nil {
		return err
	}
	image, err := assembled(files, arch, version, made)
	if err != nil {
		return err
	}
	tag, err := name.NewTag("nudge:" + version)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(out, tag, image)
}

// assembled returns the image of a layer.
func assembled(files []byte, arch, version string, made time.Time) (v1.Image, error) {
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil })
	if err != nil {
		return nil, err
	}
	image, err := mutate.Append(empty.Image, mutate.Addendum{
		Layer: layer, History: v1.History{Created: v1.Time{Time: made}, CreatedBy: "nudge " + version},
	})
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created, file.Config = "linux", arch, v1.Time{Time: made}, *inside.DeepCopy()
	file.Config.Labels = map[string]string{
		"org.opencontainers.image.title": "nudge", "org.opencontainers.image.version": version, "org.opencontainers.image.licenses": "Apache-2.0",
	}
	return mutate.ConfigFile(image, file)
}

// layer returns the files of the image, as a tar.
func layer(program, certs string, made time.Time) ([]byte, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	trusted, err := os.ReadFile(certs)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name    string
		mode    int64
		owner   int
		content []byte // nil: a folder
	}{
		{"etc/", 0o755, 0, nil},
		{"etc/group", 0o644, 0, fmt.Appendf(nil, "root:x:0:\nnudge:x:%d:\n", user)},
		{"etc/nudge/", 0o755, 0, nil},
		{"etc/passwd", 0o644, 0, fmt.Appendf(nil, "root:x:0:0::/:/sbin/nologin\nnudge:x:%d:%d::/var/lib/nudge:/sbin/nologin\n", user, user)},
		{"etc/ssl/", 0o755, 0, nil},
		{"etc/ssl/certs/", 0o755, 0, nil},
		{"etc/ssl/certs/ca-certificates.crt", 0o644, 0, trusted},
		{"usr/", 0o755, 0, nil},
		{"usr/bin/", 0o755, 0, nil},
		{"usr/bin/nudge", 0o755, 0, binary},
		{"var/", 0o755, 0, nil},
		{"var/lib/", 0o755, 0, nil},
		{"var/lib/nudge/", 0o700, user, nil},
	} {
		h := &tar.Header{Name: f.name, Mode: f.mode, Uid: f.owner, Gid: f.owner, ModTime: made, Size: int64(len(f.content)), Typeflag: tar.TypeReg}
		if f.content == nil {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), w.Close()
}
