package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"nudge/store/nodes"
)

// registry is a nodes.Registry in tables. All instants are of the server's clock.
type registry struct{ d *Database }

// Registry returns who has which partition.
func (d *Database) Registry() nodes.Registry { return registry{d} }

// alive is the condition that a row of nodes has a lease.
const alive = "NOT dead AND expires > clock_timestamp()"

// within runs a transaction. If the server has ended the connection meanwhile, it takes another one.
func (r registry) within(ctx context.Context, f func(pgx.Tx) error) error {
	t, c, err := r.begin(ctx)
	if gone(err) {
		t, c, err = r.begin(ctx)
	}
	if err != nil {
		return err
	}
	defer c.Release()
	defer t.Rollback(context.WithoutCancel(ctx)) // it does nothing after a commit
	if err := f(t); err != nil {
		return err
	}
	return t.Commit(ctx)
}

func (r registry) begin(ctx context.Context) (pgx.Tx, *pgxpool.Conn, error) {
	c, err := r.d.acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	t, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		c.Release()
		return nil, nil, plain(err)
	}
	return t, c, nil
}

func seconds(d time.Duration) float64 { return d.Seconds() }

// Join adds a node. It forgets the nodes that are over, and that no partition names.
func (r registry) Join(ctx context.Context, n nodes.Node, term time.Duration) error {
	return r.within(ctx, func(t pgx.Tx) error {
		if _, err := t.Exec(ctx, "DELETE FROM nudge.nodes n WHERE NOT ("+alive+") AND n.id <> $1 "+
			"AND NOT EXISTS (SELECT FROM nudge.partitions p WHERE p.owner = n.id OR p.last = n.id)", string(n.ID)); err != nil {
			return err
		}
		_, err := t.Exec(ctx, "INSERT INTO nudge.nodes (id, name, address, level, began, expires) "+
			"SELECT $1, $2, $3, $4, now, now + make_interval(secs => $5) FROM clock_timestamp() now",
			string(n.ID), n.Name, n.Address, int32(n.Level), seconds(term))
		if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) && answer.Code == "23505" {
			return fmt.Errorf("there is a node %s already", n.ID)
		}
		return err
	})
}

// Renew makes a node's lease end later. A commit of a partition that the node has does not wait for it.
func (r registry) Renew(ctx context.Context, id nodes.ID, term time.Duration) (v nodes.View, err error) {
	err = r.within(ctx, func(t pgx.Tx) error {
		done, err := t.Exec(ctx, "UPDATE nudge.nodes SET expires = clock_timestamp() + make_interval(secs => $2) WHERE id = $1 AND "+alive, string(id), seconds(term))
		if err != nil {
			return err
		}
		if done.RowsAffected() != 1 {
			return nodes.ErrExpired
		}
		v, err = view(ctx, t)
		return err
	})
	return v, err
}

// View returns what the registry has.
func (r registry) View(ctx context.Context) (v nodes.View, err error) {
	err = r.within(ctx, func(t pgx.Tx) error {
		v, err = view(ctx, t)
		return err
	})
	return v, err
}

