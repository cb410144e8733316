package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"nudge/client"
)

const clusterHelp = `Cluster shows the nodes of a cluster: several nudge serve with one PostgreSQL. Each has some of
the partitions of the store. Ask any of them. When the lease of a node has ended, the others take
the partitions that it had. If nobody has a partition, the exit code is 1.`

func newCluster() *cobra.Command {
	c := &cobra.Command{
		Use:     "cluster",
		Short:   "Show the nodes that have a store together",
		Long:    clusterHelp,
		Example: "  nudge cluster\n  nudge cluster -o json",
		Args:    cobra.NoArgs,
	}
	flags := addAPIFlags(c)
	output := outputFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		free := false
		err := ask(flags, output, func(ctx context.Context, a *client.Client, _ []string) (*client.Cluster, error) {
			all, err := a.Cluster(ctx)
			if err == nil && len(all.Nodes) > 0 {
				free = slices.ContainsFunc(all.Partitions, func(p client.Partition) bool { return p.Node == "" })
			}
			return all, err
		}, textOf(writeCluster))(c, args)
		if err == nil && free {
			return wrongInput(errShown)
		}
		return err
	}
	return c
}

func writeCluster(w io.Writer, all *client.Cluster) error {
	if len(all.Nodes) == 0 {
		_, err := fmt.Fprintf(w, "The store is files of this server: it has all partitions (%d).\n", len(all.Partitions))
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tSTATE\tPARTITIONS\tSINCE\tLEASE UNTIL\tADDRESS")
	for _, n := range all.Nodes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", n.Name, n.State, numbersOf(all.Partitions, n.ID), n.Since, n.Expires, n.Address)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if free := numbersOf(all.Partitions, ""); free != "-" {
		_, err := fmt.Fprintf(w, "\nNobody has the partitions %s: their people wait until a node takes them.\n", free)
		return err
	}
	return nil
}

// numbersOf are the partitions of a node, as ranges.
func numbersOf(all []client.Partition, node string) string {
	var ranges []string
	for i := 0; i < len(all); i++ {
		if all[i].ID != node {
			continue
		}
		last := i
		for last+1 < len(all) && all[last+1].ID == node {
			last++
		}
		if last == i {
			ranges = append(ranges, fmt.Sprint(all[i].Partition))
		} else {
			ranges = append(ranges, fmt.Sprintf("%d-%d", all[i].Partition, all[last].Partition))
		}
		i = last
	}
	if len(ranges) == 0 {
		return "-"
	}
	return strings.Join(ranges, ",")
}
