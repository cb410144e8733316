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

// Watch looks at a project's files, and at the assets that its messages carry, at every tick and calls changed after an edit, until
// ctx ends. It goes by names, sizes and times, which works on every file system and
// needs no library.
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

// fingerprint is another text whenever a file of the project has changed.
func fingerprint(files fs.FS, assets []string) string {
	names := slices.Clone(assets)
	for _, pattern := range []string{flows.ProjectFile, people.File, "flows/*.y*ml", "templates/*.y*ml"} {
		found, _ := fs.Glob(files, pattern) // the patterns are good ones
		names = append(names, found...)
	}
	var b strings.Builder
	for _, name := range names {
		// A file that went away meanwhile is noticed at the next look.
		if info, err := fs.Stat(files, name); err == nil {
			fmt.Fprintln(&b, name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}
