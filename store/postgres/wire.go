package postgres

import (
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// All statements go over the wire in the binary format and with the types of their parameters, and none is prepared. So
// PgBouncer may give each transaction another connection.

// batch is statements that go to the server in one trip, as one transaction.
type batch struct {
	pgconn.Batch
	statements int
}

var binaryFormat = []int16{1}

// add adds a statement.
func (b *batch) add(sql string, parameters ...parameter) {
	values, types := make([][]byte, len(parameters)), make([]uint32, len(parameters))
	for i, p := range parameters {
		values[i], types[i] = p.value, p.oid
	}
	b.ExecParams(sql, values, types, binaryFormat, binaryFormat)
	b.statements++
}

// parameter is a parameter of a statement.
type parameter struct {
	oid   uint32
	value []byte
}

func text(s string) parameter { return parameter{pgtype.TextOID, []byte(s)} }

func raw(b []byte) parameter { return parameter{pgtype.ByteaOID, b} }

func number(n int64) parameter {
	return parameter{pgtype.Int8OID, binary.BigEndian.AppendUint64(nil, uint64(n))}
}

func numbers(all []int64) parameter {
	value := arrayHead(pgtype.Int8OID, len(all), 12*len(all))
	for _, n := range all {
		value = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(value, 8), uint64(n))
	}
	return parameter{pgtype.Int8ArrayOID, value}
}

func smalls(all []int16) parameter {
	value := arrayHead(pgtype.Int2OID, len(all), 6*len(all))
	for _, n := range all {
		value = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(value, 2), uint16(n))
	}
	return parameter{pgtype.Int2ArrayOID, value}
}

func raws(all [][]byte) parameter {
	size := 0
	for _, x := range all {
		size += 4 + len(x)
	}
	value := arrayHead(pgtype.ByteaOID, len(all), size)
	for _, x := range all {
		value = append(binary.BigEndian.AppendUint32(value, uint32(len(x))), x...)
	}
	return parameter{pgtype.ByteaArrayOID, value}
}

// arrayHead begins an array of one dimension without nulls.
func arrayHead(oid uint32, n, size int) []byte {
	value := make([]byte, 0, 20+size)
	dimensions := uint32(1)
	if n == 0 {
		dimensions = 0
	}
	value = binary.BigEndian.AppendUint32(value, dimensions)
	value = binary.BigEndian.AppendUint32(value, 0)
	value = binary.BigEndian.AppendUint32(value, oid)
	if n == 0 {
		return value
	}
	value = binary.BigEndian.AppendUint32(value, uint32(n))
	return binary.BigEndian.AppendUint32(value, 1)
}

// whole reads a number of eight bytes.
func whole(value []byte) (int64, error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("PostgreSQL gave %d bytes where a number was asked for", len(value))
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}
