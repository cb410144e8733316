package flows

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestLoops holds where the end of a round leads, and what a loop may name.
func TestLoops(t *testing.T) {
	f := flowOf(t, "", `
trigger: { event: e }
steps:
  - id: asked
    repeat:
      times: 3
      every: 1d
      until:
        - reply: question
          if: reply.number in 0..10
          as: scored
        - read: any
          then: [ { send: { body: thanks } }, { exit: done } ]
      steps:
        - if: question.status == ""
          id: question
          send: { body: "{{ if eq round 1 }}How?{{ end }}" }
        - repeat:
            times: 2
            steps: [ { wait: 1h }, { branch: [ { if: round > 1, then: [ { exit: bored } ] } ] } ]
        - wait: [ { reply: question }, { after: 3d, then: [ { exit: silent } ] } ]
  - if: asked.outcome == "scored" && asked.reply.number > 8
    exit: promoter
  - if: question.read
    wait: 1h
`)
	want := `0 asked next 10
  times 3 every 1d body 1
  reply step 1 then 10 as scored
  read step -2 then 8 as read
1 question next 2 in [0]
2 repeat_2 next 6 in [0]
  times 2 every 0s body 3
3 wait_1 next 4 in [0 2]
  after step -2 then 4 as after
4 branch_1 next 2 in [0 2]
  arm_1 if true then 5
5 exit_1 next 2 in [0 2]
6 wait_2 next 0 in [0]
  reply step 1 then 0 as reply
  after step -2 then 7 as after
7 exit_2 next 0 in [0]
8 send_2 next 9
9 exit_3 next 10
10 exit_4 next 11
11 wait_3 next -1
  after step -2 then -1 as after
`
	if diff := cmp.Diff(want, drawn(f)); diff != "" {
		t.Errorf("program (-want +got):\n%s", diff)
	}
}

// TestEndlessLoops: what follows a repeat without a number of rounds is reached by its until, also by a single line of it.
func TestEndlessLoops(t *testing.T) {
	f := flowOf(t, "", `
trigger: { event: e }
steps:
  - repeat:
      every: 1d
      until: [ { event: stop, key: event.id } ]
      steps: [ { wait: 1h } ]
  - exit: { as: stopped, goal: true }
  - wait: 1h
`)
	want := `0 repeat_1 next 2
  times 0 every 1d body 1
  event step -2 then 2 as event
1 wait_1 next 0 in [0]
  after step -2 then 0 as after
2 exit_1 next 3
3 wait_2 next -1
  after step -2 then -1 as after
`
	if diff := cmp.Diff(want, drawn(f)); diff != "" {
		t.Errorf("program (-want +got):\n%s", diff)
	}
	if e := f.Steps[2].Exit; e == nil || e.As != "stopped" || !e.Goal {
		t.Errorf("it exits as %+v", e)
	}
	for step, may := range map[int]bool{-1: false, 0: true, 1: false, 2: true, 3: false, 4: false} {
		if f.MayBegin(step) != may {
			t.Errorf("a run may begin at step %d: %v", step, !may)
		}
	}
}

func TestCollect(t *testing.T) {
	f := flowOf(t, "events:\n  comment: { doc: string, text: string }\n  opened: { doc: string }\n", `
trigger: { event: comment, key: event.doc }
steps:
  - id: more
    collect:
      event: comment
      key: event.doc
      if: event.text != ""
      include_trigger: true
      until:
        - quiet: 10m
        - after: 1h
          if: more.count > 3
        - items: 50
          as: full
        - event: opened
          key: event.doc
          then: [ { exit: seen } ]
  - if: more.count > 0 && more.outcome == "full"
    send: { body: "{{ range more.items }}{{ .text }}{{ end }}" }
`)
	want := `0 more next 2
  event comment trigger true
  quiet step -2 then 2 as quiet
  after step -2 then 2 as after
  items step -2 then 2 as full 50
  event step -2 then 1 as event
1 exit_1 next 2
2 send_1 next -1
`
	if diff := cmp.Diff(want, drawn(f)); diff != "" {
		t.Errorf("program (-want +got):\n%s", diff)
	}
	if lines := f.Steps[0].Collect.Until; lines[0].After.Clock != 10*time.Minute || lines[1].After.Clock != time.Hour {
		t.Errorf("it closes after %v and %v", lines[0].After, lines[1].After)
	}
	if h := f.Listens("comment"); h == nil || len(h.Collects) != 1 || len(h.Triggers) != 1 {
		t.Errorf("comment is heard as %+v", h)
	}
	if h := f.Listens("opened"); h == nil || len(h.Untils) != 1 {
		t.Errorf("opened is heard as %+v", h)
	}
}
