// Package protocol has the types of the Language Server Protocol 3.17 that the server uses.
// They are generated from the protocol's own model; properties that nobody reads or writes are
// left out.
package protocol

// ServerInfo names the server in the answer to initialize.
type ServerInfo struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// ContentChange is a change of a document: of a range, or of the whole text without one.
type ContentChange struct {
	Range *Range `json:"range,omitempty"`
	Text  string `json:"text"`
}
