// Package fraud weighs evidence that somebody else is using a customer's line.
//
// # The sum
//
// Every observation x of a call weighs
//
//	w(x) = 10 log10( P(x | hijacked) / P(x | this customer as we know it) )
//
// decibans: +10 makes "hijacked" ten times as likely as before. The weights of a call add
// up, and the calls add up in two sums for each customer, one for each country code
// that it calls and one over all destinations abroad. A sum leaks with time and never
// falls below zero, so that good behaviour is no credit for later:
//
//	S := max(0, S - 2 dB/h * t) + w, held between 0 and 100
//
// This is Page's cumulative sum test (E. S. Page, "Continuous inspection schemes",
// Biometrika 41, 1954); weighing in decibans is I. J. Good's and A. M. Turing's
// ("Probability and the Weighing of Evidence", 1950). What is done at which sum:
//
//	25  watch     the call goes out; calls teach nothing from here on
//	45  ask       the customer is asked; what was learned in the last day is dropped
//	60  restrict  the call is refused, and so is every further one abroad
//
// Sixty decibans are odds of a million to one: of a million calls abroad perhaps one is
// a thief's first. To close a line altogether is left to people.
//
// # What is weighed
//
// Only calls that leave the country are weighed; calls at home teach hours, sources and
// devices. The observations are the destination (the customer's own share, then how often
// it calls new ones, then the calls of all customers), the list of hints and the price
// (once for each visit to a destination), the hour of the week against the customer's own
// (once in six hours: said with each call it would count one fact many times), the pace
// (to the same destination, and to any), neighbouring numbers, how many calls are up, a
// source and a device never seen; and when a call ends, its length, and whether the last
// ones were just as long. A number that is tried again because nobody answered is no news.
//
// Shares under "hijacked" are set by hand after the published incident; see habit.go.
// Shares of the customer are its own counts, with the shares of office traffic as so
// many observations in doubt.
//
// # What is learned
//
// Habits settle after a day in which no suspicion arose, since test calls come up to a
// day before a theft; only the pace and the overlap of calls are learned at once, and that
// only below watch. Habits fade by an eighth a week. A released customer keeps its
// habits: a release clears the sums and teaches nothing.
//
// The state of a customer has a fixed size, whatever is called: there are places for 24
// country codes, and what was never learned gives way first.
//
// Everything is counted in integers, logarithms too, and by the instants of the events: the
// same events give the same verdicts, and no verdict depends on a later event.
package fraud
