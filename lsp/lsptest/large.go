package lsptest

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// naming are the keys of flows whose values name a flow or a template in a small project.
const naming = `\b(?:flow|send|template|read|delivered|failed|reply): `

// Large makes a large project of the files of a small one: its flows with their templates and
// tests, so many times under new names.
func Large(small map[string]string, times int) map[string]string {
	var names []string
	for file := range small {
		if dir := path.Dir(file); dir == "flows" || dir == "templates" {
			names = append(names, strings.TrimSuffix(path.Base(file), ".yaml"))
		}
	}
	name := `(?:` + strings.Join(names, "|") + `)\b`
	inFlows, inTests := regexp.MustCompile(naming+name), regexp.MustCompile(`\b`+name)
	large := map[string]string{}
	for file, text := range small {
		named := inFlows
		switch path.Dir(file) {
		case "tests":
			named = inTests
		case ".":
			large[file] = text
			continue
		}
		for n := range times {
			large[strings.Replace(file, ".yaml", fmt.Sprintf("_%d.yaml", n), 1)] = named.ReplaceAllString(text, fmt.Sprintf("${0}_%d", n))
		}
	}
	return large
}
