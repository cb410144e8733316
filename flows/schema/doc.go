// Package schema describes the files of a project to editors: as JSON Schema
// (draft-07), from which a YAML language server completes and explains every key.
//
// The schema is written by hand beside the parser instead of being derived from it:
// what helps an author (a title, an explanation, examples, the one verb of a step)
// stands in no Go type. Tests hold the two together. They compare the keys of every
// mapping with those that the parser knows, take every example of the project for
// valid, and every broken one whose fault is one of structure for broken.
//
// What a schema cannot say, such as whether a step or a template exists, is left to
// nudge check.
package schema
