// Package simulate makes labelled telephone traffic: firms with their habits, what surprises an honest firm, and thieves.
//
// A [World] is drawn from a seed: the same [Options] give the same calls on every machine. Every figure of every firm and of every
// thief is drawn from a range, so that nothing can be tuned to a constant; a customer's honest calls do not change when it is hijacked.
// Numbers abroad have the forms of real ones; addresses are from ranges that are nobody's; names are made up.
//
// What the traffic is modelled on: talk times are lognormal with a heavy tail (Bolotin 1994; Brown et al. 2005), contacts follow
// Zipf's law, arrivals are Poisson within the hours of the firm, and hijackings follow what the press and operators told since 2015.
// It is no sample of any operator's traffic: figures that were measured on it say how detectors compare on
// this traffic, not what they do elsewhere.
package simulate
