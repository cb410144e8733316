package main

import (
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func newProfiles() *cobra.Command {
	c := group("profiles", "What a running server knows of people")
	flags := addAPIFlags(c)
	c.AddCommand(newProfilesGet(flags), newProfilesSet(flags), newProfilesImport(flags), newProfilesForget(flags))
	return c
}

// profilePath is the path of one person in the API. An id may hold anything; dots are
// encoded too, because a path made of them means another one.
func profilePath(id string) string {
	return "/v1/profiles/" + strings.ReplaceAll(url.PathEscape(id), ".", "%2E")
}
