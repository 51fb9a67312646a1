// Package policy holds what is set: who may call where, when, how much and with
// which number, compiled from people's words into bitsets and sorted tables.
//
// A [Policy] is immutable. A change of any setting compiles a new one and swaps it
// in whole, so that a reader needs no lock and never sees half of a change. The
// package knows no state of calls: what was spent, what is running and what looks
// suspicious is the business of the guard's other rooms.
//
// Bars hold for calls out; calls in cost nothing and are not barred. Nothing here
// is asked about an emergency call: the guard lets it pass before it looks at any
// rule.
//
// What is barred by default: international calls; premium, satellite and
// undesignated ranges (AllowClasses opens them one by one).
package policy
