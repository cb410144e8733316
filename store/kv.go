package store

// KV is what the records are kept in: named buckets of keys in byte order. A backend
// promises little, so that there can be many:
//
//   - Update runs one transaction at a time. Once it has returned nil, all that the
//     transaction wrote survives whatever happens to the process; where it returned
//     an error, all or nothing of it may have been kept, and nobody may go on.
//   - View sees all of the Updates that returned before it began and nothing of
//     later ones. Views run beside an Update.
//   - Byte slices passed to callers are valid within the transaction only, and must
//     not be changed.
type KV interface {
	View(func(Reader) error) error
	Update(func(Writer) error) error
	Close() error
}

// Reader reads within a transaction.
type Reader interface {
	// Get returns the value of a key, or nil when there is none. A value that was put
	// empty comes back empty, not nil.
	Get(b Bucket, key []byte) []byte
	// Ascend calls visit with the keys from the given one on, in order, until visit
	// returns false.
	Ascend(b Bucket, from []byte, visit func(key, value []byte) bool)
	// Descend calls visit with the keys before the given one, last first, until visit
	// returns false. A nil before starts at the last key.
	Descend(b Bucket, before []byte, visit func(key, value []byte) bool)
}

// Writer writes within a transaction. It keeps neither key nor value after Put
// returns unless the transaction owns them until its end.
type Writer interface {
	Reader
	Put(b Bucket, key, value []byte) error
	Delete(b Bucket, key []byte) error // of a key that is not there: nothing
}
