// Package backtest says how good a detector is: it scores the results of a replay against the truth of a labelled trace, and
// draws the report that an operator reads before anything is enforced.
package backtest
