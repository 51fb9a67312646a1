package fraud

import "tsujiban"

// evidence collects the weights of one observation.
type evidence struct {
	list [tsujiban.MaxWhy - 1]struct {
		kind  tsujiban.Evidence
		value centi
	}
	n int
}

// add puts a weight down; weights of one kind add up.
func (e *evidence) add(k tsujiban.Evidence, w centi) {
	if w == 0 {
		return
	}
	for i := range e.list[:e.n] {
		if e.list[i].kind == k {
			e.list[i].value += w
			return
		}
	}
	if e.n < len(e.list) {
		e.list[e.n].kind, e.list[e.n].value = k, w
		e.n++
	}
}

// scale keeps so many percent of every weight.
func (e *evidence) scale(percent centi) {
	for i := range e.list[:e.n] {
		e.list[i].value = e.list[i].value * percent / 100
	}
}

func (e *evidence) total() centi {
	var w centi
	for i := range e.list[:e.n] {
		w += e.list[i].value
	}
	return w
}

// write puts down what was carried over from earlier calls, and the rest.
func (e *evidence) write(carried centi, why *[tsujiban.MaxWhy]tsujiban.Weight) {
	n := 0
	if carried != 0 {
		why[0] = tsujiban.Weight{Kind: tsujiban.EvidenceCarried, Value: carried.decibans()}
		n = 1
	}
	for i := range e.list[:e.n] {
		if w := e.list[i].value; w != 0 {
			why[n] = tsujiban.Weight{Kind: e.list[i].kind, Value: w.decibans()}
			n++
		}
	}
}

// find makes a finding of the sum that goes furthest. It is called for each sum of a call, the
// narrower reach first: a wider one counts only when it goes further against its own threshold.
func (f *Finding) find(sum, carried, threshold centi, reach tsujiban.Reach, e *evidence) {
	l := tsujiban.LevelNone
	switch {
	case sum >= threshold:
		l = tsujiban.LevelRestrict
	case sum >= threshold-askBelow:
		l = tsujiban.LevelAsk
	case sum >= watchAt:
		l = tsujiban.LevelWatch
	}
	switch {
	case l > f.Level:
	case l == f.Level && l < tsujiban.LevelRestrict && sum.decibans() > f.Weight:
	case l == f.Level && l == tsujiban.LevelRestrict:
		f.Reach = f.Reach.With(reach) // both are to be stopped
		return
	default:
		return
	}
	f.Level, f.Weight, f.Reach = l, sum.decibans(), reach
	f.Why = [tsujiban.MaxWhy]tsujiban.Weight{}
	e.write(carried, &f.Why)
}
