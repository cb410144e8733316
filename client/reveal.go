package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Revealed is what is private of a person.
type Revealed struct {
	ID      string   `json:"id"`
	Private []string `json:"private"` // names of private fields: of what is known of the person, and of the data of their newest runs and events
	Profile Profile  `json:"profile"` // what is known of them, with nothing masked
}

// RevealProfile returns what is private of a person. The audit trail gets an entry with the names of the fields and the reason, which
// may be empty. It is for programs that show people to somebody with [Config.Masked], and more on demand.
func (c *Client) RevealProfile(ctx context.Context, id, reason string) (*Revealed, error) {
	shown := &Revealed{}
	raw, err := json.Marshal(map[string]string{"reason": reason})
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	// Without a key: each time that somebody sees the values has an entry.
	return shown, c.attempts(ctx, true, call{method: http.MethodPost, path: profilePath(id) + "/reveal", body: raw}, shown)
}
