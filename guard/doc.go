// Package guard decides on calls: rules, money and evidence in one place, in memory, without
// any input or output.
//
// Its rooms: guard/policy says what is set (an immutable value, exchanged whole),
// guard/spend holds money at risk within the caps, guard/fraud weighs evidence. They do
// not know each other; this package asks them in order:
//
//	emergency → known customer, readable digits → restriction → rules → channels,
//	calls per second → money → evidence → set aside, let through
//
// The first that stands against a call gives the reason. An emergency call passes
// before anything is asked, at every level of restriction, and is never cut; it
// counts as a call but sets no money aside. A denied call leaves nothing behind but the
// evidence that it gave, if it came that far.
//
// # The life of a call
//
//	Decide   → Allow or Watch: it counts as running, its first stretch is set aside
//	Answered → the instant at which to ask Extend
//	Extend   → pays the next stretch, or gives the reason to cut
//	Ended    → fills in talk and charge, gives back the rest
//
// What these bring about besides their answers (a restriction that the guard imposes,
// running calls that are to be cut) is fetched with Effects, at once and by the same
// caller, so that the journal has it in order.
//
// # Time
//
// Every instant comes in with its event; the package has no clock. A call's length is
// measured by monotonic readings where the instants carry them, so that a wall clock that
// is set does not change a bill; how it is measured where they do not is said at clock.
// The day of a cap is the node's local day on which the call was asked for.
//
// # Recovery
//
// Apply folds the journal: the events in order give the state of a guard that lived
// through them. The record holds what was decided, so nothing is judged anew; with
// another policy than then, sums of evidence may come out differently, but no
// restriction is imposed in hindsight. After the last event, before new calls are let
// in, Resume sets aside for all running calls what they have talked meanwhile, and then Extend is asked for
// each call of Running that was answered. A cap holds through an outage of up to [spend.Outage].
//
// # Locks
//
// One mutex guards the state of all customers and calls. It is held for microseconds
// and while nothing else is locked or waited for. The policy alone is read before it is taken.
package guard
