package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"nudge/store"
)

const (
	tripTimeout = 10 * time.Second // one read of a store in PostgreSQL waits for its answer; then what asked fails with 503
	maxView     = 5 * time.Second  // one reader of a store in PostgreSQL may see it as it was at one instant; then it fails, because vacuum cannot clean meanwhile
)

// ErrLongView is the error of a read that took too long.
var ErrLongView = fmt.Errorf("a read from PostgreSQL took more than %v and was ended, because vacuum cannot clean meanwhile; ask for less at once", maxView)

// send sends a batch, and calls each with the rows of the answer, whose bytes are used again after that. Each trip that a
// database is asked for counts.
func (d *Database) send(ctx context.Context, c *pgconn.PgConn, b *batch, each func(statement int, values [][]byte) error) error {
	d.trips.Add(1)
	results := c.ExecBatch(ctx, &b.Batch)
	var failed error
	for i := 0; results.NextResult(); i++ {
		rows := results.ResultReader()
		for rows.NextRow() {
			if failed == nil && each != nil {
				failed = each(i, rows.Values())
			}
		}
		rows.Close() // its error is that of the batch
	}
	if err := results.Close(); err != nil {
		return plain(err)
	}
	return failed
}

// read sends a batch on any connection. If the server has ended that connection meanwhile, it tries once more.
func (d *Database) read(b func() *batch, each func(statement int, values [][]byte) error) (err error) {
	for range 2 {
		if err = d.readOnce(b(), each); !gone(err) {
			return err
		}
	}
	return err
}

func (d *Database) readOnce(b *batch, each func(statement int, values [][]byte) error) error {
	ctx, cancel := context.WithTimeout(d.life, tripTimeout)
	defer cancel()
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	return d.send(ctx, c.Conn().PgConn(), b, each)
}

// acquire takes a connection from the pool.
func (d *Database) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	c, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("no connection to PostgreSQL: %w", plain(err))
	}
	return c, nil
}

// gone reports whether an error is that of a connection that is no more.
func gone(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var lost *lostError
	return errors.As(err, &lost)
}

// lostError is an error that did not come as an answer of a server that works.
type lostError struct{ error }

func (e *lostError) Unwrap() error { return e.error }

// Is says that the database did not answer.
func (e *lostError) Is(target error) bool { return target == store.ErrUnreachable }

// plain marks errors that are no answers, and answers of a server that stops, begins, or has no place for another connection.
func plain(err error) error {
	answer := (*pgconn.PgError)(nil)
	if !errors.As(err, &answer) || strings.HasPrefix(answer.Code, "57P") || strings.HasPrefix(answer.Code, "08") || answer.Code == "53300" {
		return &lostError{fmt.Errorf("the connection to PostgreSQL failed: %w", err)}
	}
	return err
}

// fetch reads wants of a partition, each statement by itself. What they find is of one instant only if nobody commits meanwhile.
func (d *Database) fetch(partition int, wants []want) [][]row {
	var found [][]row
	var statements []statement
	err := d.read(func() *batch {
		found = make([][]row, len(wants))
		b := new(batch)
		statements = ask(b, partition, wants)
		return b
	}, func(i int, values [][]byte) error { return statements[i].take(wants, found, values) })
	if err != nil {
		panic(failure{fmt.Errorf("partition %d: %w", partition, err)})
	}
	return found
}

// snapshot reads partitions as they are at one instant: at its first read.
type snapshot struct {
	d      *Database
	ctx    context.Context
	end    context.CancelFunc
	conn   *pgxpool.Conn
	begun  bool
	broken error // why it cannot go on
	place  bool  // it has one among the readers
	ahead  bool  // it does not wait for a place, because commits wait for it
}

const (
	beginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	// The server ends a snapshot that nobody ends.
	limitSnapshot = "SELECT set_config('idle_in_transaction_session_timeout', '6000', true), set_config('statement_timeout', '6000', true)"
)

func (d *Database) snapshot() *snapshot {
	s := &snapshot{d: d}
	s.ctx, s.end = context.WithTimeoutCause(d.life, d.longest, ErrLongView)
	return s
}

// fetch reads wants of a partition.
func (s *snapshot) fetch(partition int, wants []want) [][]row {
	if s.broken != nil {
		panic(failure{s.broken})
	}
	found, err := s.try(partition, wants)
	if err != nil && s.conn != nil && len(found) == 0 && gone(err) && s.ctx.Err() == nil { // it failed at its first read
		s.close()
		found, err = s.try(partition, wants)
	}
	if err != nil {
		if s.ctx.Err() != nil {
			err = context.Cause(s.ctx)
		}
		panic(failure{fmt.Errorf("partition %d: %w", partition, err)})
	}
	return found
}

// try reads wants. After an error the result is empty if nothing was read before, too, so that it may be tried again.
func (s *snapshot) try(partition int, wants []want) (found [][]row, err error) {
	b, before := new(batch), 0
	if s.conn == nil {
		if err := s.connect(); err != nil {
			return nil, err
		}
		b.add(beginSnapshot)
		b.add(limitSnapshot)
		before = 2
	}
	found = make([][]row, len(wants))
	statements := ask(b, partition, wants)
	err = s.d.send(s.ctx, s.conn.Conn().PgConn(), b, func(i int, values [][]byte) error {
		if i < before {
			return nil
		}
		return statements[i-before].take(wants, found, values)
	})
	if err != nil && !s.begun {
		found = nil
	}
	s.begun = s.begun || err == nil
	return found, err
}

// connect takes a connection. Some are left for commits.
func (s *snapshot) connect() (err error) {
	if !s.ahead {
		select {
		case s.d.readers <- struct{}{}:
			s.place = true
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		}
	}
	if s.conn, err = s.d.acquire(s.ctx); err != nil {
		s.leavePlace()
	}
	return err
}

func (s *snapshot) leavePlace() {
	if s.place {
		<-s.d.readers
		s.place = false
	}
}

// hold takes the instant now.
func (s *snapshot) hold() { s.fetch(0, nil) }

// close ends the transaction.
func (s *snapshot) close() {
	if s.conn == nil {
		return
	}
	defer s.leavePlace()
	defer s.conn.Release()
	c := s.conn.Conn().PgConn()
	s.conn = nil
	if c.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(s.d.life, tripTimeout)
	defer cancel()
	if _, err := c.Exec(ctx, "ROLLBACK").ReadAll(); err != nil {
		c.Close(ctx) // the pool makes another one
	}
}
