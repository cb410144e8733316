package store

// KV holds the records: named buckets of keys in byte order. A backend promises little, so
// that many backends are possible:
//
//   - Update runs one transaction at a time. After it has returned nil, all writes of
//     the transaction survive whatever happens to the process. After an error, all or
//     none of the writes may have been kept, and the caller must not go on.
//   - View sees all Updates that returned before it began and nothing of later ones.
//     Views run in parallel with an Update.
//   - Byte slices passed to callers are valid only within the transaction and must
//     not be changed.
type KV interface {
	View(func(Reader) error) error
	Update(func(Writer) error) error
	Close() error
}

// Reader reads within a transaction.
type Reader interface {
	// Get returns the value of a key, or nil when there is none. An empty value comes back
	// empty, not nil.
	Get(b Bucket, key []byte) []byte
	// Ascend calls visit with the keys from the given one on, in order, until visit
	// returns false.
	Ascend(b Bucket, from []byte, visit func(key, value []byte) bool)
	// Descend calls visit with the keys before the given one, last first, until visit
	// returns false. A nil before starts at the last key.
	Descend(b Bucket, before []byte, visit func(key, value []byte) bool)
}

// Writer writes within a transaction. It keeps neither key nor value after Put returns
// unless the transaction owns them until its end.
type Writer interface {
	Reader
	Put(b Bucket, key, value []byte) error
	Delete(b Bucket, key []byte) error // does nothing if the key does not exist
}
