package console

import "crypto/sha256"

// ActionScopes are the scopes of all actions, by their patterns.
func ActionScopes() map[string]string {
	all := map[string]string{}
	for _, a := range allActions() {
		all[a.pattern] = a.scope
	}
	return all
}

// FormOf is a token for a form of the session with a cookie, whether any page shows it a form or not.
func (c *Console) FormOf(cookie string) string {
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	return (&visit{session: c.sessions.all[sha256.Sum256([]byte(cookie))]}).Form()
}
