package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"nudge/docs/pagetest"
)

// TestPageCode holds the code in the prose of the pages: commands can be typed, routes are there, and each
// word is one that the sources, the examples or the blocks of the page have.
func TestPageCode(t *testing.T) {
	h := newHolder(t)
	for _, p := range h.pages {
		if err := h.holdCode(p); err != nil {
			t.Error(err)
		}
	}
}

var (
	codeWord  = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*(?:[_-][A-Za-z0-9]+)*`)
	codeRoute = regexp.MustCompile(`^(?:GET|POST|PUT|PATCH|DELETE) (/[^\s?]*)`)
)

// outside are words of other programs, and of examples that stand in no block.
var outside = strings.Fields("variable apt runuser quit tn r3 https_proxy shipped_2 otel_service_name otel_traces_sampler otel_exporter_otlp_headers " +
	"timeout compression otel_bsp otel_propagators otel_bsp_max_queue_size max_size any-token established your-profile reward offer_id party made_at last_digits next_day wanted_by holders nice webhook-signature webhook-timestamp plik pliki t2 t3 basket reviewer transactionid " +
	"db2 sslcert sslkey prefer pool_mode default_pool_size transaction_timeout queue_0 queue_1 xact_start pg_stat_activity datfrozenxid pg_dump fc")

// allWords are the words of the sources, the examples and everything else that the pages speak about.
var allWords = sync.OnceValues(func() (map[string]bool, error) {
	words := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "node_modules" || name == ".git" || name == "protocol") {
			return fs.SkipDir
		}
		addWords(words, name)
		if entry.IsDir() || !slices.Contains([]string{".go", ".yaml", ".yml", ".sh", ".json", ".csv", ".mod", ".js", ".ts", ".lua", ".toml"}, filepath.Ext(name)) || name == "package-lock.json" {
			return nil
		}
		text, err := os.ReadFile(file)
		addWords(words, string(text))
		return err
	})
	return words, err
})

func addWords(words map[string]bool, text string) {
	for _, word := range codeWord.FindAllString(text, -1) {
		words[strings.ToLower(word)] = true
	}
}

// holdCode holds the inline code of a page.
func (h *holder) holdCode(p pagetest.Page) error {
	known, err := allWords()
	if err != nil {
		return err
	}
	own := map[string]bool{}
	for _, b := range p.Blocks() {
		addWords(own, b.Text)
	}
	var errs []error
	for _, b := range p.Blocks() {
		if p.IsGenerated(b.Begin) || !h.held(p, b) {
			continue
		}
		if err := knownWords(strings.Join(ownWords(b), " "), known, nil); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", p.Name, b.Line, err))
		}
	}
	for _, c := range p.InlineCode() {
		if err := h.holdOne(c.Text, known, own); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: `%s`: %w", p.Name, 1+strings.Count(p.Text[:c.Begin], "\n"), c.Text, err))
		}
	}
	return errors.Join(errs...)
}

var yamlKey = regexp.MustCompile(`(?m)(?:^|[{,-] )\s*([a-z_]{3,}):(?: |$)`)

// ownWords are the keys of YAML, which may be names of fields and so of any kind, and the words of commands.
func ownWords(b pagetest.Block) (words []string) {
	switch b.Language {
	case "yaml":
		for _, m := range yamlKey.FindAllStringSubmatch(besideCommand.ReplaceAllString(b.Text, ""), -1) {
			words = append(words, m[1])
		}
	case "sh", "console":
		for _, command := range commandsOf(b) {
			if nudgeCommand.MatchString(command) {
				words = append(words, command)
			}
		}
	}
	return words
}

func (h *holder) holdOne(code string, known, own map[string]bool) error {
	code = strings.Join(strings.Fields(code), " ")
	if text, ok := strings.CutPrefix(code, "nudge "); ok && text != "shop" { // the usual name of a webhook
		if err := (quotedCommand{"", "inline", text}).check(); err != nil {
			return err
		}
	}
	if strings.HasPrefix(code, "go test ") {
		return holdGoTest(code)
	}
	if strings.HasPrefix(code, "curl ") {
		return h.holdCurl(code)
	}
	if m := codeRoute.FindStringSubmatch(code); m != nil && strings.HasPrefix(m[1], "/v1/") && !strings.Contains(m[1], "…") {
		route := strings.Fields(code)[0] + " " + m[1]
		if !slices.ContainsFunc(h.routes, func(r string) bool { return sameRoute(r, route) }) {
			return errors.New("there is no such route")
		}
	}
	return knownWords(code, known, own)
}

// knownWords reports the words of a text that are nowhere else. They are misspelled, or an example's own: such
// words belong to outside.
func knownWords(text string, known, own map[string]bool) error {
	var missing []string
	for _, word := range codeWord.FindAllString(text, -1) {
		if word = strings.ToLower(word); !known[word] && !own[word] && !slices.Contains(outside, word) {
			missing = append(missing, word)
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("nothing has the words %q; if they are right, add them to the list in pages_code_test.go", missing)
}
