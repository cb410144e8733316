package story

import (
	"fmt"

	"nudge/store/storetest"
)

// Digests plays a test, and returns the digests of the journal and the store it leaves.
func Digests(t *Test) (journal, all string, err error) {
	w, err := NewWorld(t.File.Flows, t.People(), t.Start, t.File.Folder)
	if err != nil {
		return "", "", err
	}
	w.answers = t.Answers
	w.Deal(t.Arms)
	p := &player{world: w, test: t}
	if failure := p.play(); failure != nil {
		return "", "", fmt.Errorf("%s", failure.Message)
	}
	return storetest.Digests(w.kv)
}
