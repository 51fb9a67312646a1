package fraud

import "tsujiban"

// A campaign shows at several customers, each of which gives little: the same range of numbers is called, calls come from the same
// source, or from the same kind of device (a vendor's PBX that is open to the internet). For each of these the model remembers which
// customers' calls were strange lately, and how strange; the others' strangeness lifts the next one's.

// factorKind is what several customers' strange calls can have in common.
type factorKind uint8

const (
	factorRange  factorKind = iota // the first six digits of the number
	factorSource                   // a source that is new to the customers
	factorAgent                    // a device that is new to the customers
	numFactorKinds
)

const (
	factorSlots  = 2048
	factorShares = 8
	strangeFrom  = 8 * deciban // what a call must weigh to count for others
	leakFactor   = 24 * deciban
	rangeDigits  = 6
)

// factorTable remembers the values of one kind that were met lately. Each value has two places that it can stand in; the older
// one gives way.
type factorTable [factorSlots]factor

type factor struct {
	key    uint64
	at     int64 // when it was last met; 0: the place is free
	shares [factorShares]struct {
		customer uint32
		w        centi
	}
}

func (t *factorTable) entry(key uint64) *factor {
	h := mix(key)
	a, b := &t[h%factorSlots], &t[(h>>32)%factorSlots]
	switch {
	case a.at != 0 && a.key == key:
		return a
	case b.at != 0 && b.key == key:
		return b
	case b.at < a.at:
		a = b
	}
	*a = factor{key: key}
	return a
}

// fade lets the shares leak.
func (f *factor) fade(now int64) {
	lost := centi(min(max(now-f.at, 0)/(dayMillis/int64(leakFactor)), int64(most)))
	n := 0
	for _, s := range f.shares {
		if s.w -= lost; s.customer != 0 && s.w > 0 {
			f.shares[n] = s
			n++
		}
	}
	clear(f.shares[n:])
	f.at = now
}

// others is the strangeness of other customers' calls, and how many customers they are.
func (f *factor) others(customer uint32) (w centi, n int) {
	for _, s := range f.shares {
		if s.customer != 0 && s.customer != customer {
			w += s.w
			n++
		}
	}
	return w, n
}

// note takes down how strange a customer's call was; of several its strangest counts.
func (f *factor) note(customer uint32, w centi) {
	least := 0
	for i := range f.shares {
		if f.shares[i].customer == customer {
			f.shares[i].w = max(f.shares[i].w, w)
			return
		}
		if f.shares[i].w < f.shares[least].w {
			least = i
		}
	}
	if f.shares[least].w < w {
		f.shares[least].customer, f.shares[least].w = customer, w
	}
}

// What a factor can add: a share of the others' strangeness, from two others on for a range, since two firms may happen to
// call one town.
var factorRules = [numFactorKinds]struct {
	least   int
	percent centi
	each    centi // at most, for each other customer
	most    centi
	name    tsujiban.Factor
}{
	factorRange:  {2, 45, 8 * deciban, 32 * deciban, tsujiban.FactorRange},
	factorSource: {1, 70, 16 * deciban, 24 * deciban, tsujiban.FactorSource},
	factorAgent:  {2, 30, 10 * deciban, 10 * deciban, tsujiban.FactorAgent},
}

// campaign adds what other customers' strange calls say of this one, and remembers it for theirs. own is what the call weighs by
// itself.
func (m *Model) campaign(s *State, c *Call, own centi, e *evidence, f *Finding) {
	var keys [numFactorKinds]uint64
	keys[factorRange] = c.Callee.Prefix(rangeDigits)
	if c.Source != 0 && s.settled.sources.fresh(c.Source) == 1 {
		keys[factorSource] = uint64(c.Source)
	}
	if c.Agent != 0 && s.settled.agents.fresh(c.Agent) == 1 {
		keys[factorAgent] = uint64(c.Agent)
	}
	best := centi(0)
	for k, key := range keys {
		if key == 0 || own < strangeFrom && factorKind(k) == factorRange && c.Destination.Key() == 0 {
			continue
		}
		entry := m.factors[k].entry(key)
		entry.fade(c.At)
		rule := &factorRules[k]
		if w, n := entry.others(s.serial); n >= rule.least {
			if w = min(w*rule.percent/100, centi(n)*rule.each, rule.most); w > best {
				best = w
				f.Campaign = tsujiban.Campaign{Factor: rule.name, Customers: uint16(n + 1)}
			}
		}
		if own >= strangeFrom {
			entry.note(s.serial, min(own, 16*deciban))
		}
	}
	// Where hardly anything is known of anybody yet, everybody's calls are strange, and that is nothing to have in common.
	const half = 100 // days on which somebody settled with a destination
	e.add(tsujiban.EvidenceCampaign, centi(uint64(best)*m.total/(m.total+half)))
}
