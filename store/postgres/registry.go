package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"nudge/store/nodes"
)

// registry is a nodes.Registry in tables. All instants are of the server's clock.
type registry struct{ d *Database }

// Registry returns who has which partition.
func (d *Database) Registry() nodes.Registry { return registry{d} }

// alive is the condition that a row of nodes has a lease.
const alive = "NOT dead AND expires > clock_timestamp()"

// within runs a transaction.
func (r registry) within(ctx context.Context, f func(pgx.Tx) error) error {
	c, err := r.d.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	return pgx.BeginFunc(ctx, c, f)
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
		UNION ALL SELECT clock_timestamp(), NULL, '', 0, '', '', '', '', 0, now(), now(), false
		ORDER BY number, owner COLLATE "C"`)
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
	return v, rows.Err()
}

// commitPatience is how long a taker waits for a commit of the old owner; then it ends that commit.
const commitPatience = time.Second

// Take makes a node the owner of partitions. A commit of an old owner that is under way holds its partition's row; the taker waits for it a
// second, and then ends the connection that makes it, as a node that was stopped in the middle of a commit would hold it forever.
func (r registry) Take(ctx context.Context, id nodes.ID, partitions []int) (taken []nodes.Partition, err error) {
	for range 3 {
		taken, err = r.take(ctx, id, partitions)
		answer := (*pgconn.PgError)(nil)
		switch {
		case !errors.As(err, &answer):
			return taken, err
		case answer.Code == "40P01" || answer.Code == "40001": // nothing was changed
		case answer.Code == "55P03": // lock_timeout
			if err := r.endCommits(ctx, partitions); err != nil {
				return nil, err
			}
		default:
			return nil, err
		}
	}
	return nil, err
}

func (r registry) take(ctx context.Context, id nodes.ID, partitions []int) (taken []nodes.Partition, err error) {
	wanted := make([]int32, len(partitions))
	for i, n := range partitions {
		wanted[i] = int32(n)
	}
	slices.Sort(wanted)
	err = r.within(ctx, func(t pgx.Tx) error {
		if _, err := t.Exec(ctx, "SELECT set_config('lock_timeout', $1, true)", fmt.Sprint(commitPatience.Milliseconds())); err != nil {
			return err
		}
		// The rows of the taker and of all owners that it may follow, in one order, so that two takers do not wait for each other.
		var lives bool
		if _, err := t.Exec(ctx, "SELECT FROM nudge.nodes WHERE id = $1 OR id IN (SELECT owner FROM nudge.partitions WHERE number = ANY($2)) ORDER BY id FOR UPDATE",
			string(id), wanted); err != nil {
			return err
		}
		if err := t.QueryRow(ctx, "SELECT EXISTS (SELECT FROM nudge.nodes WHERE id = $1 AND "+alive+")", string(id)).Scan(&lives); err != nil {
			return err
		}
		if !lives {
			return nodes.ErrExpired
		}
		if taken, err = takeRows(ctx, t, id, wanted); err != nil {
			return err
		}
		_, err := t.Exec(ctx, "UPDATE nudge.nodes SET dead = true WHERE id <> $1 AND NOT ("+alive+") AND NOT dead AND id IN "+
			"(SELECT last FROM nudge.partitions WHERE owner = $1 AND number = ANY($2))", string(id), wanted)
		return err
	})
	if err != nil {
		taken = nil
	}
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

// endCommits ends the connections that hold rows of partitions whose owner has no lease.
func (r registry) endCommits(ctx context.Context, partitions []int) error {
	wanted := make([]int32, len(partitions))
	for i, n := range partitions {
		wanted[i] = int32(n)
	}
	ended := 0
	err := r.within(ctx, func(t pgx.Tx) error {
		if _, err := t.Exec(ctx, "SELECT set_config('lock_timeout', '100', true)"); err != nil {
			return err
		}
		var err error
		ended, err = endHolders(ctx, t, wanted)
		return err
	})
	if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) && answer.Code == "42501" {
		return fmt.Errorf("a commit of the old owner hangs, and the role %s may not end it: all nodes need the same role, or it must be a member of pg_signal_backend: %w", r.d.role, err)
	}
	if ended > 0 {
		r.d.log.Warn("ended commits of nodes whose lease is over", "database", r.d.where, "connections", ended)
	}
	return err
}

// be4 is a number of four bytes.
func be4(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
