package lsp

// index has the names in all files of a project.
type index struct{}
