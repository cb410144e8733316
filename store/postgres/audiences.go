package postgres

import (
	"context"
	"fmt"
	"strings"
)

// Shelf keeps frozen audiences beside the store. It is an audience.Shelf.
type Shelf struct{ d *Database }

// Shelf returns the audiences of the store.
func (d *Database) Shelf() Shelf { return Shelf{d} }

// Put keeps a chunk of an audience, which begins at a byte of it. A chunk that is there already stays.
func (s Shelf) Put(ctx context.Context, name string, at int64, lines []byte) error {
	c, err := s.d.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	b := new(batch)
	b.add("INSERT INTO nudge.audiences (name, at_byte, lines) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", text(name), number(at), raw(lines))
	return s.d.send(ctx, c.Conn().PgConn(), b, nil)
}

// Chunk returns the chunk of an audience that has a byte, and where it begins; nil if there is none.
func (s Shelf) Chunk(name string, at int64) (lines []byte, begin int64, err error) {
	err = s.d.read(func() *batch {
		b := new(batch)
		b.add("SELECT at_byte, lines FROM nudge.audiences WHERE name = $1 AND at_byte <= $2 ORDER BY at_byte DESC LIMIT 1", text(name), number(at))
		return b
	}, func(_ int, values [][]byte) (failed error) {
		begin, failed = whole(values[0])
		lines = append([]byte{}, values[1]...)
		return failed
	})
	return lines, begin, err
}

// DropBut drops the audiences whose names have a prefix, and that do not begin with any of some names. Those of the last hour stay:
// perhaps nobody could say yet that they are needed.
func (s Shelf) DropBut(prefix string, names []string) error {
	ctx := s.d.life
	c, err := s.d.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	sql, parameters := strings.Builder{}, []parameter{text(prefix)}
	sql.WriteString("DELETE FROM nudge.audiences WHERE starts_with(name, $1) AND made < now() - interval '1 hour'")
	for _, name := range names {
		parameters = append(parameters, text(name))
		fmt.Fprintf(&sql, " AND NOT starts_with(name, $%d)", len(parameters))
	}
	b := new(batch)
	b.add(sql.String(), parameters...)
	return s.d.send(ctx, c.Conn().PgConn(), b, nil)
}
