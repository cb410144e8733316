package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"time"

	"nudge/engine"
)

const seedBytes = 32

// Seed is what is random and what all nodes of a store have in common. It is made with the tables.
type Seed struct {
	bytes []byte
	Made  time.Time // when the tables were made, by the clock of the database
}

// Seed returns that of the store. There must be one.
func (d *Database) Seed(ctx context.Context) (s Seed, err error) {
	err = d.read(func() *batch {
		b := new(batch)
		b.add("SELECT seed, (extract(epoch FROM made) * 1000)::bigint FROM nudge.store")
		return b
	}, func(_ int, values [][]byte) error {
		made, err := whole(values[1])
		s.bytes, s.Made = append([]byte(nil), values[0]...), time.UnixMilli(made).UTC()
		return err
	})
	return s, err
}

func (s Seed) of(what string) []byte {
	h := hmac.New(sha256.New, s.bytes)
	h.Write([]byte(what))
	return h.Sum(nil)
}

// Installation is that of a new store.
func (s Seed) Installation() (i engine.Installation) {
	copy(i[:], s.of("installation"))
	return i
}

// AuditKey is for the hashes of forgotten people.
func (s Seed) AuditKey() []byte { return s.of("audit") }

// Secret is what nodes prove to each other that they know: who may read the database may be a node.
func (s Seed) Secret() string { return base64.StdEncoding.EncodeToString(s.of("cluster")) }

// ProjectOf returns the name of the project whose store it is. If it has none yet, it gets this one.
func (d *Database) ProjectOf(ctx context.Context, name string) (of string, err error) {
	c, err := d.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer c.Release()
	b := new(batch)
	b.add("UPDATE nudge.store SET project = $1 WHERE project = ''", text(name))
	b.add("SELECT project FROM nudge.store")
	err = d.send(ctx, c.Conn().PgConn(), b, func(_ int, values [][]byte) error {
		of = string(values[0])
		return nil
	})
	return of, err
}

// LocalHost returns the address of this machine from which the database is reached; loopback, if that is a socket of this machine.
func (d *Database) LocalHost(ctx context.Context) (string, error) {
	c, err := d.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer c.Release()
	if a, ok := c.Conn().PgConn().Conn().LocalAddr().(*net.TCPAddr); ok {
		return a.IP.String(), nil
	}
	return "127.0.0.1", nil
}

// Size returns how many bytes the tables of the store take, with their indexes.
func (d *Database) Size() (size int64, err error) {
	err = d.read(func() *batch {
		b := new(batch)
		b.add("SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'nudge') AND relkind = 'r'")
		return b
	}, func(_ int, values [][]byte) (failed error) {
		size, failed = whole(values[0])
		return failed
	})
	return size, err
}
