// Package fraud weighs evidence that somebody else is using a customer's line.
//
// Every observation of a call has a weight in decibans: ten times the logarithm of how much likelier it is when the line is hijacked than when
// it is the customer as we know it. Weights add up, in sums that leak with time and never fall below zero, for each customer and
// destination, for all its destinations together, for a source that is new to it, and for calls at home to strangers; what several customers have in common lifts
// all of them. A call is stopped when its sum reaches a threshold at which going on is expected to cost more than stopping an honest
// customer. DESIGN.md has the formulas, each weight with its reason, and what cannot be seen.
//
// Model.Attempt weighs a call that is asked for, Model.Running one that talks, Model.Ended one that is over; State is what is known of one customer: its
// size is fixed whatever is called. Everything is counted in integers and by the instants of the events: the same events give the same
// verdicts, and no verdict depends on a later event.
//
// Where to look: evidence.go collects the weights of a call; abroad.go and home.go weigh, destination.go where it goes; burst.go compares it with the last ones; learn.go takes down what is to become a habit; habit.go holds what is usual and the
// priors; segment.go backs off from the customer to those like it; known.go remembers numbers and sources; today.go measures days
// against days; campaign.go sees what several customers have in common; state.go holds the sums, and what is learned when.
package fraud
