package app

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"nudge/flows"
	"nudge/sandbox/people"
)

// Watch checks a project's files, and the assets of its messages, at every tick. It calls
// changed after an edit, and returns when ctx ends. It compares names, sizes and times,
// which works on every file system and needs no library.
func Watch(ctx context.Context, files fs.FS, assets func() []string, ticks <-chan time.Time, changed func()) {
	last := fingerprint(files, assets())
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			if now := fingerprint(files, assets()); now != last {
				last = now
				changed()
			}
		}
	}
}

// fingerprint returns a text that differs whenever a file of the project has changed.
func fingerprint(files fs.FS, assets []string) string {
	names := slices.Clone(assets)
	for _, pattern := range []string{flows.ProjectFile, people.File, "flows/*.y*ml", "templates/*.y*ml"} {
		found, _ := fs.Glob(files, pattern) // the patterns are valid
		names = append(names, found...)
	}
	var b strings.Builder
	for _, name := range names {
		// If a file disappears meanwhile, the next check notices it.
		if info, err := fs.Stat(files, name); err == nil {
			fmt.Fprintln(&b, name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}
