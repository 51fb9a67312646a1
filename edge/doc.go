// Package edge is the SIP side of the guard: a transaction-stateful, record-routing
// proxy (RFC 3261 §16, with RFC 3581, 4028 and 6026) between PBXs and carriers.
//
// It knows SIP and no rule. What may go out, the [Desk] says; the edge does it,
// tells the desk what became of it, and can end any running call by BYE in both
// directions.
//
// # How it runs
//
// Each UDP socket has one goroutine that takes a batch of datagrams from the kernel, works
// through it under the one lock Edge.mu, and sends what came of it in one batch after
// the lock is given back. Each stream connection has a reader that does the same with what
// it has read. A ticker does it when nothing comes, for the timers. A call's messages arrive on one socket, so they leave in
// the order in which they came: no ACK behind its BYE, no 180 behind its 200.
//
// An INVITE waits, as bytes ready to be sent, until the journal says that its record is
// on disk ([Edge.Committed]); the journal's own goroutine then sends it.
//
// # What is kept
//
// A relay is a pair of transactions, the server's and the client's (RFC 3261 §17). It
// stands in a slab; its slot and a secret stand in the Via branch that we write, so a response
// finds it without a search and a forged one does not. When a call goes to the next carrier the relay
// is left behind without a caller, to cancel, acknowledge or hang up what the first one still says, and
// a new one takes over. A call is a dialog; its id stands in our Record-Route URI. Calls and
// relays name each other by id and slot, or are let go of together: neither outlives the other as a pointer.
// For sources that are not known there is no state but a bounded table of counts.
//
// # What is promised to the desk
//
// Every attempt that was allowed gets exactly one Ended; Answered comes at most once, and before it; nothing is asked about a
// call afterwards. A call that the network charges ends when the network says so, or has been
// silent about our BYE for 32 s.
//
// # Locks
//
// Edge.mu guards relays, calls, timers, carriers' health and the directory in use; it is never held
// over I/O. Edge.cutMu guards the list of calls to end and is taken inside or outside of mu,
// never the other way round. streams.mu guards the table of connections and conn.mu the socket of one; they are taken with no
// other lock held, conn.mu last.
package edge
