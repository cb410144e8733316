package flows

// File is one source file of a project. Name is its path in the project's folder, with
// slashes.
type File struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Bundle holds the source files of one version of a flow: the part of nudge.yaml that it
// uses, the flow and its templates. [Compile] rebuilds the same version from it, at any
// time and on any machine.
type Bundle []File
