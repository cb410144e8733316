package app

import (
	"path/filepath"

	"nudge/audience"
	"nudge/runner/fetch"
)

// maxPageBytes is how many bytes a page of an audience may have; a larger one fails the campaign
// before it writes to anybody.
const maxPageBytes = 8 << 20

// openAudiences opens the folder of frozen audiences, which is in the data folder.
func (i *Instance) openAudiences(partitions int) error {
	client := fetch.New(fetch.Config{Allow: i.project.Settings.Fetch, MaxBody: maxPageBytes})
	i.push("the audiences", func() error { client.Close(); return nil })
	var err error
	i.audiences, err = audience.Open(filepath.Join(i.config.DataDir, audience.Dir),
		audience.Sources{Project: i.project.Folder, People: i.store, Client: client})
	if err == nil {
		i.audiences.Divide(partitions)
	}
	return err
}
