package app_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"nudge/app"
	"nudge/client"
	"nudge/examples"
)

// The example runs a project inside a program, against a sandbox. It uses free ports and a
// temporary folder, and no message leaves the machine.
func Example() {
	dir, err := os.MkdirTemp("", "nudge-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	project := app.Read(examples.Hello(), app.LocalSettings(os.LookupEnv))
	if project.List.HasErrors() {
		log.Fatal(project.List)
	}
	ctx := context.Background()
	local, err := app.StartLocal(ctx, app.LocalConfig{Project: project, DataDir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer local.Stop()

	c, err := client.New(client.Config{Server: local.URL()})
	if err != nil {
		log.Fatal(err)
	}
	answer, err := c.SendEvent(ctx, client.Event{
		Type: "user.signed_up", Profile: "ann", Data: []byte(`{"name": "Ann"}`),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range answer.Decisions {
		fmt.Println(d.Flow, d.Did)
	}
	// Output: hello started
}
