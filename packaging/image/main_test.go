package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestImage writes an image twice, and looks into it.
func TestImage(t *testing.T) {
	dir := t.TempDir()
	program, certs := filepath.Join(dir, "nudge"), filepath.Join(dir, "certs")
	for _, file := range []string{program, certs} {
		if err := os.WriteFile(file, []byte(filepath.Base(file)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made := time.Unix(1_800_000_000, 0).UTC()
	var written [][]byte
	for _, out := range []string{filepath.Join(dir, "1.tar"), filepath.Join(dir, "2.tar")} {
		if err := write(out, program, certs, "arm64", "v1.2.3", made); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, raw)
	}
	if !bytes.Equal(written[0], written[1]) {
		t.Error("two images of the same files differ")
	}
	files, err := layer(program, certs, made)
	if err != nil {
		t.Fatal(err)
	}
	owners := map[string]string{}
	for r := tar.NewReader(bytes.NewReader(files)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		owners[h.Name] = fmt.Sprintf("%d %o", h.Uid, h.Mode)
		if !h.ModTime.Equal(made) {
			t.Errorf("%s is of %v", h.Name, h.ModTime)
		}
	}
	for name, want := range map[string]string{"usr/bin/nudge": "0 755", "var/lib/nudge/": "65532 700", "etc/ssl/certs/ca-certificates.crt": "0 644"} {
		if owners[name] != want {
			t.Errorf("%s has %q, want %q", name, owners[name], want)
		}
	}
}

// TestDockerfile holds the Dockerfile to the image that this program writes.
func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	_, last, _ := strings.Cut(string(text), "\nFROM scratch\n")
	var got []string
	for line := range strings.Lines(last) {
		if word, _, _ := strings.Cut(line, " "); word != "COPY" {
			got = append(got, strings.TrimSpace(line))
		}
	}
	list := func(words []string) string {
		raw, err := json.Marshal(words)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(raw), ",", ", ")
	}
	want := []string{"ENV " + inside.Env[0], "USER " + inside.User}
	for volume := range inside.Volumes {
		want = append(want, "VOLUME "+volume)
	}
	for port := range inside.ExposedPorts {
		want = append(want, "EXPOSE "+port)
	}
	want = append(want, "HEALTHCHECK CMD "+list(inside.Healthcheck.Test[1:]), "ENTRYPOINT "+list(inside.Entrypoint), "CMD "+list(inside.Cmd))
	if !slices.Equal(got, want) {
		t.Errorf("the Dockerfile says\n%q, the program\n%q", got, want)
	}
}
