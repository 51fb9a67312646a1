// Package retention says how long each kind of record is kept, and what is kept longer because somebody with the right to has asked
// for it. It is pure: what is past its term is erased by those who keep it.
//
// A term is as short as the purpose allows; the secrecy of communications asks for that, and for an end that is enforced. A [Hold]
// keeps what it covers until a date, on a [Ground] that says how long that may be.
package retention
