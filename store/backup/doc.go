// Package backup writes all records of a store, as they are at one instant, into a stream, and puts them into new stores.
//
// A backup begins with a line that names it, and goes on with blocks: a byte that says what is in it, its length in four
// bytes, what is in it, and the CRC-32C of all that in four bytes. The first block is a [Header] in JSON. The others
// have the beginning of a bucket or records, and the last one a [Trailer] in JSON with the SHA-256 of everything before it. A backup
// without the last block is not whole. Its records are those of [store.KV], so it does not matter which kind of store
// they come from or go to.
//
// A backup may go on: behind its trailer come blocks with what each later transaction wrote, in the order of the commits of all
// partitions, files that these need, and now and then an instant up to which everything is there ([Alive]). It can be cut
// off anywhere: what is whole of it is the store at one instant. A [Tap] between the store and where it is kept makes them.
package backup
