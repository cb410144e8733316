package app

import (
	"nudge/engine"
	"nudge/lang/node"
	"nudge/runner/fetch"
)

// fetch reads the addresses that flows may ask although they are not public.
func (r *reader) fetch(m *node.Map) []fetch.Allowed {
	var allowed []fetch.Allowed
	v := m.Get("allow_private")
	items := []*node.Value{v}
	if !v.IsText() {
		items = v.List()
	}
	if v.IsList() && len(items) == 0 {
		v.Errorf(node.CodeEmpty, "leave it out", "allow_private has no entry")
	}
	for _, item := range items {
		text := r.str(item.Text())
		if text == "" {
			continue
		}
		a, err := fetch.ParseAllowed(text)
		if err != nil {
			item.Errorf(node.CodeBadValue, "", "%s", err)
			continue
		}
		allowed = append(allowed, a)
	}
	m.Close()
	return allowed
}

// newFetcher returns the client for fetch steps.
func newFetcher(allowed []fetch.Allowed) *fetch.Client {
	return fetch.New(fetch.Config{Allow: allowed, MaxBody: engine.MaxFetchBytes})
}
