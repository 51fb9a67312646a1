// Package app wires the rooms into one running program: it starts them in stages,
// carries what one says to the next, and stops them in order. Everybody else knows
// only what lies below; app knows everyone.
//
// # Stages
//
// Data directory, store, policy, journal with recovery (the guard folds every event),
// edge, running calls from before, view of the calls, metrics, control socket, then
// calls are taken in. A stage that fails says what to do next and everything that was
// started is stopped again. The stop runs the other way: take in nothing new, let
// running calls end for a bounded time, end the rest, flush the journal, close.
//
// # Who waits for whom
//
// A call's decision waits for no database and no person: the [desk] asks the guard and
// appends to the journal, in memory. Restrictions reach the store through a queue.
// Settings change under App.admin, one change at a time; the policy and the edge's
// directory are compiled beside the calls and swapped whole.
//
// # Orders
//
// Staff give orders through the control socket, and people at the console through App.Office: the same handlers,
// inside the program, in the name of the person who signed in ([control.NewLocal]).
//
// # Locks
//
// App.admin guards the settings in memory and is held over the store and over compiling,
// never on a call's path. desk.mu makes decision and record one step, so that the journal
// has them in the order in which the guard made them; it is held for microseconds,
// inside Edge.mu when the edge asks, and outside of the guard's and the journal's
// own locks. queue.mu guards a list and is taken last.
package app
