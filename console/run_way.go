package console

import (
	"strings"

	"nudge/client"
)

// receiptsOf are what became of a message that was accepted, in order.
func (v *visit) receiptsOf(run *client.Run, accepted *client.Entry) (all []runReceipt) {
	read := false
	for _, e := range run.Timeline {
		switch {
		case e.Message != accepted.Message || e.Attempt != accepted.Attempt:
		case e.Kind == "claimed":
			all = append(all, runReceipt{Word: "Accepted", Note: "after " + Span(accepted.At.Sub(e.At.Time))})
		case e.Kind == "receipt":
			word := strings.TrimPrefix(e.Text, e.Step+" ")
			if at := strings.LastIndex(word, " (attempt "); at > 0 {
				word = word[:at]
			}
			if word == "sent" {
				continue // it says nothing more than that it was accepted
			}
			read = read || word == "read" || strings.HasPrefix(word, "failed") || strings.HasPrefix(word, "expired")
			all = append(all, runReceipt{Word: upper(word), At: e.At, SameDay: v.Day(e.At) == v.Day(accepted.At)})
		}
	}
	if !read {
		all = append(all, runReceipt{Note: "Not read"})
	}
	return all
}

// maxWay is how many steps of a flow are shown as the way through it; of a longer one only those that the run took.
const maxWay = 40

// wayStep is a step of a flow, as a run took it.
type wayStep struct {
	Name, Note string
	At         client.Time // of its note; zero: none
	State      string      // cur where the run stands, skipd where it was not, else empty
	Icon       string
}

// wayOf is the way of a run through its flow: all steps in their order, with what became of each. Nil: the flow is not known any more.
func (v *visit) wayOf(run *client.Run) []wayStep {
	f, err := v.api.Flow(v.ctx(), run.Flow, run.Version)
	if err != nil {
		return nil
	}
	notes := notesOf(run)
	way := []wayStep{{Name: v.campaignName(run.StartedBy), At: run.Started, Icon: "check"}}
	for i := range f.Steps {
		step := wayStep{Name: f.Steps[i].Step, State: "skipd"}
		note, taken := notes[step.Name]
		switch {
		case step.Name == run.Step:
			step.State, step.Icon, step.At = "cur", "wait", run.Deadline
			if !step.At.IsZero() {
				step.Note = "until"
			}
		case taken && note.skipped:
			step.Note = note.text
		case taken:
			step.State, step.Icon, step.Note = "", "check", note.text
		}
		if step.State == "skipd" && len(f.Steps) > maxWay {
			continue
		}
		way = append(way, step)
	}
	if run.Outcome != "" {
		way = append(way, wayStep{Name: "ends: " + run.Outcome, At: run.Ended, Icon: "flag"})
	}
	return way
}

// stepNote is what became of a step.
type stepNote struct {
	text    string
	skipped bool
}

// notesOf are what became of the steps that a run came to: of a send how its message stands, of a wait how it ended.
func notesOf(run *client.Run) map[string]stepNote {
	notes := map[string]stepNote{}
	for _, e := range run.Timeline {
		if e.Step == "" {
			continue
		}
		note := notes[e.Step]
		switch e.Kind {
		case "skipped":
			note = stepNote{"its condition is false", true}
		case "wait ended", "branch":
			note = stepNote{text: strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(e.Text, e.Step+" "), "ended: "), "took ")}
			if note.text == "after" {
				note.text = "the time is over"
			}
		default:
			note.skipped = false
		}
		notes[e.Step] = note
	}
	for _, m := range run.Messages {
		notes[m.Step] = stepNote{text: m.Status}
	}
	return notes
}
