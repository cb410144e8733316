package main

import "github.com/spf13/cobra"

func newProfiles() *cobra.Command {
	c := group("profiles", "Read and change what a running server knows of people")
	flags := addAPIFlags(c)
	c.AddCommand(newProfilesList(flags), newProfilesGet(flags), newProfilesSet(flags), newProfilesImport(flags), newProfilesForget(flags),
		newProfilesHistory(flags), newProfilesStanding(flags), newProfilesExplain(flags), newProfilesExport(flags), newProfilesOptOut(flags), newProfilesOptIn(flags))
	return c
}
