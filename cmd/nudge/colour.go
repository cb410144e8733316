package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// palette colours words for a terminal, and leaves them alone for anything else.
type palette struct{ on bool }

// paletteFor colours what goes to a terminal, unless the user said NO_COLOR.
func paletteFor(w io.Writer) palette {
	return palette{on: isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (p palette) wrap(code, text string) string {
	if !p.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p palette) bold(text string) string { return p.wrap("1", text) }

func (p palette) dim(text string) string { return p.wrap("2", text) }

// personColours are told apart on light and dark grounds.
var personColours = [...]string{"36", "35", "33", "34", "32", "31"}

// person gives a name the colour that it always has: that of its place among those
// seen so far.
func (p palette) person(place int, text string) string {
	return p.wrap(personColours[place%len(personColours)], text)
}
