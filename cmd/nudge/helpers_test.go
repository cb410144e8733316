package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nudge/client"
)

// patience is how long a test waits for what surely comes.
const patience = 20 * time.Second

func copyProject(t *testing.T, files fs.FS) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

func clientOf(t *testing.T, server string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
