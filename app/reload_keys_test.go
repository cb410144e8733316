package app

import (
	"os"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"nudge/flows"
)

// TestNeedStart: a reload names the keys that have changed and that it does not read, and no others.
func TestNeedStart(t *testing.T) {
	project := func(more string) *Settings {
		p := Read(fstest.MapFS{flows.ProjectFile: {Data: []byte("project: shop\nlisten: 127.0.0.1:8080\naccount: { url: \"http://127.0.0.1:9\", path: /cpaas, token: a-token-of-ours }\n" +
			"webhooks: { secrets: [ sixteen-letters-and-more ] }\nfetch: { allow_private: [ 10.1.0.0/16 ] }\n" + more)}}, AllSettings(os.LookupEnv))
		if p.List.HasErrors() {
			t.Fatal(p.List)
		}
		return &p.Settings
	}
	if keys := needStart(project(""), project("")); len(keys) > 0 {
		t.Errorf("nothing has changed, and it names %q", keys)
	}
	now := project("retention: { runs: 20d }\nforgotten_list: gone.list\n")
	if keys := needStart(project(""), now); !slices.Equal(keys, []string{"forgotten_list", "retention"}) {
		t.Errorf("it names %q", keys)
	}
	if now.Retained.Runs != 20*24*time.Hour {
		t.Errorf("runs are kept for %s", now.Retained.Runs)
	}
}
