package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/flows"
)

const targeted = `project: shop
targets:
  production: { url: "https://${HOST}", token: "${TOKEN}", ca: certs/ca.pem, propose: true }
  local: { url: "http://127.0.0.1:8080", ca: /etc/ca.pem }
`

// folderOf is a project folder with a nudge.yaml.
func folderOf(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, flows.ProjectFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTargets(t *testing.T) {
	dir := folderOf(t, targeted)
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"HOST": "nudge.example", "TOKEN": "s3cret-of-shop"}[name]
		return v, ok
	}
	p, err := TargetOf(dir, "production")
	if err != nil {
		t.Fatal(err)
	}
	if a, err := p.Access(env); err != nil || !p.Propose || a != (Access{"https://nudge.example", "s3cret-of-shop", filepath.Join(dir, "certs/ca.pem")}) {
		t.Errorf("production is %+v, %v", a, err)
	}
	local, err := TargetOf(dir, "local")
	if err != nil {
		t.Fatal(err)
	}
	if a, err := local.Access(env); err != nil || local.Propose || a != (Access{URL: "http://127.0.0.1:8080", CA: "/etc/ca.pem"}) {
		t.Errorf("local is %+v, %v", a, err)
	}
	unset := func(string) (string, bool) { return "", false }
	if _, err := p.Access(unset); err == nil || !strings.HasPrefix(err.Error(), "target production: nudge.yaml:3:") || !strings.Contains(err.Error(), "TOKEN is not set") {
		t.Errorf("without variables: %v", err)
	}
	nonsense := func(string) (string, bool) { return "a b-s3cret", true }
	if _, err := p.Access(nonsense); err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "the url of target production is no address of a server") {
		t.Errorf("with an address that is none: %v", err)
	}
}

// TestNoTargets has what a folder without the target says.
func TestNoTargets(t *testing.T) {
	for text, want := range map[string]string{
		targeted:          `has no target "locla"; did you mean "local"? there is: local, production`,
		"project: shop\n": `there is no target "locla", because `,
		"targets: { a: { url: x }, b: { token: t } }\n": "nudge.yaml:1:17: the url of target a is no address of a server",
	} {
		if _, err := TargetOf(folderOf(t, text), "locla"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\nsays %v, want %s", text, err, want)
		}
	}
	bare := t.TempDir()
	if err := os.Mkdir(filepath.Join(bare, "flows"), 0o700); err != nil {
		t.Fatal(err)
	}
	if all, err := Targets(bare); err != nil || len(all) > 0 {
		t.Errorf("without nudge.yaml: %v, %v", all, err)
	}
	if _, err := Targets(filepath.Join(bare, "nowhere")); err == nil {
		t.Error("a folder that is not there has targets")
	}
}

// TestTargetsStayHere holds that no server gets the targets of a project, and their tokens.
func TestTargetsStayHere(t *testing.T) {
	p := Read(fstest.MapFS{flows.ProjectFile: {Data: []byte(targeted)}}, LocalSettings(os.LookupEnv))
	for _, f := range p.Deployable() {
		if strings.Contains(f.Text, "targets") || strings.Contains(f.Text, "TOKEN") {
			t.Errorf("%s is deployed as\n%s", f.Name, f.Text)
		}
	}
}
