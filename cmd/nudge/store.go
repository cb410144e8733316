package main

import "github.com/spf13/cobra"

func newStore() *cobra.Command {
	return group("store", "Look after the data folder", newStoreCheck(), newStoreSize(), newStoreCompact())
}
