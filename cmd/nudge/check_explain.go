package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"nudge/flows"
	"nudge/whatif/prove"
	"nudge/whatif/story"
)

// settingsCodes explains the codes of what is wrong with the settings of the server;
// all others are the flows'.
var settingsCodes = map[string]string{
	codeOpen: `The API would listen on an address that other machines can reach, and nudge.yaml has
no tokens: anybody there could send messages to anybody. Give it a token, or an address
of this machine only.

Wrong:

    listen: 0.0.0.0:8080

Right:

    listen: 0.0.0.0:8080
    tokens: [ "${NUDGE_TOKEN}" ]
`,
	codeUnset: `nudge.yaml names an environment variable that is not set where nudge runs. Set it, or
give a default that holds while it is not set.

Wrong:

    data_dir: ${DATA}

Right:

    data_dir: ${DATA:-/var/lib/nudge}
`,
	codeVariable: `A $ in a setting begins the name of a variable in braces. A dollar that is meant as
one is written twice.

Wrong:

    data_dir: $DATA

Right:

    data_dir: ${DATA}
`,
}

// explained are the explanations beside those of the flows.
func explained() map[string]string {
	all := map[string]string{}
	for _, more := range [...]map[string]string{settingsCodes, prove.Explanations, story.Explanations} {
		maps.Copy(all, more)
	}
	return all
}

// explainCode tells what a code means.
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
