// Package spend keeps money at risk within its bound, to the millionth of a yen.
//
// Money at risk is what ended calls cost, plus what is set aside for running ones.
// A call is paid in stretches: before it leaves, its setup fee and first stretch
// are set aside; before a stretch ends the next one is; what was not used is given
// back at the end. A call whose next stretch cannot be set aside is cut. So the
// sum of what is charged stays within the cap, as long as a call that is to be cut
// is off by the time that its paid stretch ends.
//
// A stretch is the smallest whole number of the price's increments that covers
// [Stretch]; the first one also covers the price's minimum. The next stretch is
// asked for [Margin] before the paid one ends. That is the time in which a BYE must
// reach the other side ([HangUp]: the first answer to a lost BYE is another one after 0.5 s,
// then 1 s, RFC 3261 §17.1.2.1, T1: three of them go out), and for which the program may be away
// before that ([Outage]: a crash and the restart): calls go on meanwhile, and cost.
//
// A call is charged as a whole to the day and the month on which it was asked for,
// in the node's time zone: a call that runs over midnight goes on to count against
// the day that it began on, and so does its bill. [Books] keep the last days and
// months, so that a clock that is set back or forth finds the sums of a day again. A
// call that is still running when its day has fallen out of the books (four other days
// were begun since) is cut at its next stretch.
package spend
