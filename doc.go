// Package tsujiban is the vocabulary of Tsujiban (辻番, the guard post at the
// crossroads): a program that stands between a business's telephone system and
// the telephone network.
//
// A PBX asks for a call. The edge makes an [Attempt] of it; the guard answers
// with a [Verdict]; both go to the journal as an [Event] before the call goes
// on. While the call runs, money is set aside for it; when it ends, what was
// not used is given back. When the evidence says that somebody else is using the
// PBX, a [Restriction] is put on the customer and running calls are ended.
//
// The package holds words and no behaviour that needs the world: it imports
// only the standard library and does no I/O. Every other package speaks in
// these words.
package tsujiban
