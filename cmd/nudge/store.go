package main

import "github.com/spf13/cobra"

func newStore() *cobra.Command {
	return group("store", "Back up, restore, move, check, measure, shrink, repair and upgrade a data folder",
		newStoreBackup(), newStoreRestore(), newStoreMove(), newStoreCheck(), newStoreSize(), newStoreCompact(), newStoreRepair(), newStoreUpgrade())
}
