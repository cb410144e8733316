package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"nudge/client"
	"nudge/examples"
	"nudge/whatif/story"
)

// moreFlows are deployed when the demo stays: a split of two texts, and a campaign.
//
//go:embed demo
var moreFlows embed.FS

// neighbours are known besides the five people of the story, with where they live.
var neighbours = map[string]string{
	"fay": "Europe/Paris", "gus": "America/New_York", "hal": "America/New_York", "ida": "Asia/Kolkata", "jon": "Asia/Tokyo", "kit": "Europe/London", "lea": "Europe/Paris",
}

// furnish gives who stays more to look at: further flows, people who are in them, and events that went wrong.
func (d *demonstration) furnish(ctx context.Context) error {
	files, err := d.files()
	if err == nil {
		err = d.keep(files)
	}
	if err == nil {
		_, err = d.api.Reload(ctx)
	}
	if err != nil {
		return failed(err)
	}
	everybody := map[string]string{}
	for _, who := range d.people {
		everybody[who.name] = "Europe/London"
	}
	for name, zone := range neighbours {
		everybody[name] = zone
	}
	for name, zone := range everybody {
		known := fmt.Appendf(nil, `{"first_name": %q, "timezone": %q}`, string(name[0]-'a'+'A')+name[1:], zone)
		if _, err := d.api.SetProfile(ctx, name, known); err != nil {
			return failed(err)
		}
		if _, err := d.api.SendEvent(ctx, client.Event{Type: "trial.ending", Profile: name, Data: []byte(`{"days": 3}`)}); err != nil {
			return failed(err)
		}
	}
	if _, err := d.api.StartCampaign(ctx, client.CampaignStart{Flow: "winter_sale"}); err != nil {
		return failed(err)
	}
	for _, name := range []string{"fay", "gus"} {
		if _, err := d.api.SendEvent(ctx, client.Event{Type: "plan.bought", Profile: name}); err != nil {
			return failed(err)
		}
	}
	if err := d.goWrong(ctx); err != nil {
		return err
	}
	if _, err = d.api.DevJump(ctx, "1m"); err != nil { // which ends once all of it has happened
		return failed(err)
	}
	return failed(d.propose(ctx, files))
}

// propose leaves a change for somebody to review: the wait, in which nearly everybody is, is shortened.
func (d *demonstration) propose(ctx context.Context, files []client.File) error {
	changed := slices.DeleteFunc(slices.Clone(files), func(f client.File) bool { return path.Dir(f.Name) == story.Folder }) // tests are no part of a deploy
	for i, f := range changed {
		if f.Name == "flows/trial_ending.yaml" {
			changed[i].Text = strings.Replace(f.Text, "wait: 30d", "wait: 10d", 1)
		}
	}
	_, err := d.api.ProposeDeploy(ctx, changed, "Wait 10 days for an answer, not 30")
	return err
}

// project is the folder in which whoever stays can change the flows.
func (d *demonstration) project() string { return filepath.Join(d.folder, "project") }

// keep writes the project into its folder.
func (d *demonstration) keep(files []client.File) error {
	for _, f := range files {
		name := filepath.Join(d.project(), filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(f.Text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// goWrong sends an event whose type is misspelt, and one whose data is refused.
func (d *demonstration) goWrong(ctx context.Context) error {
	if _, err := d.api.SendEvent(ctx, client.Event{Type: "order.shiped", Data: []byte(`{"order_id": "A-1006", "customer": "fay", "total": 12}`)}); err != nil {
		return failed(err)
	}
	_, err := d.api.SendEvent(ctx, client.Event{Type: "order.shipped", Data: []byte(`{"order_id": "A-1007", "customer": "gus", "total": "twelve"}`)})
	var refused *client.Problem
	if errors.As(err, &refused) && refused.Status < http.StatusInternalServerError {
		return nil
	}
	return failed(errors.Join(err, errors.New("an event with a wrong total was not refused")))
}

// files are those of the demo's project, and the further flows.
func (d *demonstration) files() (all []client.File, err error) {
	more, err := fs.Sub(moreFlows, "demo")
	if err != nil {
		return nil, err
	}
	for _, from := range []fs.FS{examples.OrderShipped(), more} {
		err = fs.WalkDir(from, ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := fs.ReadFile(from, name)
			all = append(all, client.File{Name: name, Text: string(text)})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
