// Package inquiry is the desk that answers the police: whether a number is ours, who held it on that day, whether there is
// a call that fits what is alleged, and which numbers are one slip of the finger away.
//
// # Why it exists
//
// A number that was taken down with one digit wrong costs two companies a day each, and may cost an innocent customer more. So the
// desk never answers "no such call" without looking at the numbers next to it ([Near]).
//
// # Secrecy of communications
//
// Who called whom, when and from where is protected. Every look belongs to a [Case] with its agency, its document and its [Kind], and
// is recorded before anything is shown. What the kind does not allow ([Kind.Allows]) is not looked up, not merely left out, and the answer
// says why. Numbers of other parties are masked unless they are asked for.
//
// The package has no database, no clock and no socket: it asks through [Records], and who calls it records the look.
package inquiry
