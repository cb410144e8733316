package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"nudge/app"
	"nudge/flows"
	"nudge/whatif/prove"
	"nudge/whatif/story"
)

// explained returns the explanations from outside the flows package.
func explained() map[string]string {
	all := map[string]string{}
	for _, more := range [...]map[string]string{app.Explanations, prove.Explanations, story.Explanations} {
		maps.Copy(all, more)
	}
	return all
}

// explainCode writes what a code means.
func explainCode(w io.Writer, code string) error {
	text, ok := flows.Explain(code)
	more := explained()
	if says, own := more[code]; own {
		text, ok = code+"\n\n"+says, true
	}
	if !ok {
		known := slices.Sorted(slices.Values(slices.Concat(flows.Codes(), slices.Collect(maps.Keys(more)))))
		return wrongUsage(fmt.Errorf("there is no code %q; %s", code, didYouMean(code, known)))
	}
	_, err := fmt.Fprintln(w, strings.TrimRight(text, "\n"))
	return failed(err)
}
