package flows

import (
	"nudge/lang/node"
	"nudge/templates"
)

// eventBy reads whom an event must name. It narrows a key: without one, an event counts only
// for the person whom it names.
func (r *reader) eventBy(m *node.Map, k *typeEnv) *Expr {
	v := m.Get("by")
	if v == nil {
		return nil
	}
	switch key := m.Get("key"); {
	case key == nil && !r.keyed: // else the missing key was reported
		m.Errorf("by", CodeMissingKey, "add the key that finds the run, for example key: "+r.keyHint()+"; or remove by",
			"by needs a key: without one, an event counts for the person whom it names")
	case key != nil && key.IsText() && key.Str() == "any":
		m.Errorf("by", templates.CodeExclusive, "remove it, or write a key that finds the run",
			"with key: any, an event counts for the person whom it names, so by has no effect")
	}
	return r.expr(v, k.scope(), forText)
}
