// Package store keeps the engine's records and every index that follows from them.
//
// A run record says what wakes it; the store derives the rest (see index.go), so no
// code outside it can forget an entry. A commit is one transaction: the state, the
// journal, the runs with their entries, the remembered ids, and the numbers. The
// records lie in a [KV], of which there are several: store/bolt is one file,
// store/memory is for simulation and tests. All of them pass store/storetest.
//
// # Layout
//
// Integers in keys are big-endian, so that byte order is their order. A sized text
// has its length before it as a varint. Hot keys begin with an instant or a run ID,
// both of which rise with time, so that commits touch few pages.
//
//	bucket    key                                     value
//	meta      "format"                                one byte: the format of the store
//	meta      "state"                                 state record
//	meta      "purged"                                purged record: what is no longer here
//	runs      run ID (16)                             run record; of one that has ended, when it did
//	ended     when in ms (8), run ID                  run record; ended runs
//	people    person's hash (8), run ID               nothing; live runs of a person; may be stale: see below
//	keys      sized flow, sized key, run ID           nothing; live runs with a key
//	timers    deadline in ms (8), run ID              nothing; may be stale: see below
//	outbox    order (8), run ID, message number (4)   one byte: planned or claimed; account
//	journal   input number (8)                        journaled record
//	ids       kind ":" id                             answer record
//	idtimes   instant in ms (8), kind ":" id          nothing; when to forget an id
//	versions  sized flow, sized version               flow record: its sources
//	counts    sized flow, sized version               counts record
//	profiles  sized profile                           person record
//	derived   number (8)                              journaled record, not yet applied
//	erasures  sized profile                           how far forgetting a person has come
//	firings   firing number (8)                       firing record
//	members   firing number (8), person (16)          ID of the run that was started, or nothing
//	tallies   firing number (8)                       tally record: where its people stand
//	settled   firing number (8)                       nothing; its members are to be dropped
//	sent      sized provider ID, run ID               nothing; runs by messages, of accounts that correlate by ID
//	orphans   sized provider ID                       orphan record: a receipt that waits for its message
//	asks      run ID (16)                             nothing; live runs that have asked the provider
//
// A cancelled timer is left where it is and recognised as stale when it is met, by
// its run's deadline being another. So is what leads from a person to a run that has
// ended: it is dropped when the person's next run starts, or with the run. Every other
// entry follows from its run exactly; [Store.Check] holds the store to that.
//
// # Why this way
//
// An index of messages by the provider's ID costs a random page for each message;
// receipts carry the run's ID instead, and only messages of accounts whose receipts do
// not are in that index. Ended runs leave the hot bucket but for a few bytes that lead to
// them: its size is about that of what lives, and ending costs one page of it (run.go).
// Record encodings are written by hand rather than by reflection: a waiting run takes
// about a third of its JSON, and a description of the fields serves writing and reading
// alike.
package store
