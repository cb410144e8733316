package node

import "testing"

// TestMeantIndentation holds which indentation is proposed for a line: that of the nearest block of its kind.
func TestMeantIndentation(t *testing.T) {
	for text, want := range map[string]string{
		"a:\n  - b: 1\n   - c: 2\n":                          "this line is indented by 3 spaces, but its neighbours by 2 spaces",
		"a:\n  b:\n      - c\n    - d\n":                     "this line is indented by 4 spaces, but its neighbours by 6 spaces",
		"a:\n  b:\n    c: 1\n d: 1\n":                        "this line is indented by 1 space, but its neighbours by 0 spaces",
		"a:\n    - b:\n          c: 1\n       d: 1\n":        "this line is indented by 7 spaces, but its neighbours by 6 spaces",
		"a:\n    - b:\n        - c: 1\n      - d: 1\n":       "this line is indented by 6 spaces, but its neighbours by 4 spaces",
		"a:\n  - b\n  c: 1\n":                                "this line is indented by 2 spaces, but its neighbours by 0 spaces",
		"a:\n    b: 1\n  - c\n":                              "this line is indented by 2 spaces, but its neighbours by 4 spaces",
		"a:\n  - b:\n      c: 1\n           - d: 1\n":        "this line is indented by 11 spaces, but no block above it starts there",
		"a:\n  - b: 1\n    c: |\n     x\n    y\n     d: 1\n": "this line is indented by 5 spaces, but no block above it starts there",
	} {
		s := &source{lines: splitLines(text)}
		if _, got := s.misplaced(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

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
