package sandbox

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"nudge/sandbox/session"
)

// changePeople is PATCH …/profiles/bulk with a list of profiles: it changes their properties,
// and creates and restores profiles.
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
	for _, item := range items {
		p, about := s.people[item.id], profileUpdate
		switch {
		case p == nil:
			about = profileCreate
			if p = s.addTo(w, item.id); p == nil {
				return
			}
		case !p.deleted.IsZero():
			about = profileUndelete
		}
		s.alter(p, about, c, r.PathValue("space"), p.patched(item.properties, nil))
	}
	s.mu.Unlock()
	w.WriteHeader(http.StatusOK)
}

// deletePeople is DELETE …/profiles/bulk?id=&id=. It skips unknown profiles. The published
// description joins IDs with commas and shows one id for each, so both work.
func (s *Sandbox) deletePeople(w http.ResponseWriter, r *http.Request, c caller) {
	if c.profile != "" {
		answerError(w, http.StatusForbidden, "only a server can change profiles of others")
		return
	}
	ids := r.URL.Query()["id"]
	if len(ids) == 0 || len(ids) > MaxBatch {
		answerInvalid(w, failures{{"id", "want 1 to " + strconv.Itoa(MaxBatch) + " profile IDs"}})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, given := range ids {
		joined := []string{given}
		if s.people[given] == nil {
			joined = strings.Split(given, ",")
		}
		for _, id := range joined {
			if p := s.people[id]; p != nil && p.deleted.IsZero() {
				s.drop(p, c, r)
			}
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
	if len(raws) == 0 || len(raws) > MaxBatch {
		return nil, failures{{"request", "want 1 to " + strconv.Itoa(MaxBatch) + " profiles"}}
	}
	for i, raw := range raws {
		within := "[" + strconv.Itoa(i) + "]"
		properties, wrong := checkProperties(raw, "")
		for _, x := range wrong {
			f.add(true, within+"."+x.ParamName, x.Message)
		}
		id := field(raw, "id")
		f.add(id == "", within+".id", "is required")
		f.add(len(id) > session.MaxProfileID, within+".id", "is too long")
		items = append(items, bulkItem{id, properties})
	}
	return items, f
}
