// Package store keeps the engine's records and every index that follows from them.
//
// A run record names everything that can wake the run. The store derives all index entries
// from it (see index.go), so no code outside the store can forget one. A commit is one
// transaction: the state, the journal, the runs with their entries, the remembered ids, and
// the counts. The records are in a [KV]. It has several implementations: store/bolt is one
// file, and store/memory is for simulation and tests. All of them pass store/storetest.
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
//	meta      "purged"                                purged record: what the store has dropped
//	meta      "audit"                                 32 bytes: the key of the hashes of forgotten people
//	meta      "marks"                                 marks record: the private and searchable fields of the deployed project
//	meta      "search"                                search record: by which fields people are found
//	meta      "by"                                    text: the version of Nudge that had the store last
//	meta      "reforget"                              reforget record: who was forgotten after the backup that the store was made of
//	meta      "held"                                  nothing; the store was restored, and nobody has let anything out of it since
//	runs      run ID (16)                             run record; for an ended run, its end instant
//	ended     when in ms (8), run ID                  run record; ended runs
//	people    person's hash (8), run ID               nothing; live runs of a person; may be stale: see below
//	people    person's hash (8), mark (1), when in ms (8), run ID        nothing; runs of a person that have ended, moved by their next start
//	people    person's hash (8), mark (1), when in ms (8), input number (8)  history record: what an input meant for a person
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
//	erasures  sized profile                           progress of erasing a person
//	owed      partition (2), number (8)               journaled record of an input that another partition has not been known to take
//	commands  number (8)                              journaled record of a common command that some partition has not taken; of the first partition only
//	firings   campaign number (8)                     campaign record
//	members   campaign number (8), person (16)        ID of the started run, or nothing
//	tallies   campaign number (8)                     tally record: its people by standing
//	settled   campaign number (8)                     nothing; its members can be dropped
//	sent      sized provider ID, run ID               nothing; runs by messages, of accounts that correlate by ID
//	orphans   sized provider ID                       orphan record: a receipt that waits for its message
//	asks      run ID (16)                             nothing; live runs with an open status check
//	quarantine  run ID (16)                           quarantine record: a run whose record was damaged, with its bytes
//	notices   sized endpoint, due in ms (8), ID       notice record: not yet taken by its endpoint
//	failed    given up in ms (8), ID                  notice record: what an endpoint did not take
//	failures  hash of a failure (8), run ID           nothing; runs that failed, or a message of which failed, by what failed
//	failedruns  run ID (16)                           nothing; the same runs, each once
//	failuregroups  mark (1), hash of a failure (8)    failure group record: what failed, how many runs have it, and the newest of them
//	failuregroups  mark (1), run ID, hash of a failure (8)    nothing; groups by their newest runs
//	jobs      ID (26)                                 job record: work that is watched, and what it came to
//	fields    sized field, sized value, ID            nothing; people by searchable fields of their profiles
//	eventtypes  mark (1), event type                  event type record: when it arrived last, with what, and its counts
//	eventseries  mark (1), event type                 its counts by hour and by day, without the last hour
//	refusals  number (8)                              refusal record: an event that was refused
//	deploys   input number (8)                        deploy record: who changed which active flows
//	proposals  number (8)                             proposal record: a deploy that somebody proposes
//	proposed  sized part, number (8)                  proposed record: the files of a proposal, or what a job found out about it
//	audit     input number (8)                        audit record: who gave the command, and what it changed
//	flowcounts  sized flow, sized version, span (1), start in ms (8)  counts of the runs that started in an hour, a day, or before
//	flowhours  sized flow, sized version, start of the week in ms (8)   how the runs that started in each hour of it stand, of the hours in flowcounts
//	campaignruns  campaign number (8), run ID         nothing; runs of a campaign
//	campaignids  sized campaign ID, campaign number (8)    nothing; campaigns by their IDs
//	campaignflows  sized flow, campaign number (8)    nothing; campaigns of a flow
//	refusedpeople  person's hash (8), number (8)      nothing; refusals that name a person
//
// A cancelled timer stays in its bucket. A reader recognises it as stale because its run has
// another deadline. The entry from a person to an ended run stays too: it is moved to their history
// when their next run starts, or dropped with the run. Every other entry follows from its run exactly;
// [Store.Check] verifies this.
//
// # Damage
//
// Reading the damaged record of a run fails with a [DamagedRun], or counts the run as absent
// ([engine.Loaded].Damaged). [Store.Quarantine] sets such runs apart: no entry leads to them any
// more, and the rest goes on. Every other damaged record concerns more than one run, and stops
// its reader with [ErrDamaged].
//
// # Why this way
//
// An index of messages by the provider's ID costs a random page for each message. Receipts
// carry the run's ID instead. Only accounts whose receipts do not carry it have their messages
// in that index. An ended run leaves only a few bytes in the hot bucket, which lead to its
// record. So the size of that bucket follows the number of live runs, and ending a run costs
// one page of it (run.go). Record encodings are written by hand rather than by reflection: a
// waiting run takes about a third of its JSON, and one description of the fields serves both
// writing and reading.
package store
