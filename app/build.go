package app

import (
	"cmp"
	"runtime/debug"
)

// Build says what this program was built from.
type Build struct {
	Version  string // "(devel)" if nobody said
	Commit   string // empty: nobody knows
	Date     string // of the commit
	Modified bool   // built from a tree with changes
}

// What release.sh says of a build, by the linker. Go itself knows the commit only if it builds in a clone.
var version, commit, date string

// BuildOf returns what this program was built from: as release.sh said, or as the Go toolchain wrote it into
// the program.
func BuildOf() Build {
	b := Build{Version: version, Commit: commit, Date: date}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Version = cmp.Or(b.Version, info.Main.Version)
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = cmp.Or(b.Commit, s.Value)
			case "vcs.time":
				b.Date = cmp.Or(b.Date, s.Value)
			case "vcs.modified":
				b.Modified = s.Value == "true"
			}
		}
	}
	b.Version = cmp.Or(b.Version, "(devel)")
	return b
}
