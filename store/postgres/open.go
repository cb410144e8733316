package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	connectTimeout = 5 * time.Second // a connection to PostgreSQL may take to open; then what needs it fails. `connect_timeout` in the URL changes it
	defaultPool    = 20              // connections to PostgreSQL a node opens; what needs another one waits. `pool_max_conns` in the URL changes it
	minPool        = 4
	allCaches      = 64 << 20 // bytes of what all partitions of a node keep in memory, if it owns all
	minCache       = 4 << 20
	minVersion     = 150000 // of PostgreSQL, as it numbers itself
)

// Database is a store in PostgreSQL.
type Database struct {
	pool       *pgxpool.Pool
	log        *slog.Logger
	where      string // for people: without secrets
	role       string
	life       context.Context
	end        context.CancelFunc
	partitions atomic.Int64
	readers    chan struct{} // a place for each transaction that may read at the same time
	trips      atomic.Int64
	longest    time.Duration // that a snapshot may live
}

// Open connects to the database that a URL or the PG* variables name, and refuses one that cannot keep a store.
func Open(ctx context.Context, url string, log *slog.Logger) (*Database, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errURL(err)
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = defaultPool
	}
	c := config.ConnConfig
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "nudge"
	}
	c.OnNotice = noteWarning
	config.MaxConns = max(config.MaxConns, minPool)
	d := &Database{log: log, longest: maxView, where: fmt.Sprintf("the database %s at %s", c.Database, address(c.Host, c.Port)), role: c.User}
	d.readers = make(chan struct{}, config.MaxConns/2)
	d.life, d.end = context.WithCancel(context.Background())
	if d.pool, err = pgxpool.NewWithConfig(d.life, config); err != nil {
		d.end()
		return nil, fmt.Errorf("%s: %w", d.where, err)
	}
	if err := d.check(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// errURL says that an address cannot be read. The error of the reader may repeat parts of it, and one may be a password.
func errURL(err error) error {
	what := "it is neither a URL such as postgres://nudge@db.example.com/nudge nor a list such as host=db.example.com dbname=nudge"
	if strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "sslrootcert") {
		what = "a file for TLS that it names cannot be read"
	}
	return errors.New("the address of PostgreSQL cannot be read: " + what)
}

func address(host string, port uint16) string {
	if strings.HasPrefix(host, "/") {
		return host
	}
	return net.JoinHostPort(host, fmt.Sprint(port))
}

// Close ends all connections. What still reads or commits fails.
func (d *Database) Close() {
	d.end()
	if d.pool != nil {
		d.pool.Close()
	}
}

// Partitions returns how many partitions the store has; 0 if there is none yet.
func (d *Database) Partitions() int { return int(d.partitions.Load()) }

// Where names the database for people, without secrets.
func (d *Database) Where() string { return d.where }

// cacheBytes is how much a partition may keep in memory.
func (d *Database) cacheBytes() int {
	return max(minCache, allCaches/max(1, d.Partitions()))
}

// warningKey is where a connection notes the last warning of the server.
const warningKey = "nudge warning"

func noteWarning(c *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		c.CustomData()[warningKey] = n.Message
	}
}

// warnings returns the last warning since the last call; empty for none.
func warnings(c *pgconn.PgConn) string {
	text, _ := c.CustomData()[warningKey].(string)
	delete(c.CustomData(), warningKey)
	return text
}

// facts are what a server says about itself.
type facts struct {
	version   int64
	encoding  string
	fsync     string
	standby   bool
	standbys  string // synchronous_standby_names
	replicas  int64  // attached now
	mayNotUse bool
	readOnly  bool // default_transaction_read_only
}

const askFacts = `SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding')::text, current_setting('fsync')::text,
	pg_is_in_recovery(), current_setting('synchronous_standby_names')::text, (SELECT count(*) FROM pg_stat_replication),
	EXISTS (SELECT FROM pg_namespace WHERE nspname = 'nudge' AND NOT has_schema_privilege(oid, 'USAGE')),
	current_setting('default_transaction_read_only')::boolean`

const askRights = `SELECT 1::bigint FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'nudge') AND relkind = 'r'
	AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')) LIMIT 1`

// check refuses a server that cannot keep a store.
func (d *Database) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tripTimeout)
	defer cancel()
	c, err := d.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", d.where, err)
	}
	defer c.Release()
	conn := c.Conn().PgConn()
	f, err := d.facts(ctx, conn)
	if err != nil {
		return fmt.Errorf("%s: %w", d.where, err)
	}
	if err := f.refuse(d.where, d.role); err != nil {
		return err
	}
	if f.mayLose() {
		d.log.Warn("PostgreSQL has replicas and waits for none of them (synchronous_standby_names is empty): a failover to one may lose inputs that were answered, and repeat messages",
			"database", d.where, "replicas", f.replicas)
	}
	n, err := d.look(ctx, conn)
	if err != nil {
		return d.mayNot(err)
	}
	d.partitions.Store(int64(n))
	lacks := false
	b := new(batch)
	b.add(askRights)
	if err := d.send(ctx, conn, b, func(int, [][]byte) error {
		lacks = true
		return nil
	}); err != nil {
		return err
	}
	if lacks {
		return fmt.Errorf("%s: the role %s may not read and change all tables of the schema nudge: docs/postgresql.md says which rights it needs", d.where, d.role)
	}
	return nil
}

func (d *Database) facts(ctx context.Context, c *pgconn.PgConn) (f facts, err error) {
	b := new(batch)
	b.add(askFacts)
	err = d.send(ctx, c, b, func(_ int, v [][]byte) (err error) {
		yes := func(value []byte) bool { return len(value) == 1 && value[0] == 1 }
		var failed error
		f.version, err = whole(v[0])
		f.replicas, failed = whole(v[5])
		f.encoding, f.fsync, f.standby, f.standbys, f.mayNotUse, f.readOnly = string(v[1]), string(v[2]), yes(v[3]), string(v[4]), yes(v[6]), yes(v[7])
		return errors.Join(err, failed)
	})
	return f, err
}

// refuse returns why a server cannot keep a store; nil if it can.
func (f *facts) refuse(where, role string) error {
	switch {
	case f.version < minVersion:
		return fmt.Errorf("%s is of PostgreSQL %d; Nudge needs 15 or newer", where, f.version/10000)
	case f.standby:
		return fmt.Errorf("%s is a standby, which takes no writes: connect to the primary, as with target_session_attrs=read-write", where)
	case f.readOnly:
		return fmt.Errorf("%s takes no writes of the role %s, since default_transaction_read_only is on: set it to off for the role or the database", where, role)
	case f.encoding != "UTF8":
		return fmt.Errorf("%s has the encoding %s; Nudge needs one that was made with ENCODING 'UTF8'", where, f.encoding)
	case f.fsync != "on":
		return fmt.Errorf("%s is of a server with fsync = %s, which loses what it confirmed when the machine fails: set fsync = on", where, f.fsync)
	case f.mayNotUse:
		return fmt.Errorf("%s: the role %s may not use the schema nudge: docs/postgresql.md says which rights it needs", where, role)
	}
	return nil
}

// mayLose reports whether a failover may lose what was confirmed.
func (f *facts) mayLose() bool { return f.standbys == "" && f.replicas > 0 }
