package client

import "testing"

// TestCountOf holds which count each way names.
func TestCountOf(t *testing.T) {
	counts := &Counts{
		Steps: []StepCounts{
			{Step: "ask", Verb: "send", Came: 100, Skipped: 10, Here: 3},
			{Step: "answer", Verb: "wait", Came: 90, Here: 20, Lines: []LineCount{{As: "reply", Taken: 30}, {As: "after", Taken: 25}}, Ends: []LineCount{{As: "past", Taken: 5}}},
			{Step: "look", Verb: "fetch", Came: 60, Ends: []LineCount{{As: "error", Taken: 4}}},
			{Step: "deal", Verb: "split", Came: 56, Arms: []LineCount{{As: "a", Taken: 30}, {Taken: 26}}},
		},
		Exits: []ExitCounts{{As: "bought", Taken: 12, From: []FromCount{{Step: "answer", Taken: 10}, {Step: "ask", Taken: 2}}}},
	}
	for _, c := range []struct {
		name string
		way  Way
		want int64
	}{
		{"came", Way{Count: "came", Step: "ask"}, 100},
		{"skipped", Way{Count: "skipped", Step: "ask"}, 10},
		{"done", Way{Count: "done", Step: "ask"}, 90},
		{"on, without those who are there and who left", Way{Count: "on", Step: "ask"}, 95},
		{"on from a wait", Way{Count: "on", Step: "answer"}, 60},
		{"a line", Way{Count: "line", Step: "answer", At: 1}, 25},
		{"a line that is not there", Way{Count: "line", Step: "answer", At: 2}, 0},
		{"an end", Way{Count: "end", Step: "answer", As: "past"}, 5},
		{"the rest", Way{Count: "rest", Step: "look"}, 56},
		{"an arm", Way{Count: "arm", Step: "deal", As: "a"}, 30},
		{"no arm", Way{Count: "arm", Step: "deal"}, 26},
		{"an exit", Way{Count: "exit", Step: "answer"}, 10},
		{"an exit from elsewhere", Way{Count: "exit", Step: "deal"}, 0},
		{"an exit that is not there", Way{Count: "exit", Step: "ask", At: 1}, 0},
		{"a step that is not there", Way{Count: "came", Step: "bye"}, 0},
	} {
		if got := counts.Of(c.way); got != c.want {
			t.Errorf("%s: %d, not %d", c.name, got, c.want)
		}
	}
}
