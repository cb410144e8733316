package main

import "github.com/spf13/cobra"

func newStore() *cobra.Command {
	return group("store", "Back up, restore, check, measure, shrink, repair and upgrade a data folder",
		newStoreBackup(), newStoreRestore(), newStoreCheck(), newStoreSize(), newStoreCompact(), newStoreRepair(), newStoreUpgrade())
}
