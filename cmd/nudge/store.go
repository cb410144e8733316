package main

import "github.com/spf13/cobra"

func newStore() *cobra.Command {
	return group("store", "Check, measure, shrink and repair a data folder", newStoreCheck(), newStoreSize(), newStoreCompact(), newStoreRepair())
}
