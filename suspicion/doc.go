// Package suspicion folds the journal into cases: what was strange about one customer, from the first strange call to the
// answer. One case is open for a customer at a time. It is opened by a call that the guard watches or refuses for the evidence,
// or by a restriction; it gathers verdicts with their weights, the calls with what they cost, what was imposed and lifted, what
// the customer was asked and said, and what staff wrote down; and it is closed by a release, by a "yes, that was
// us", by a person, or, where the guard only watched, by a quiet day.
//
// The fold is deterministic: the same events give the same cases with the same numbers, whatever the batches. A case is bounded: fourteen
// thousand calls are counted by destination, and the first, the latest and the dearest stand for them. Telephone numbers
// are masked on the way in; whole ones are found in the call records, with a ground.
//
// Not to be taken for the cases of the inquiry desk (package inquiry) or of the suspension scheme (package ledger).
package suspicion
