// Package sqlite keeps a Tsujiban node's settings and its view of the calls in SQLite.
//
// # Three files
//
// Open("/var/lib/tsujiban/store.db") keeps the settings in that file, the calls in
// store.calls.db and the ledger in store.ledger.db beside it, because they differ in
// everything that matters:
//
//   - Settings are the truth and exist nowhere else. They are small and change seldom:
//     synchronous=FULL, a change is on disk when the call returns, and [Store.Backup]
//     copies them.
//   - The calls are a fold over the journal. They are large and change all the time:
//     synchronous=NORMAL, a power cut may take back the last transactions but never
//     half of one, and since the position in the journal is written in the same
//     transaction as the rows, following goes on from where the file really is.
//     A damaged file is thrown away and rebuilt without touching a setting.
//   - The ledger is the truth as the settings are, and is backed up with them, but it
//     can have tens of millions of rows: it is not read through at every start.
//
// All are in WAL mode, each with one connection that writes and a few that read, so
// that a long listing holds up no change and a rebuild holds up no setting.
//
// # Locks
//
// Store.viewMu guards which view file is open: everybody who uses the view holds it for
// reading, [Store.Rebuild] holds it for writing for the moment in which it swaps the
// files. Store.watchMu guards the channel that tells of changes. Neither is held while
// the other is taken. Below viewMu, who asks for calls of a number holds database.layouts
// for reading, [Store.MakeIndexes] for writing while indexes are exchanged; kept.mu guards
// the statements that are kept, and is held for a look at their map only. A file lock on store.db.lock keeps other processes from opening
// the store while it is being rebuilt.
package sqlite
