package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nudge/app"
	"nudge/client"
	"nudge/docs/pagetest"
	"nudge/flows"
	"nudge/lang/diag"
	"nudge/sandbox/people"
)

// usualFile is what a YAML block of a page is a part of if it does not say it.
var usualFile = map[string]string{"docs/sandbox.md": people.File, "docs/templates.md": "templates/cart.yaml"}

// TestPageBlocks holds every fenced block of the pages: YAML is loaded, commands are run or at least parsed,
// JSON is decoded. Each is compared with a sum too, so that nobody changes an example by accident; with -update
// the sums are written anew.
func TestPageBlocks(t *testing.T) {
	h := newHolder(t)
	if *update {
		h.updateKept(t)
	}
	for _, p := range h.pages {
		t.Run(p.Name, func(t *testing.T) {
			if err := h.holdBlocks(t, p); err != nil {
				t.Error(err)
			}
		})
	}
}

// holdBlocks holds the blocks of a page, without those of generated parts.
func (h *holder) holdBlocks(t *testing.T, p pagetest.Page) error {
	var errs []error
	if slices.Contains(followed, p.Name) {
		errs = append(errs, follow(t, p))
	}
	if played[p.Name] != nil {
		errs = append(errs, play(t, p))
	}
	if strings.HasPrefix(p.Name, "examples/") {
		errs = append(errs, live(t, p))
	}
	if p.Name == tutorialPage {
		errs = append(errs, learn(t, p))
	}
	for _, b := range p.Blocks() {
		if p.IsGenerated(b.Begin) {
			continue
		}
		if err := h.holdBlock(p, b); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", p.Name, b.Line, err))
		}
	}
	if !h.bare {
		errs = append(errs, h.holdKept(p)...)
	}
	return errors.Join(errs...)
}

func (h *holder) holdBlock(p pagetest.Page, b pagetest.Block) error {
	if file, ok := strings.CutPrefix(b.Mark, quotedFile); ok {
		return holdQuoted(b, file)
	}
	switch b.Language {
	case "yaml":
		return h.holdYAML(p, b)
	case "sh", "console":
		return h.holdCommands(b)
	case "json":
		return holdJSON(b)
	case "":
		return errors.New("the block has no language")
	}
	if file, ok := strings.CutPrefix(b.Mark, writtenByNew); ok && !strings.Contains(h.written[file], b.Text) {
		return fmt.Errorf("nudge new writes %s:\n%s", file, h.written[file])
	}
	return nil // shown by a command, held elsewhere, or only kept
}

// writtenByNew begins the mark of a block that is in a file which nudge new writes.
const writtenByNew = "nudge new writes: "

// quotedFile begins the mark of a block that quotes a file of the repository.
const quotedFile = "file: "

func holdQuoted(b pagetest.Block, file string) error {
	want, err := os.ReadFile(filepath.Join(root, file))
	if err == nil && string(want) != b.Text {
		err = fmt.Errorf("%s is otherwise:\n%s", file, want)
	}
	return err
}

