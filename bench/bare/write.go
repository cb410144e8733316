package bare

import (
	"errors"

	"go.etcd.io/bbolt"
)

// errClosed is the error for a change that comes after Close.
var errClosed = errors.New("bare: the loop is closed")

// commit returns when a change is durable.
func (l *Loop) commit(apply func(*bbolt.Tx) error) error {
	c := change{apply, make(chan error, 1)}
	select {
	case l.changes <- c:
	case <-l.quit:
		return errClosed
	}
	select {
	case err := <-c.done:
		return err
	case <-l.quit:
		return errClosed
	}
}

// write repeatedly commits the queued changes.
func (l *Loop) write() {
	var batch []change
	for {
		select {
		case c := <-l.changes:
			batch = append(batch[:0], c)
		case <-l.quit:
			return
		}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case c := <-l.changes:
				batch = append(batch, c)
			default:
				more = false
			}
		}
		err := l.db.Update(func(tx *bbolt.Tx) error {
			for _, c := range batch {
				if err := c.apply(tx); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range batch {
			c.done <- err
		}
	}
}
