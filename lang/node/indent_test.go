package node

import "testing"

// TestIndentation holds which line of a broken file is named: 0 for none, as in all
// files that are right.
func TestIndentation(t *testing.T) {
	for text, want := range map[string]int{
		"a:\n  - b: 1\n    c: 2\n  - d\ne: 1\n":                   0,
		"a:\n- b: 1\n  c:\n  - 1\n- d\ne: 1\n":                    0,
		"a: >-\n  x\n     y: 1\nb: 1\n":                           0,
		"a: { b: 1,\n c: 2,\n      d: 3 }\ne: 1\n":                0,
		"a: b\n  goes on\nc: 1\n":                                 0,
		"a: # x\n    b: 1\n# y\n    c: '# z'\n":                   0,
		"- - a: 1\n    b: 2\n  - c\n":                             0,
		"a:\n  - b: 1\n   - c: 2\n":                               3,
		"a:\n  - b:\n    - c: 1\n      - d: 2\n":                  4,
		"a:\n  - b: 1\n     c: 2\n":                               3,
		"a:\n  b: 1\n c: 2\n":                                     3,
		"a: 1\n  b: 2\n":                                          2,
		"a:\n  - send: x\n  wait: 1\n":                            3,
		"a:\n  - b:\n      - c: 1\n     - d: 2\n":                 4,
		"\n\n  a: 1\n  b: 2\n":                                    0,
		"a:\n  - b: { c: 1 }\n  - \"d: e\"\n  - 'f'\n  - [g]\n\n": 0,
	} {
		s := &source{lines: splitLines(text)}
		if got, problem := s.misplaced(); got != want {
			t.Errorf("%q: line %d (%s), want %d", text, got, problem, want)
		}
	}
}
