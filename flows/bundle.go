package flows

// File is one source file of a project. Name is its path below the project's
// folder, with slashes.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Bundle is the source files that one version of a flow is made of: what it uses of
// nudge.yaml, the flow, and its templates. [Compile] makes the same version of it
// again, wherever and whenever.
type Bundle []File