// view reads nodes and partitions by one statement, so that they are of one instant.
func view(ctx context.Context, t pgx.Tx) (v nodes.View, err error) {
	rows, err := t.Query(ctx, `SELECT clock_timestamp(), number, owner, epoch, last, database, '', '', 0, now(), now(), false FROM nudge.partitions
		UNION ALL SELECT clock_timestamp(), NULL, id, 0, '', '', name, address, level, began, expires, dead FROM nudge.nodes n
			WHERE NOT dead OR EXISTS (SELECT FROM nudge.partitions p WHERE p.owner = n.id OR p.last = n.id)
		UNION ALL SELECT clock_timestamp(), NULL, '', 0, '', '', '', '', 0, now(), now(), false`)
	if err != nil {
		return v, err
	}
	defer rows.Close()
	for rows.Next() {
		var n nodes.Node
		var p nodes.Partition
		var number *int
		var owner, last string
		if err := rows.Scan(&v.Now, &number, &owner, &p.Epoch, &last, &p.Database, &n.Name, &n.Address, &n.Level, &n.Began, &n.Expires, &n.Dead); err != nil {
			return v, err
		}
		switch {
		case number != nil:
			p.Number, p.Owner, p.Last = *number, nodes.ID(owner), nodes.ID(last)
			v.Partitions = append(v.Partitions, p)
		case owner != "":
			n.ID = nodes.ID(owner)
			v.Nodes = append(v.Nodes, n)
		}
	}
	slices.SortFunc(v.Nodes, func(a, b nodes.Node) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(v.Partitions, func(a, b nodes.Partition) int { return a.Number - b.Number })
	return v, rows.Err()
}

const (
	commitPatience = time.Second     // a node that takes a partition waits for a commit of the old owner; then it ends the connection of that commit
	takePatience   = 3 * time.Second // a node that takes partitions waits in all; then it tries again later
	takeLock       = 7_301_440_922   // is held by who takes partitions. Its number means nothing
)

// Take makes a node the owner of partitions. A commit of an old owner that is under way holds its partition's row; the taker waits for it a
// second, and then ends the connection that makes it, as a node that was stopped in the middle of a commit would hold it forever.
func (r registry) Take(ctx context.Context, id nodes.ID, partitions []int) (taken []nodes.Partition, err error) {
	wanted := make([]int32, len(partitions))
	for i, n := range partitions {
		wanted[i] = int32(n)
	}
	var mayNot atomic.Pointer[error]
	err = r.within(ctx, func(t pgx.Tx) error {
		var process int32
		if err := t.QueryRow(ctx, "SELECT pg_backend_pid() FROM set_config('lock_timeout', $1, true)", fmt.Sprint(takePatience.Milliseconds())).Scan(&process); err != nil {
			return err
		}
		defer time.AfterFunc(commitPatience, func() {
			if err := r.endBlockers(ctx, process); err != nil {
				mayNot.Store(&err)
			}
		}).Stop()
		taken, err = take(ctx, t, id, wanted)
		return err
	})
	if why := mayNot.Load(); why != nil && err != nil {
		err = errors.Join(err, *why)
	}
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// take takes partitions, one taker after the other. The rows of the owners are locked before it is decided which of them have a lease.
func take(ctx context.Context, t pgx.Tx, id nodes.ID, wanted []int32) (taken []nodes.Partition, err error) {
	if _, err := t.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(takeLock)); err != nil {
		return nil, err
	}
	if _, err := t.Exec(ctx, "SELECT FROM nudge.nodes WHERE id = $1 OR id IN (SELECT owner FROM nudge.partitions WHERE number = ANY($2)) ORDER BY id FOR UPDATE",
		string(id), wanted); err != nil {
		return nil, err
	}
	var lives bool
	if err := t.QueryRow(ctx, "SELECT EXISTS (SELECT FROM nudge.nodes WHERE id = $1 AND "+alive+")", string(id)).Scan(&lives); err != nil {
		return nil, err
	}
	if !lives {
		return nil, nodes.ErrExpired
	}
	if taken, err = takeRows(ctx, t, id, wanted); err != nil {
		return nil, err
	}
	_, err = t.Exec(ctx, "UPDATE nudge.nodes SET dead = true WHERE id <> $1 AND NOT ("+alive+") AND NOT dead AND id IN "+
		"(SELECT last FROM nudge.partitions WHERE owner = $1 AND number = ANY($2))", string(id), wanted)
	return taken, err
}

// takeRows takes the partitions whose owner has no lease. The rows of those owners are locked. One whose row is not, because it became the
// owner meanwhile, has a lease.
func takeRows(ctx context.Context, t pgx.Tx, id nodes.ID, wanted []int32) (taken []nodes.Partition, err error) {
	rows, err := t.Query(ctx, `WITH free AS (
			SELECT number FROM nudge.partitions p WHERE number = ANY($2)
				AND (owner = $1 OR NOT EXISTS (SELECT FROM nudge.nodes n WHERE n.id = p.owner AND `+alive+`))
			ORDER BY number FOR UPDATE)
		UPDATE nudge.partitions p SET owner = $1, epoch = epoch + 1, last = CASE WHEN owner IN ('', $1) THEN last ELSE owner END
		FROM free WHERE p.number = free.number RETURNING p.number, p.owner, p.epoch, p.last, p.database`, string(id), wanted)
	if err != nil {
		return nil, err
	}
	taken, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p nodes.Partition, err error) {
		var owner, last string
		err = row.Scan(&p.Number, &owner, &p.Epoch, &last, &p.Database)
		p.Owner, p.Last = nodes.ID(owner), nodes.ID(last)
		return p, err
	})
	slices.SortFunc(taken, func(a, b nodes.Partition) int { return a.Number - b.Number })
	return taken, err
}

// endBlockers ends the connections that a process of the server waits for.
func (r registry) endBlockers(ctx context.Context, process int32) error {
	var ended int
	err := r.within(ctx, func(t pgx.Tx) error {
		return t.QueryRow(ctx, "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM unnest(pg_blocking_pids($1)) pid", process).Scan(&ended)
	})
	if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) && answer.Code == "42501" {
		err = fmt.Errorf("a commit of the old owner hangs, and the role %s may not end it; let all nodes have the same role, or make it a member of pg_signal_backend: %w", r.d.role, err)
	}
	switch {
	case err != nil:
		r.d.log.Error("cannot end a commit of an old owner", "database", r.d.where, "error", err)
	case ended > 0:
		r.d.log.Warn("ended a commit of an old owner that held a partition for a second", "database", r.d.where, "connections", ended)
	}
	return err
}

// Release gives a partition back.
func (r registry) Release(ctx context.Context, id nodes.ID, partition int, epoch uint64) error {
	return r.within(ctx, func(t pgx.Tx) error {
		done, err := t.Exec(ctx, "UPDATE nudge.partitions SET owner = '', last = owner WHERE number = $1 AND owner = $2 AND owner <> '' AND epoch = $3",
			int32(partition), string(id), int64(epoch))
		if err == nil && done.RowsAffected() != 1 {
			err = nodes.ErrNotOwner
		}
		return err
	})
}

// Leave gives back all that a node owns.
func (r registry) Leave(ctx context.Context, id nodes.ID) error {
	return r.within(ctx, func(t pgx.Tx) error {
		if _, err := t.Exec(ctx, "UPDATE nudge.nodes SET dead = true WHERE id = $1", string(id)); err != nil {
			return err
		}
		_, err := t.Exec(ctx, "UPDATE nudge.partitions SET owner = '', last = owner WHERE owner = $1 AND owner <> ''", string(id))
		return err
	})
}
