// Command signup is a program outside of Nudge's module that tells a running server of people
// who have signed up: one by one, and many in a stream.
//
//	nudge dev examples/hello
//	cd examples/integrations/go && go run . ann bob
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"

	"nudge/client"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "signup:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return errors.New("name those who have signed up, for example: go run . ann bob")
	}
	c, err := client.New(client.Config{Server: os.Getenv("NUDGE_SERVER"), Token: os.Getenv("NUDGE_TOKEN")})
	if err != nil {
		return err
	}
	answer, err := c.SendEvent(ctx, signedUp(names[0]))
	if err != nil {
		return err
	}
	for _, d := range answer.Decisions {
		fmt.Printf("%s: %s %s\n", names[0], d.Flow, d.Did)
	}
	lines := client.Lines(all(names))
	defer lines.Close()
	for answer, err := range c.StreamEvents(ctx, lines) {
		switch {
		case err != nil:
			return err
		case answer.Error != nil:
			fmt.Printf("%s: refused: %s\n", names[answer.Line-1], answer.Error)
		case answer.Repeated:
			fmt.Printf("%s: was sent before\n", names[answer.Line-1])
		default:
			fmt.Printf("%s: accepted\n", names[answer.Line-1])
		}
	}
	_, err = c.SendEvent(ctx, client.Event{Type: "user.signed_up", Profile: names[0], Data: json.RawMessage(`{"name": 7}`)})
	var problem *client.Problem
	if errors.As(err, &problem) {
		fmt.Printf("a name that is a number: %s, %s\n", problem.Kind(), problem.Field())
	}
	return nil
}

// all yields an event for each name.
func all(names []string) iter.Seq[client.Event] {
	return func(yield func(client.Event) bool) {
		for _, name := range names {
			if !yield(signedUp(name)) {
				return
			}
		}
	}
}

// signedUp is the event of one person. Its ID makes it safe to send it again.
func signedUp(name string) client.Event {
	data, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		panic(err) // a text always encodes
	}
	return client.Event{ID: "signup-" + name, Type: "user.signed_up", Profile: name, Data: data}
}
