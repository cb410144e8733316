package bare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
)

// send posts the message of one run after the other, and makes the run wait.
func (l *Loop) send() {
	var text bytes.Buffer
	for {
		select {
		case run := <-l.sends:
			text.Reset()
			l.settle(l.sendOne(run, &text))
		case <-l.quit:
			return
		}
	}
}

// sendOne sends a message and reports whether the receipt was already there, so that the
// run ended.
func (l *Loop) sendOne(run int, text *bytes.Buffer) (ended bool, err error) {
	if err := l.text.Execute(text, dataOf(run)); err != nil {
		return false, err
	}
	id, err := l.post(run, text.String())
	if err != nil {
		return false, err
	}
	due := time.Now().Add(time.Hour)
	err = l.commit(func(tx *bbolt.Tx) (err error) {
		ended, err = park(tx, run, id, due)
		return err
	})
	if err == nil {
		l.waiting.Add(1)
	}
	return ended, err
}

// post sends a message and returns its ID.
func (l *Loop) post(run int, text string) (string, error) {
	body := fmt.Appendf(nil, `{"to":{"profileId":"u-%d"},"body":%s}`, run, strconv.Quote(text))
	response, err := l.client.Post(l.sink+"/messages", "application/json", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var taken struct{ MessageID string }
	if err := json.NewDecoder(response.Body).Decode(&taken); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("the sink answered %s", response.Status)
	}
	return taken.MessageID, nil
}
