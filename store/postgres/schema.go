package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"nudge/engine"
	"nudge/store"
)

// level is the level of the tables that this Nudge makes and understands. Newer levels only add.
const level = 1

// The codes of the errors of the fence. Class ND is nobody's.
const (
	codeNotOwner = "ND001"
	codeLost     = "ND002"
)

// schema makes what all partitions share.
const schema = `
CREATE SCHEMA IF NOT EXISTS nudge;

CREATE TABLE nudge.store (
	one        boolean PRIMARY KEY DEFAULT true CHECK (one),
	level      integer NOT NULL,  -- of these tables
	format     integer NOT NULL,  -- of the records, when the store was made
	partitions integer NOT NULL,
	seed       bytea NOT NULL,    -- of all that is random and that all nodes have in common
	made       timestamptz NOT NULL DEFAULT now(),
	project    text NOT NULL DEFAULT '' -- whose store it is; empty: its nudge.yaml names none
);

-- Frozen audiences of campaigns, in chunks of whole lines.
CREATE TABLE nudge.audiences (
	name     text,
	at_byte  bigint,
	lines    bytea NOT NULL,
	made     timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (name, at_byte)
);

CREATE TABLE nudge.nodes (
	id      text PRIMARY KEY,
	name    text NOT NULL,
	address text NOT NULL,
	level   integer NOT NULL,
	began   timestamptz NOT NULL,
	expires timestamptz NOT NULL,
	dead    boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

CREATE TABLE nudge.partitions (
	number   integer PRIMARY KEY,
	owner    text NOT NULL DEFAULT '',
	epoch    bigint NOT NULL DEFAULT 0,
	last     text NOT NULL DEFAULT '',
	database text NOT NULL DEFAULT ''
) WITH (fillfactor = 50);

-- A row is the number of the last commit of a partition.
CREATE TABLE nudge.commits (
	partition integer,
	number    bigint,
	PRIMARY KEY (partition, number)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- The fence is the first statement of each commit. The lock makes a taker wait for the commit. The last statement keeps plans from
-- reading whole tables, for which statistics of a queue that was empty would be a reason.
CREATE FUNCTION nudge.fence(of bigint, by text, under bigint, after bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM nudge.partitions WHERE number = of AND owner = by AND owner <> '' AND epoch = under FOR SHARE;
	IF NOT FOUND THEN
		IF EXISTS (SELECT FROM nudge.partitions WHERE number = of AND epoch < under) OR NOT EXISTS (SELECT FROM nudge.commits WHERE partition = of AND number >= after) THEN
			RAISE EXCEPTION 'partition % has neither epoch % nor commit %', of, under, after USING ERRCODE = 'ND002';
		END IF;
		RAISE EXCEPTION 'partition % is not owned by % in epoch %', of, by, under USING ERRCODE = 'ND001';
	END IF;
	DELETE FROM nudge.commits WHERE partition = of AND number = after;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'partition % has no commit %', of, after USING ERRCODE = 'ND002';
	END IF;
	INSERT INTO nudge.commits VALUES (of, after + 1);
	IF current_setting('synchronous_commit') IN ('off', 'local', 'remote_write') THEN
		PERFORM set_config('synchronous_commit', 'on', true);
	END IF;
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
		set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);
END $$;
`

// tables returns what makes the tables of a partition.
func tables(partition int) string {
	var b strings.Builder
	for t := range tableCount {
		fmt.Fprintf(&b, "CREATE TABLE %s (bucket smallint, key bytea, value bytea NOT NULL, PRIMARY KEY (bucket, key)) WITH (%s);\n", tableName(t, partition), settings[t])
	}
	fmt.Fprintf(&b, "INSERT INTO nudge.partitions (number) VALUES (%d);\nINSERT INTO nudge.commits VALUES (%[1]d, 0);\n", partition)
	return b.String()
}

// makeLock is held while the tables are made. Its number means nothing.
const makeLock = 7_301_440_921

// Make makes the tables of a store with n partitions, unless they are there. Several nodes may do so at the same time. It fails if there are
// the tables of another number of partitions.
func (d *Database) Make(ctx context.Context, n int) error {
	if err := (engine.Partition{Of: max(n, 1)}).Check(); err != nil {
		return err
	}
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	err = d.make(ctx, c.Conn().PgConn(), n)
	if err != nil {
		c.Conn().Close(ctx) // whatever it left open
		return d.mayNot(err)
	}
	if found := int(d.partitions.Load()); found != n {
		return fmt.Errorf("the store in %s has %d partitions, not %d", d.where, found, n)
	}
	return nil
}

func (d *Database) make(ctx context.Context, c *pgconn.PgConn, n int) error {
	run := func(sql string) error {
		_, err := c.Exec(ctx, sql).ReadAll()
		return err
	}
	if err := run(fmt.Sprintf("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(%d)", makeLock)); err != nil {
		return err
	}
	found, err := d.look(ctx, c)
	if err != nil {
		return err
	}
	if found == 0 {
		var all strings.Builder
		all.WriteString(schema)
		for i := range n {
			all.WriteString(tables(i))
		}
		seed := make([]byte, seedBytes)
		rand.Read(seed)
		fmt.Fprintf(&all, "INSERT INTO nudge.store (level, format, partitions, seed) VALUES (%d, %d, %d, '\\x%x')", level, store.Format, n, seed)
		if err := run(all.String()); err != nil {
			return err
		}
		found = n
	}
	if err := run("COMMIT"); err != nil {
		return err
	}
	d.partitions.Store(int64(found))
	return nil
}

// look returns how many partitions there are; 0 if there are no tables yet. It refuses tables that this Nudge does not understand.
func (d *Database) look(ctx context.Context, c *pgconn.PgConn) (partitions int, err error) {
	there := false
	b := new(batch)
	// This reads the tables of the catalog. What looks names up may use what the connection knew before it waited for the lock.
	b.add("SELECT 1::bigint FROM pg_class WHERE relname = 'store' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'nudge')")
	if err := d.send(ctx, c, b, func(int, [][]byte) error {
		there = true
		return nil
	}); err != nil || !there {
		return 0, err
	}
	b = new(batch)
	b.add("SELECT level::bigint, partitions::bigint FROM nudge.store")
	err = d.send(ctx, c, b, func(_ int, values [][]byte) error {
		found, err := whole(values[0])
		n, failed := whole(values[1])
		partitions = int(n)
		if err == nil && found > level {
			err = fmt.Errorf("the tables in %s are of level %d, which a newer Nudge made; this one understands up to %d: run the newer one", d.where, found, level)
		}
		return errors.Join(err, failed)
	})
	return partitions, err
}

// mayNot says what a role lacks, if that is why something failed.
func (d *Database) mayNot(err error) error {
	if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) && answer.Code == "42501" {
		return fmt.Errorf("%s: the role %s lacks a right (%s): docs/postgresql.md says which it needs", d.where, d.role, answer.Message)
	}
	return err
}
