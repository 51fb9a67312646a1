package guard

import "time"

// clock measures how long a call has talked, through clocks that are set back or
// forth. Where both instants carry a monotonic reading (see package time) the
// wall clock does not matter. Where they do not (in a replay, in a test, after a
// restart) there are two rules. A call cannot have talked longer than it was
// paid for, since it is cut by then; so more than that is a clock that was set
// forth. And an instant before the last one is a clock that was set back: the
// time for which the call was paid has passed.
type clock struct {
	base   time.Time     // the last instant that was measured
	talked time.Duration // up to base
	// believe says that also wall time counts beyond what was paid: the call comes
	// from the record, and what passed while the program was down has passed.
	believe bool
}

// at says how long the call has talked. A limit above zero is how long it can have
// talked at most.
func (c *clock) at(now time.Time, limit time.Duration) time.Duration {
	talked := c.talked + max(now.Sub(c.base), 0)
	if limit > 0 && talked > limit && !c.believe && !(monotonic(now) && monotonic(c.base)) {
		return limit
	}
	return talked
}

// set says that the call has talked that long at the given instant.
func (c *clock) set(now time.Time, talked time.Duration) { c.base, c.talked = now, talked }

// monotonic tells whether an instant carries a monotonic reading.
func monotonic(t time.Time) bool { return t != t.Round(0) }
