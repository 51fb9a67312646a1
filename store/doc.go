// Package store holds the words and rules that every store shares: the value
// types that a store returns, what makes a customer or a trunk valid, how a
// call is folded out of journal events, and how a view follows the journal.
//
// A store keeps two things that must not be mixed up:
//
//   - The settings (customers, trunks, restrictions, the log of staff actions)
//     are the truth of what is set. They exist nowhere else: they are backed up.
//   - The calls are a view: a fold over the journal, with the position up to
//     which it has been folded. It can be thrown away and rebuilt at any time.
//
// The package knows no database. store/sqlite is one; store/storetest is the
// suite that each of them has to pass.
package store
