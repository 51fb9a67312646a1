// Package replay plays a recorded trace against the guard in event time, as fast as it can, and says what the guard would have
// done: which calls it would have refused or cut, what each would have cost then, and what it costs in full.
//
// Every call of the trace is asked for at its start, answered after its set-up, extended and ended as the edge would do it, in the
// order of the instants; the guard sees nothing that it could not have seen at that moment. The traffic itself does not react: a thief
// whose call is refused goes on with the next, and so does an honest caller.
//
// A [Judge] is what is played against: the guard itself, or a peer that is measured by the same rule (replay/counters).
package replay
