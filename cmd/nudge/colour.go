package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// palette colours words for a terminal, and changes nothing for other outputs.
type palette struct{ on bool }

// paletteFor returns a palette that colours output to a terminal, unless NO_COLOR is set.
func paletteFor(w io.Writer) palette {
	return palette{on: isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func isTerminal(w io.Writer) bool {
	f, ok := raw(w).(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p palette) wrap(code, text string) string {
	if !p.on {
		return text
	}
	return escape("["+code+"m") + text + escape("[0m")
}

func (p palette) bold(text string) string { return p.wrap("1", text) }

func (p palette) dim(text string) string { return p.wrap("2", text) }

// personColours are readable on light and dark backgrounds.
var personColours = [...]string{"36", "35", "33", "34", "32", "31"}

// person gives a name a fixed colour, which depends on its place among the names seen so
// far.
func (p palette) person(place int, text string) string {
	return p.wrap(personColours[place%len(personColours)], text)
}
