package story_test

import (
	"fmt"
	"testing/fstest"
	"time"

	"nudge/flows"
	"nudge/whatif/story"
)

var hello = fstest.MapFS{
	"flows/hello.yaml": {Data: []byte(`flow: hello
trigger: { event: user.signed_up }
steps:
  - send: welcome
  - wait: [ { read: welcome, then: [ { exit: read } ] }, { after: 1d } ]
  - send: reminder
`)},
	"templates/welcome.yaml":  {Data: []byte("body: Welcome!\n")},
	"templates/reminder.yaml": {Data: []byte("body: Are you still there?\n")},
	"tests/hello.yaml": {Data: []byte(`flow: hello
people: { ann: }
tests:
  - name: no reminder after reading
    start: 2026-03-02 10:00 Europe/London
    story:
      - event: user.signed_up
      - expect: welcome
      - read: welcome
      - after: 2d
      - expect: nothing
      - expect: { end: read }
  - name: a reminder after a day
    start: 2026-03-02 10:00 Europe/London
    story:
      - event: user.signed_up
      - expect: welcome
      - after: 2d
      - expect: { message: reminder, at: wed 10:00 }
`)},
}

// Play the tests of a project.
func Example() {
	project, mistakes := flows.Load(hello)
	if mistakes.HasErrors() {
		fmt.Println(mistakes)
		return
	}
	suite, mistakes := story.Load(hello, project)
	if mistakes.HasErrors() {
		fmt.Println(mistakes)
		return
	}
	for _, test := range suite.Tests() {
		result, err := story.Play(test, story.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		if f := result.Failure; f != nil {
			fmt.Printf("%s failed: %s: %s\n", test.Name, f.Span, f.Message)
			for _, line := range f.Diff {
				fmt.Println(line)
			}
			continue
		}
		fmt.Println(test.Name, "passed")
	}
	// Output:
	// no reminder after reading passed
	// a reminder after a day failed: tests/hello.yaml:19:17: the messages differ from what was expected
	//   reminder to ann, at: tue 10:00 (2026-03-03)
	// -   at: wed 10:00
	// +   at: tue 10:00 (2026-03-03)
}

// Run flows without a test: send events, let time pass, and look at what happened.
func ExampleWorld() {
	project, mistakes := flows.Load(hello)
	if mistakes.HasErrors() {
		fmt.Println(mistakes)
		return
	}
	start := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	world, err := story.NewWorld(project.Flows, nil, start, hello)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := world.Event("user.signed_up", "ann", nil); err != nil {
		fmt.Println(err)
		return
	}
	if err := world.PassUntil(start.AddDate(0, 0, 2)); err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range world.Messages {
		fmt.Println(story.Clock(m.At), m.Step.ID, "to", m.Content.To)
	}
	// Output:
	// mon 2026-03-02 10:00:00 welcome to ann
	// tue 2026-03-03 10:00:00 reminder to ann
}
