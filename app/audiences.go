package app

import (
	"nudge/audience"
	"nudge/runner"
	"nudge/runner/fetch"
	"nudge/whatif/preview"
)

// audiences freezes the audiences of campaigns, and shows what they are at present.
type audiences interface {
	runner.Audiences
	preview.Walker
}

// maxPageBytes is how many bytes a page of an audience may have; a larger one fails the campaign
// before it writes to anybody.
const maxPageBytes = 8 << 20

// openAudiences opens a folder of frozen audiences.
func (i *Instance) openAudiences(dir string, partitions int) (*audience.Folder, error) {
	folder, err := audience.Open(dir, i.audienceSources(i.store))
	if err == nil {
		folder.Divide(partitions)
	}
	return folder, err
}

// audienceSources are where audiences come from.
func (i *Instance) audienceSources(people audience.People) audience.Sources {
	client := fetch.New(fetch.Config{Allow: i.project.Settings.Fetch, MaxBody: maxPageBytes})
	i.push("the audiences", func() error { client.Close(); return nil })
	return audience.Sources{Project: i.project.Folder, People: people, Client: client}
}
