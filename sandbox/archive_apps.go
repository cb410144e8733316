package sandbox

import (
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"

	"nudge/sandbox/session"
)

// putApps writes the changed conversations, profiles, templates and sessions.
func putApps(tx *bbolt.Tx, c changeSet) error {
	if err := putAll(tx, threadBucket, c.threads); err != nil {
		return err
	}
	if err := putAll(tx, personBucket, c.people); err != nil {
		return err
	}
	if err := putAll(tx, templateBucket, c.templates); err != nil {
		return err
	}
	return putAll(tx, sessionBucket, c.sessions)
}

// putAll writes values under a digest of their IDs, and takes away those that are nil.
func putAll[T any](tx *bbolt.Tx, bucket []byte, all map[string]*T) error {
	b, err := tx.CreateBucketIfNotExists(bucket)
	if err != nil {
		return err
	}
	for id, x := range all {
		key := []byte(guidOf(id)) // IDs may be longer than a key may be
		if x == nil {
			if err := b.Delete(key); err != nil {
				return err
			}
			continue
		}
		value, err := json.Marshal(x)
		if err != nil {
			return err
		}
		if err := b.Put(key, value); err != nil {
			return err
		}
	}
	return nil
}

// readApps hands over the conversations, profiles, templates and sessions in the file.
func (a *archive) readApps(thread func(savedThread), person func(savedPerson), kept func(template),
	take func(session.Saved)) error {
	return a.db.View(func(tx *bbolt.Tx) error {
		if err := readAll(tx, threadBucket, thread); err != nil {
			return err
		}
		if err := readAll(tx, personBucket, person); err != nil {
			return err
		}
		if err := readAll(tx, templateBucket, kept); err != nil {
			return err
		}
		return readAll(tx, sessionBucket, take)
	})
}

func readAll[T any](tx *bbolt.Tx, bucket []byte, take func(T)) error {
	b := tx.Bucket(bucket)
	if b == nil {
		return nil
	}
	return b.ForEach(func(k, v []byte) error {
		var x T
		if err := json.Unmarshal(v, &x); err != nil {
			return fmt.Errorf("%s %s cannot be read (%w); remove the file to start again", bucket, k, err)
		}
		take(x)
		return nil
	})
}
