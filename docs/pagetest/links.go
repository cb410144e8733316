package pagetest

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"`)
	heading  = regexp.MustCompile("(?m)^#{1,6} (.+)$")
	noAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the anchors of the headings of a text, as GitHub makes them.
func anchors(text string) (all []string) {
	text = fence.ReplaceAllString(text, "")
	seen := map[string]int{}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		anchor := strings.ReplaceAll(noAnchor.ReplaceAllString(strings.ToLower(comment.ReplaceAllString(m[1], "")), ""), " ", "-")
		if n := seen[anchor]; n > 0 {
			all = append(all, fmt.Sprintf("%s-%d", anchor, n))
		} else {
			all = append(all, anchor)
		}
		seen[anchor]++
	}
	return all
}

// Links finds the files and the headings to which the page leads.
func (p Page) Links(root string) (errs []error) {
	for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(p.Text, ""), -1) {
		to := m[1] + m[2]
		if strings.Contains(to, "://") {
			continue
		}
		file, anchor, anchored := strings.Cut(to, "#")
		text := p.Text
		if file != "" {
			target := filepath.Join(root, path.Dir(p.Name), file)
			raw, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); err != nil && (statErr != nil || !info.IsDir()) {
				errs = append(errs, fmt.Errorf("%s leads to %s: %w", p.Name, to, err))
				continue
			}
			text = string(raw)
		}
		if anchored && !slices.Contains(anchors(text), anchor) {
			errs = append(errs, fmt.Errorf("%s leads to %s, which has no such heading", p.Name, to))
		}
	}
	return errs
}
