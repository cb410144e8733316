package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestRollback holds that all changes of an input are undone, the newest first, and each once.
func TestRollback(t *testing.T) {
	var u undoLog
	var undone []int
	step := func(n int) func() { return func() { undone = append(undone, n) } }
	u.add(step(9))
	u.begin() // what was before stays
	for n := range 3 {
		u.add(step(n))
	}
	u.rollback()
	u.rollback()
	if !slices.Equal(undone, []int{2, 1, 0}) {
		t.Errorf("undone are %v", undone)
	}
}

// TestNewestOf: of each step the last one stays, in their order.
func TestNewestOf(t *testing.T) {
	for _, test := range []struct{ all, want []WaitEnd }{
		{nil, []WaitEnd{}}, {[]WaitEnd{{Step: 3}}, []WaitEnd{{Step: 3}}},
		{[]WaitEnd{{Step: 1, Outcome: "a"}, {Step: 2, Outcome: "b"}, {Step: 1, Outcome: "c"}, {Step: 4, Outcome: "d"}}, []WaitEnd{{Step: 2, Outcome: "b"}, {Step: 1, Outcome: "c"}, {Step: 4, Outcome: "d"}}},
	} {
		if got := newestOf(test.all, func(w *WaitEnd) int { return w.Step }); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("of %v stay %v, want %v", test.all, got, test.want)
		}
	}
}

// TestSends holds what several messages of one step count as: the best status of any, the earliest read, and all that were handed over.
func TestSends(t *testing.T) {
	posted := InstantOf(time.Unix(1000, 0))
	message := func(status MessageStatus, reason string, read time.Duration) *Message {
		m := &Message{Step: 1, Status: status, Reason: reason, Attempt: 1, Posted: posted}
		if status == Unsent {
			m.Attempt, m.Posted = 0, 0
		}
		if read != 0 {
			m.ReadAt = posted.Add(read)
		}
		return m
	}
	early, late := message(Read, "", time.Second), message(Read, "", 48*time.Hour)
	for _, test := range []struct {
		name     string
		messages []*Message
		status   MessageStatus
		reason   string
		handed   int
		read     int
	}{
		{"one held back", []*Message{message(Unsent, "capped", 0)}, Unsent, "capped", 0, 0},
		{"two held back", []*Message{message(Unsent, "opted_out", 0), message(Unsent, "capped", 0)}, Unsent, "capped", 0, 0},
		{"one that failed", []*Message{message(Unsent, "capped", 0), message(Failed, "no such person", 0)}, Failed, "", 1, 0},
		{"a better one", []*Message{message(Sent, "", 0), message(Delivered, "", 0), message(Accepted, "", 0)}, Delivered, "", 3, 0},
		{"the next better", []*Message{message(Delivered, "", 0), message(Read, "", time.Second)}, Read, "", 2, early.sends().ReadIn},
		{"read twice", []*Message{late, early}, Read, "", 2, early.sends().ReadIn},
		{"read twice, in order", []*Message{early, late}, Read, "", 2, early.sends().ReadIn},
	} {
		sum := test.messages[0].sends()
		for _, m := range test.messages[1:] {
			sum.join(m.sends())
		}
		if sum.Status != test.status || sum.Reason != test.reason || sum.HandedOver != test.handed || sum.ReadIn != test.read {
			t.Errorf("%s: %+v", test.name, sum)
		}
	}
	if early.sends().ReadIn == 0 || early.sends().ReadIn >= late.sends().ReadIn {
		t.Errorf("read in %d and %d", early.sends().ReadIn, late.sends().ReadIn)
	}
}
