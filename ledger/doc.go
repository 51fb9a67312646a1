// Package ledger knows who holds which telephone number since when, and on what ground.
//
// # What is true, and what was believed
//
// A [Span] says of a [Block] of numbers what is true of them from one instant to another:
// in stock, assigned to a holder, in test, suspended, ageing before reuse, gone. Beside
// that the ledger keeps when it was believed. A change never touches what was written: it
// supersedes spans and writes others, under an [Entry] that says who did it, when and on what
// ground. So two questions have an answer for ever: who held this number on that day, and
// what did we say on that other day when we were asked.
//
// For each number that has ever been in the ledger, and for each belief, the spans follow each
// other without overlap and without gap, from the instant it came in for ever: also a number
// that was given back stays, as given back. [Rewrite] is the one place where spans come into
// being; a property test holds it against a model that keeps every number by itself.
//
// # Blocks, not rows
//
// Numbers that are equal stand in one row: a block is all numbers with the same first digits,
// as the ministry gives them out. To find the row of a number is then to look for at most
// fifteen prefixes. A block of which one number is assigned is split into the one and the tens,
// hundreds and thousands around it; when all are equal again they are one block again.
//
// # Holders
//
// A [Holder] is a firm that has numbers: an end user, or a reseller with other holders below
// it, to any depth. What is known of it has a history of the same kind. A chain that leads
// back to itself is refused at every instant. A holder gets no number before it has passed the
// onboarding screen, and none while a suspension scheme bars it.
//
// The package has no database and no clock: store/sqlite keeps all this, the rules are here.
package ledger
