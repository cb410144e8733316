package bare

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// record is the stored form of a run.
type record struct {
	Run     int               `json:"run"`
	State   string            `json:"state"` // started, waiting or done
	Message string            `json:"message,omitempty"`
	Due     int64             `json:"due,omitempty"` // nanoseconds
	Read    bool              `json:"read,omitempty"`
	Data    map[string]string `json:"data"`
}

// dataOf returns the data of R1's event, in the form that bare stores.
func dataOf(run int) map[string]string {
	return map[string]string{
		"name": "Ada", "order": fmt.Sprint("A-", run), "date": "2026-11-22", "carrier": "DHL",
		"url": fmt.Sprint("https://example.org/t/", run), "profile": fmt.Sprint("u-", run),
	}
}

func keyOf(run int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(run)) }

func timerOf(r *record) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(r.Due)), uint64(r.Run))
}

func get(tx *bbolt.Tx, run int) (*record, error) {
	value := tx.Bucket(runs).Get(keyOf(run))
	if value == nil {
		return nil, fmt.Errorf("bare: there is no run %d", run)
	}
	r := &record{}
	return r, json.Unmarshal(value, r)
}

func put(tx *bbolt.Tx, r *record) error {
	value, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return tx.Bucket(runs).Put(keyOf(r.Run), value)
}

// park makes a run wait for its receipt, or ends it if the receipt has already come.
func park(tx *bbolt.Tx, run int, message string, due time.Time) (ended bool, err error) {
	r, err := get(tx, run)
	if err != nil {
		return false, err
	}
	r.Message, r.State = message, "waiting"
	if r.Read {
		r.State = "done"
		return true, put(tx, r)
	}
	r.Due = due.UnixNano()
	if err := tx.Bucket(timers).Put(timerOf(r), nil); err != nil {
		return false, err
	}
	if err := tx.Bucket(messages).Put([]byte(message), keyOf(run)); err != nil {
		return false, err
	}
	return false, put(tx, r)
}

// accept records that a receipt has come.
func accept(tx *bbolt.Tx, run int) error {
	r, err := get(tx, run)
	if err != nil {
		return err
	}
	r.Read = true
	return put(tx, r)
}

// complete ends a waiting run.
func complete(tx *bbolt.Tx, run int) (ended bool, err error) {
	r, err := get(tx, run)
	if err != nil || r.State != "waiting" {
		return false, err
	}
	if err := tx.Bucket(timers).Delete(timerOf(r)); err != nil {
		return false, err
	}
	if err := tx.Bucket(messages).Delete([]byte(r.Message)); err != nil {
		return false, err
	}
	r.State, r.Due = "done", 0
	return true, put(tx, r)
}