// filesOfNew are the files that nudge new writes, by name.
func filesOfNew(t *testing.T) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	said(t, 0, "new", dir)
	files := map[string]string{}
	for _, name := range []string{".nvim.lua", ".helix/languages.toml"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

// held reports whether a block is held by more than its sum.
func (h *holder) held(p pagetest.Page, b pagetest.Block) bool {
	switch {
	case b.Language == "console":
		shows := slices.ContainsFunc(shownBy(b), func(s commandShown) bool { return s.want != "" })
		return !shows || slices.Contains(followed, p.Name) || p.Name == tutorialPage || played[p.Name] != nil || strings.HasPrefix(p.Name, "examples/")
	case b.Language == "text":
		return len(shownBy(b)) > 0
	case strings.HasPrefix(b.Mark, writtenByNew), strings.HasPrefix(b.Mark, quotedFile):
		return true
	case b.Language == "yaml":
		file, _ := b.File(cmp.Or(usualFile[p.Name], flows.ProjectFile))
		return file != "prometheus.yml"
	}
	return b.Language == "sh" || b.Language == "http"
}

// holdYAML loads what a block shows.
func (h *holder) holdYAML(p pagetest.Page, b pagetest.Block) error {
	file, text := b.File(cmp.Or(usualFile[p.Name], flows.ProjectFile))
	pattern := filepath.Join(root, "examples/patterns", file)
	if want, err := os.ReadFile(pattern); err == nil && p.Name == "docs/patterns.md" {
		if string(want) != text {
			return fmt.Errorf("%s is otherwise", pattern)
		}
		return nil
	}
	var list diag.List
	switch {
	case slices.Contains(followed, p.Name), p.Name == tutorialPage, file == "prometheus.yml", file == "pod.yaml":
		return nil // followed; kept
	case file == people.File:
		people.Read(file, []byte(text), &list)
	case file == flows.ProjectFile:
		list = h.loadSettings(text)
	default:
		project := map[string]string{}
		if strings.HasPrefix(file, "templates/") {
			project = templatesOf(p)
		}
		project[file] = text
		list = loadWith(h.base(p), project)
	}
	if !list.HasErrors() {
		return nil
	}
	var out strings.Builder
	_ = diag.Render(&out, list, func(string) (string, bool) { return text, true })
	return fmt.Errorf("it does not load:\n%s", &out)
}

// base is the nudge.yaml with which examples of a page load: the longest of the page, or that of the page
// about the language.
func (h *holder) base(p pagetest.Page) string {
	base := ""
	for _, from := range []pagetest.Page{p, h.page("docs/language.md")} {
		for _, b := range from.Blocks() {
			if file, text := b.File(flows.ProjectFile); b.Language == "yaml" && file == flows.ProjectFile && len(text) > len(base) && strings.Contains(text, "events:") {
				base = text
			}
		}
		if base != "" {
			break
		}
	}
	return base + "preferences: { public_url: \"https://messages.example\", listen: \"127.0.0.1:8091\", secrets: [ \"" + aSecret + "\" ] }\n"
}

func (h *holder) page(name string) pagetest.Page {
	return h.pages[slices.IndexFunc(h.pages, func(p pagetest.Page) bool { return p.Name == name })]
}

// aSecret is long enough for every secret.
const aSecret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// templatesOf are the templates of a page, and a flow that sends them.
func templatesOf(p pagetest.Page) map[string]string {
	project := map[string]string{"flows/page.yaml": `flow: page
trigger: { event: order.shipped, key: event.order_id }
data: { order_id: string, items: [ { name: string, price: number } ], total: number, currency: string, city: string }
steps: [ { send: shipped }, { send: cart } ]
`}
	for _, b := range p.Blocks() {
		if file, text := b.File(usualFile[p.Name]); b.Language == "yaml" {
			project[file] = text
		}
	}
	return project
}

// loadSettings loads a part of nudge.yaml with the rest that a server needs.
func (h *holder) loadSettings(text string) diag.List {
	const connection = "  url: https://api.comapi.com\n  path: /apispaces/x\n  token: t0ken-t0ken\n"
	whole := strings.ReplaceAll(text, "/run/secrets/orders", h.secretFile)
	if account, rest, ok := strings.Cut(whole, "account:\n"); ok && !strings.Contains(rest, "url: ") {
		whole = account + "account:\n" + connection + rest
	}
	for key, lacking := range map[string]string{"account": "account:\n" + connection, "tokens": "tokens: [ \"" + aSecret + "\" ]\n"} {
		if !regexp.MustCompile(`(?m)^` + key + `s?(_file)?:`).MatchString(whole) {
			whole += lacking
		}
	}
	files := fstest.MapFS{flows.ProjectFile: {Data: []byte(whole)}}
	env := func(name string) (string, bool) {
		if strings.HasSuffix(name, "SPACE") {
			return "space", true
		}
		return aSecret, true
	}
	return app.Read(files, app.AllSettings(env)).List
}

var lackForm = regexp.MustCompile(`^(?:template file )?(templates/\w+\.yaml|flow "\w+") not found`)

// loadWith loads files of a project, with a stub for every template and flow that they lack.
func loadWith(settings string, project map[string]string) diag.List {
	project[flows.ProjectFile] = settings
	for {
		files := fstest.MapFS{}
		for name, text := range project {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
		_, list := flows.Load(files)
		before := len(project)
		for _, d := range list {
			m := lackForm.FindStringSubmatch(d.Message)
			switch {
			case m == nil:
			case strings.HasPrefix(m[1], "flow"):
				name := strings.Trim(strings.TrimPrefix(m[1], "flow "), `"`)
				project["flows/"+name+".yaml"] = "flow: " + name + "\nsteps: [ { wait: 1h } ]\n"
			default:
				project[m[1]] = "body: stub\n"
			}
		}
		if len(project) == before {
			return list
		}
	}
}

// holdJSON decodes a block into the type that its mark names.
func holdJSON(b pagetest.Block) error {
	into, ok := map[string]any{
		"decodes into client.Answer": &client.Answer{}, "decodes into client.Problem": &client.Problem{},
	}[b.Mark]
	if !ok {
		return json.Unmarshal([]byte(b.Text), new(any))
	}
	d := json.NewDecoder(strings.NewReader(b.Text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
