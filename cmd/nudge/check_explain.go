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

// explainableCodes returns the sorted codes that explainCode knows.
func explainableCodes() []string {
	return slices.Sorted(slices.Values(slices.Concat(flows.Codes(), slices.Collect(maps.Keys(explained())))))
}

// explainCode writes what a code means.
func explainCode(w io.Writer, code string) error {
	text, ok := flows.Explain(code)
	more := explained()
	if says, own := more[code]; own {
		text, ok = code+"\n\n"+says, true
	}
	if !ok {
		return wrongUsage(fmt.Errorf("there is no code %q; %s", code, didYouMean(code, explainableCodes())))
	}
	_, err := fmt.Fprintln(w, strings.TrimRight(text, "\n"))
	return failed(err)
}
