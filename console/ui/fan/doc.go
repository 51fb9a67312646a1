// Package fan writes the same message to many open event streams (server-sent events) without getting in anybody's way: not in that of calls, and no viewer in
// that of another.
//
// A [Fan] has one goroutine while somebody watches. It writes to the connections themselves, taken over from net/http once the request is read, and never waits
// for one: what a connection does not take is kept, bounded, and tried again; who does not read for too long is cut off and comes back by
// itself. A goroutine for each viewer, woken for each message, and net/http's buffers and deadlines between them and the socket cost twice what the
// kernel takes for the write. They would also be woken on the threads that carry calls; this goroutine has a thread of its own that
// stands back ([New]).
//
// Connections that cannot be taken over have a goroutine and a bounded queue each: HTTP/2, TLS whose listener was not made by [Listener], systems
// other than Linux.
//
// # Locks
//
// Fan.mu guards the list of what is to be done, and is held for appending to it and for swapping it. What belongs to a viewer's connection belongs to the
// Fan's goroutine alone.
package fan
