// Package postgres keeps a store's records in PostgreSQL, and who of several nodes has which of its partitions.
//
// All of it is in one schema, nudge. A partition has three tables (tables.go), in which a row is a key with its value, byte for
// byte as in any other store.
//
// # Who changes a partition
//
// Only its owner ([Database.Owned]). A commit is one trip: the fence, then for each table what is deleted and what is written. The fence is a
// function that fails unless the partition is the owner's under its epoch, and unless the commit before is there (schema.go). It is an error
// and not a condition, because what follows would happen all the same after a condition that matches nothing. An error that
// does not ask to try again leaves open whether the commit happened: then nothing goes on before the partition is taken again.
//
// # What is read
//
// Since nobody else changes the partition, the owner keeps what it has written and read, and which gaps between keys are empty (cache.go).
// So most of what the loop reads takes no trip. What takes one is announced, where that is known (store.Far), and read at once.
// Everybody else ([Database.Reader]) reads at one instant, for at most five seconds.
//
// No statement is prepared, and no setting is made for a session, so PgBouncer may give each transaction another connection.
package postgres
