package app

import (
	"os"
	"testing"
	"testing/fstest"

	"nudge/client"
)

// TestStopEndsWhatIsFollowed stops an instance while somebody follows it: what they read ends, and nothing has to be cut
// off.
func TestStopEndsWhatIsFollowed(t *testing.T) {
	local := startProject(t, Read(fstest.MapFS{
		"nudge.yaml":       {Data: []byte("project: shop\n")},
		"flows/order.yaml": {Data: []byte("flow: order\ntrigger: { event: ordered }\nsteps: [ { wait: 7d } ]\n")},
	}, LocalSettings(os.LookupEnv)), t.TempDir())
	a := clientOf(t, local.Instance)
	if _, err := a.SendEvent(t.Context(), client.Event{Type: "ordered", Profile: "ann"}); err != nil {
		t.Fatal(err)
	}
	follows, ended := make(chan client.LiveEvent), make(chan error, 1)
	go func() { // ends with the sequence
		var last error
		for e, err := range a.Live(t.Context(), client.LiveQuery{Topics: []string{"arrivals"}, Last: 1}) {
			if last = err; err == nil {
				follows <- e
			}
		}
		ended <- last
	}()
	if e := <-follows; e.Name != "arrival" {
		t.Errorf("it is %+v", e)
	}
	if err := local.Stop(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}
