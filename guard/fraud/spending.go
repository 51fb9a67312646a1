package fraud

import (
	"time"

	"tsujiban"
)

// A thief needs volume: whatever he calls and however slowly, the money has to come together. So what calls to numbers that are not
// known cost in a day at each destination is measured against the fullest such day of the customer.

// spending is what calls to numbers that are not known cost, in yen.
type spending struct {
	today   uint32 // on the present day so far
	fullest uint32 // on the fullest day that was not suspicious, fading
	day     uint16 // the present day, since 1970
	said    uint16 // what has been said of it already, a weight
}

// spendingRule says how money weighs.
type spendingRule struct {
	floor uint32 // yen: no day with less is full
	from  int64  // hundredths of a doubling of the fullest day up to which nothing is said
	each  centi  // for each doubling beyond
	once  centi  // at most, for one call: the money has to come together
	most  centi
}

// Of honest customers' days at a destination one in a thousand costs four times the fullest before, of thieves' more than half.
var spendingAbroad = spendingRule{floor: 2000, from: 150, each: 16 * deciban, once: 16 * deciban, most: 40 * deciban}

// turn begins a new day. What the last one cost becomes usual when it was not suspicious, but never more than twice as much as was usual
// before and the floor.
func (p *spending) turn(now int64, trusted bool, r *spendingRule) {
	day := uint16(now / dayMillis)
	if day == p.day {
		return
	}
	if trusted {
		p.fullest = max(p.fullest, min(p.today, 2*p.fullest+r.floor))
	}
	if p.day != 0 && day > p.day {
		for range min(day-p.day, 60) {
			p.fullest -= p.fullest / 64
		}
	}
	p.today, p.day, p.said = 0, day, 0
}

// allow makes usual what today has cost: the customer says that it was theirs.
func (p *spending) allow() { p.fullest, p.said = max(p.fullest, p.today), 0 }

// more is what so many yen more would add to what was said of the day. No day below usual yen is full.
func (p *spending) more(yen, usual uint32, r *spendingRule) centi {
	sum, full := uint64(p.today)+uint64(yen), uint64(max(p.fullest, usual, r.floor))
	if sum <= full {
		return 0
	}
	doublings := (log2(sum) - log2(full)) * 100 >> logBits
	w := centi(clip64((doublings-r.from)*int64(r.each)/100, 0, int64(r.most))) - centi(p.said)
	return clip(w, 0, r.once)
}

// add adds so many yen and returns what that adds to what was said.
func (p *spending) add(yen, usual uint32, r *spendingRule) centi {
	w := p.more(yen, usual, r)
	p.today = min(p.today+yen, mostYen)
	p.said += uint16(w)
	return w
}

const mostYen = 1 << 30

func clip64(n, least, most int64) int64 { return min(max(n, least), most) }

// usualAbroad is what a day at any destination may cost, as half of what one at another has cost: who has guests from everywhere, or
// opens a country, spends as much there as elsewhere. Of whom little is known it takes more.
func (s *State) usualAbroad() uint32 {
	var n uint32
	for i := range s.destinations {
		if d := &s.destinations[i]; !tsujiban.SharedCost(d.key) { // a day's list at home says nothing of what a country may cost
			n = max(n, d.spent.fullest)
		}
	}
	return max(n/2, spendingAbroad.floor*100/uint32(s.history()))
}

// charge is what the call costs when it has talked for so long, in yen, without what being answered costs.
func (t *Trace) charge(ms int64) uint32 {
	const dearest, longest = 100_000 * tsujiban.Unit, 10 * dayMillis
	ms = clip64(ms, 0, longest)
	if step := int64(t.step); step > 0 {
		ms = (ms + step - 1) / step * step
	}
	thousandths := int64(min(t.price, dearest) / (tsujiban.Unit / 1000))
	return uint32(clip64(thousandths*ms/60_000/1000, 0, mostYen))
}

// stepOf is the step in which a call's time is charged, in milliseconds.
func stepOf(step time.Duration) int32 { return int32(clip64(step.Milliseconds(), 0, hourMillis)) }
