package main

import "testing"

// TestPageLinks holds the links between the pages: their files are there, and so are the headings.
func TestPageLinks(t *testing.T) {
	for _, p := range newHolder(t).pages {
		for _, err := range p.Links(root) {
			t.Error(err)
		}
	}
}
