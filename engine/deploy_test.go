package engine_test

import (
	"strings"
	"testing"

	"nudge/engine"
)

func TestOvertaken(t *testing.T) {
	set := func(words string) (all []engine.FlowVersion) {
		for _, w := range strings.Fields(words) {
			flow, version, _ := strings.Cut(w, "@")
			all = append(all, engine.FlowVersion{Flow: flow, Version: version})
		}
		return all
	}
	for name, c := range map[string]struct{ active, against, next, want string }{
		"nobody else deployed":                     {"a@1 b@1", "a@1 b@1", "a@2 b@1", ""},
		"the flow that it changes was changed":     {"a@3 b@1", "a@1 b@1", "a@2 b@1", "a"},
		"it would take back what another changed":  {"a@1 b@2", "a@1 b@1", "a@2 b@1", "b"},
		"it would remove what another added":       {"a@1 c@1", "a@1", "a@2", "c"},
		"it would bring back what another removed": {"a@1", "a@1 b@1", "a@2 b@1", "b"},
		"another deployed the same":                {"a@2 b@1", "a@1 b@1", "a@2 b@1", ""},
		"its first deploy":                         {"", "", "a@1", ""},
	} {
		if got := strings.Join(engine.Overtaken(set(c.active), set(c.against), set(c.next)), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
