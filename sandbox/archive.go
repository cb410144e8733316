package sandbox

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// saveEvery is the time between writes, and so the most that a crash may lose.
const saveEvery = time.Second

// lockTimeout is how long a start waits while another process has the file open; then it fails
// and says so.
const lockTimeout = 2 * time.Second

// The buckets of the file.
var (
	messageBucket = []byte("messages") // number, 8 bytes big-endian → JSON of savedMessage
	webhookBucket = []byte("webhooks") // ID → JSON of savedWebhook

	// These were added later: a file may not have them.
	threadBucket = []byte("conversations") // digest of the ID → JSON of savedThread
	personBucket = []byte("profiles")      // digest of the ID → JSON of savedPerson

	templateBucket = []byte("templates") // digest of the ID → JSON of template

	sessionBucket = []byte("sessions") // digest of the ID → JSON of session.Saved
)

// archive is the file of messages and registered webhooks. It is written in the background: a
// crash may lose a second, never half a change.
type archive struct {
	db   *bbolt.DB
	log  *slog.Logger
	stop chan struct{} // closed when it is to end
	done chan struct{} // closed when run has ended
}

// openArchive opens the file, or creates it: under a temporary name,
// so that a crash leaves no half of one.
func openArchive(path string, log *slog.Logger) (*archive, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := createArchive(path); err != nil {
			return nil, err
		}
	}
	db, err := openBolt(path)
	if err != nil {
		return nil, err
	}
	return &archive{db: db, log: log, stop: make(chan struct{}), done: make(chan struct{})}, nil
}

func createArchive(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp := path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := openBolt(temp)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, first := tx.CreateBucketIfNotExists(messageBucket)
		_, second := tx.CreateBucketIfNotExists(webhookBucket)
		return errors.Join(first, second)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

func openBolt(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, NoFreelistSync: true,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, errors.New("another process has it open")
	}
	return db, err
}

// run saves changes until the archive is closed, and once more then.
func (a *archive) run(changes func() changes) {
	defer close(a.done)
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	var left changeSet
	for open := true; open; {
		select {
		case <-tick.C:
		case <-a.stop:
			open = false
		}
		left.add(changes())
		if left.empty() {
			continue
		}
		if err := a.write(left); err != nil {
			a.log.Warn("messages were not saved; retrying", "file", a.db.Path(), "error", err)
			continue
		}
		left = changeSet{}
	}
}

// close saves the last changes and closes the file.
func (a *archive) close() error {
	close(a.stop)
	<-a.done
	return a.db.Close()
}

func (a *archive) write(c changeSet) error {
	return a.db.Update(func(tx *bbolt.Tx) error {
		messages := tx.Bucket(messageBucket)
		cursor := messages.Cursor()
		for k, _ := cursor.First(); k != nil && binary.BigEndian.Uint64(k) < c.oldest; k, _ = cursor.Next() {
			if err := cursor.Delete(); err != nil {
				return err
			}
		}
		for number, m := range c.messages {
			if err := putMessage(messages, number, m); err != nil {
				return err
			}
		}
		if err := putApps(tx, c); err != nil || c.webhooks == nil {
			return err
		}
		return replaceWebhooks(tx, c.webhooks)
	})
}

// putMessage writes a message, or takes it away when it is nil.
func putMessage(b *bbolt.Bucket, number uint64, m *savedMessage) error {
	key := binary.BigEndian.AppendUint64(nil, number)
	if m == nil {
		return b.Delete(key)
	}
	value, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return b.Put(key, value)
}

func replaceWebhooks(tx *bbolt.Tx, all []savedWebhook) error {
	if err := tx.DeleteBucket(webhookBucket); err != nil {
		return err
	}
	b, err := tx.CreateBucket(webhookBucket)
	if err != nil {
		return err
	}
	for _, w := range all {
		value, err := json.Marshal(w)
		if err != nil {
			return err
		}
		if err := b.Put([]byte(w.ID), value); err != nil {
			return err
		}
	}
	return nil
}

// read hands over everything in the file, messages from the oldest on.
func (a *archive) read(message func(uint64, savedMessage), webhook func(savedWebhook)) error {
	return a.db.View(func(tx *bbolt.Tx) error {
		messages, webhooks := tx.Bucket(messageBucket), tx.Bucket(webhookBucket)
		if messages == nil || webhooks == nil {
			return errors.New("it is not a file of a sandbox")
		}
		err := messages.ForEach(func(k, v []byte) error {
			var m savedMessage
			if err := json.Unmarshal(v, &m); err != nil || len(k) != 8 {
				return fmt.Errorf("message %x cannot be read (%v); remove the file to start again", k, err)
			}
			message(binary.BigEndian.Uint64(k), m)
			return nil
		})
		if err != nil {
			return err
		}
		return webhooks.ForEach(func(k, v []byte) error {
			var w savedWebhook
			if err := json.Unmarshal(v, &w); err != nil {
				return fmt.Errorf("webhook %s cannot be read (%w); remove the file to start again", k, err)
			}
			webhook(w)
			return nil
		})
	})
}
