// Package sipwire reads and patches SIP messages (RFC 3261) as they stand on the wire.
//
// [Message.Parse] goes over the bytes once and notes where each header line lies;
// nothing is copied and nothing is allocated. What a header means is read on
// demand ([ParseVia], [ParseAddress], [ParseURI], …). What is forwarded is the same bytes with
// a few places changed ([Patch]), so that the next hop sees what was judged.
//
// The package is strict where two programs could read a message differently, for
// that is how a thief slips past a guard: a bare CR or LF, a second From, a folded
// Call-ID, two values of Content-Length are refused with an [Error] that names the fault,
// never repaired. It is liberal where RFC 3261 asks for it: case, white space, compact
// forms, order, unknown headers.
//
// After the header index of Go's fasthttp and of tailscale's net/packet: offsets first,
// meaning later.
package sipwire
