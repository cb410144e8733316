package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"nudge/flows/schema"
)

const schemaHelp = `Schema writes the JSON Schema of a file of a project: flow, template, test, project
(nudge.yaml) or people (people.yaml). With it an editor that has a YAML language server
completes and explains every key. A file can name its schema itself:

  # yaml-language-server: $schema=../.schema/flow.json`

const schemaExample = `  nudge schema flow > .schema/flow.json
  nudge schema project`

// schemas are what there is a schema of.
var schemas = map[string]func() []byte{
	"flow": schema.Flow, "template": schema.Template, "project": schema.Project, "test": schema.Test,
	"people": schema.People,
}

func newSchema() *cobra.Command {
	words := []string{"flow", "template", "project", "test", "people"}
	return &cobra.Command{
		Use:       "schema flow|template|project|test|people",
		Short:     "Write the JSON Schema of a file, for editors",
		Long:      schemaHelp,
		Example:   schemaExample,
		Args:      cobra.ExactArgs(1),
		ValidArgs: words,
		RunE: func(c *cobra.Command, args []string) error {
			write, ok := schemas[args[0]]
			if !ok {
				return wrongUsage(fmt.Errorf("there is no schema %q; %s", args[0], didYouMean(args[0], words)))
			}
			_, err := raw(c.OutOrStdout()).Write(write())
			return failed(err)
		},
	}
}
