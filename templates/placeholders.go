package templates

import "text/template/parse"

// placeholder is a value that a text names, with the text before it.
type placeholder struct {
	words string
	path  []string // of the value in the scope; none at the end of the text
}

// blanksOf returns the placeholders of a text whose actions only name values, as most
// messages do, or nil for any other text.
func blanksOf(root *parse.ListNode) (blanks []placeholder) {
	words := ""
	for _, n := range root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			words += string(n.Text)
		case *parse.ActionNode:
			path := pathOf(n.Pipe)
			if path == nil {
				return nil
			}
			blanks = append(blanks, placeholder{words, path})
			words = ""
		default:
			return nil
		}
	}
	return append(blanks, placeholder{words: words})
}

// pathOf returns the path of the value that a checked action names, or nil if the action
// does more.
func pathOf(p *parse.PipeNode) []string {
	if len(p.Decl) > 0 || len(p.Cmds) != 1 || len(p.Cmds[0].Args) != 1 {
		return nil
	}
	v, ok := p.Cmds[0].Args[0].(*parse.VariableNode)
	if !ok || v.Ident[0] != "$" || len(v.Ident) == 1 {
		return nil
	}
	return v.Ident[1:]
}

// fill writes the same text as the Go template, in a tenth of the time. It returns false if
// the text has other actions or something is wrong; the template then writes the text or
// reports the mistake.
func (t *text) fill(scope map[string]any) (out string, ok bool) {
	var usual [512]byte // nearly every text fits into it
	b := usual[:0]
	for i := range t.blanks {
		b = append(b, t.blanks[i].words...)
		if t.blanks[i].path == nil {
			return string(b), len(b) <= MaxOutput
		}
		value, ok := valueAt(scope, t.blanks[i].path)
		if !ok {
			return "", false
		}
		word, err := t.print(value)
		if err != nil {
			return "", false
		}
		b = append(b, word...)
	}
	return "", false
}

func valueAt(scope map[string]any, path []string) (value any, ok bool) {
	value = scope
	for _, name := range path {
		in, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		value = in[name]
	}
	return value, true
}
