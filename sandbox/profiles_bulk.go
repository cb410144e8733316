package sandbox

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// changePeople is PATCH …/profiles/bulk with a list of profiles, which changes properties, and
// DELETE with a list of IDs or profiles. It skips unknown profiles.
func (s *Sandbox) changePeople(w http.ResponseWriter, r *http.Request, c caller) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	if c.profile != "" {
		answerError(w, http.StatusForbidden, "only a server can change profiles of others")
		return
	}
	items, f := parseBulk(body)
	if len(f) > 0 {
		answerInvalid(w, f)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range items {
		p := s.people[item.id]
		switch {
		case p == nil || !p.deleted.IsZero():
		case r.Method == http.MethodDelete:
			s.drop(p, c, r)
		default:
			s.alter(p, profileUpdate, c, r.PathValue("space"), p.patched(item.properties, nil))
		}
	}
	w.WriteHeader(http.StatusOK)
}

// bulkItem is one profile of a bulk request.
type bulkItem struct {
	id         string
	properties map[string]json.RawMessage
}

func parseBulk(body []byte) (items []bulkItem, f failures) {
	var raws []json.RawMessage
	if err := json.Unmarshal(body, &raws); err != nil {
		return nil, failures{notAsWanted("", err)}
	}
	f.add(len(raws) == 0 || len(raws) > MaxBatch, "request", "want 1 to "+strconv.Itoa(MaxBatch)+" profiles")
	for i, raw := range raws {
		within := "[" + strconv.Itoa(i) + "]"
		if id, ok := asText(raw); ok {
			items = append(items, bulkItem{id: id})
			continue
		}
		properties, wrong := checkProperties(raw, "")
		for _, x := range wrong {
			f.add(true, within+"."+x.ParamName, x.Message)
		}
		var named struct {
			ID string `json:"id"`
		}
		f.add(json.Unmarshal(raw, &named) != nil || named.ID == "", within+".id", "is required")
		items = append(items, bulkItem{named.ID, properties})
	}
	return items, f
}
