// Package sipwire reads and patches SIP messages (RFC 3261) as they stand on the wire.
//
// [Message.Parse] goes over the bytes once and notes where each header line lies;
// nothing is copied and nothing is allocated. What a header means is read on
// demand ([ParseVia], [ParseAddress], [ParseURI], …). What is forwarded is the same bytes with
// a few places changed ([Patch]), so that the next hop sees what was judged.
//
// The package is strict where two programs could read a message differently, for
// that is how a thief slips past a guard: a bare CR or LF, a second From, two values of Content-Length, a comma
// behind a tag, "invite" for INVITE, 127.1 for an address are refused with an [Error] that names
// the fault ([Message.Fault] tells where), never repaired. Three things that RFC 3261 allows are among them:
//   - folds in headers that say who calls whom, and lines of blanks only;
//   - control characters in quoted strings;
//   - two slashes in front of a user part.
//
// It is liberal where RFC 3261 asks for it: case, white space, compact forms, order, unknown
// headers and methods, missing branches and tags of RFC 2543. It also takes what
// PBXs send although no RFC has it: UTF-8 in display names without quotes, '#' in user parts,
// '_' in host names, '@' in parameters.
//
// After the header index of Go's fasthttp and of tailscale's net/packet: offsets first,
// meaning later.
package sipwire
