// Package schema describes the files of a project to editors as JSON Schema (draft-07). A
// YAML language server uses it to complete and explain every key.
//
// The schema is written by hand beside the parser, because the help for an author (titles,
// explanations, examples, the one verb of a step) is not in any Go type. Tests keep the two
// together: they compare the keys of every mapping with those that the parser knows, and
// check that every example of the project is valid and every structural mistake is not.
//
// A schema cannot say everything, for example whether a step or a template exists. nudge
// check does.
package schema
