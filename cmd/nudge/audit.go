package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nudge/client"
)

const auditHelp = `Audit lists who changed what on a running server: deploys, campaigns, cancels, the outbound
mode, people and tokens. Newest comes first. Nobody can take an entry out; entries are kept as
long as the journal.

Of a person who was forgotten a hash stays in place of the ID, and nothing of the values.
--profile finds the entries still.`

func newAudit() *cobra.Command {
	var q client.AuditQuery
	c := &cobra.Command{
		Use:     "audit",
		Short:   "List who changed what on a running server, newest first",
		Long:    auditHelp,
		Example: "  nudge audit\n  nudge audit --by ops --did 'pause campaign'\n  nudge audit --profile ann -o json",
		Args:    cobra.NoArgs,
	}
	flags := addAPIFlags(c)
	c.Flags().StringVar(&q.By, "by", "", "only changes with the token of this name")
	c.Flags().StringVar(&q.Did, "did", "", "only changes of this kind, for example 'pause campaign'")
	c.Flags().StringVar(&q.On, "on", "", "only changes to this run, campaign, flow or person")
	c.Flags().StringVar(&q.Profile, "profile", "", "only changes about this person, forgotten or not")
	c.Flags().StringVar(&q.Before, "before", "", "only changes before this one, as the last page says")
	c.Flags().IntVar(&q.Limit, "limit", usualPage, "changes on a page")
	output := outputFlag(c)
	c.RunE = ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.AuditPage, error) {
		return a.Audit(ctx, q)
	}, func(c *cobra.Command, page *client.AuditPage) error {
		return auditList.page(c, page.Entries, page.Next)
	})
	return c
}

var auditList = listing[client.AuditEntry]{
	empty: "no changes", header: []string{"WHEN", "WHO", "FROM", "WHAT", "ON", "CHANGE"},
	cells: func(e client.AuditEntry) []any {
		return []any{e.At, e.By.Name, e.By.Address, e.Did, auditedThing(&e), auditChange(&e)}
	},
}

// auditedThing is what was changed. Of a person who was forgotten it is the start of the hash.
func auditedThing(e *client.AuditEntry) string {
	if e.On == "" && e.Erased != "" {
		return "forgotten " + e.Erased[:min(8, len(e.Erased))]
	}
	return e.On
}

// auditChange is the reason and the fields that changed, in the order of their names.
func auditChange(e *client.AuditEntry) string {
	was, is := fieldsOf(e.Before), fieldsOf(e.After)
	var parts []string
	if e.Reason != "" {
		parts = append(parts, e.Reason)
	}
	names := slices.Sorted(maps.Keys(was))
	for name := range is {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		switch old, now := was[name], is[name]; {
		case old == nil:
			parts = append(parts, fmt.Sprintf("%s: %s", name, now))
		case now == nil:
			parts = append(parts, fmt.Sprintf("%s: no longer %s", name, old))
		default:
			parts = append(parts, fmt.Sprintf("%s: %s → %s", name, old, now))
		}
	}
	return strings.Join(parts, "; ")
}

// fieldsOf returns the fields of an object that the server has written; none for no object.
func fieldsOf(object json.RawMessage) (fields map[string]json.RawMessage) {
	if len(object) > 0 && json.Unmarshal(object, &fields) != nil {
		return nil
	}
	return fields
}
