package app

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/guard"
)

// topRisks is how many customers an overview names.
const topRisks = 20

// overview is the desk's picture. It reads memory only: two days by the hour, and what runs now.
func (s *controlServer) overview(*http.Request) (any, error) {
	a, now := s.app, s.app.now()
	st := a.Status()
	out := control.Overview{At: now, Currency: st.Currency, Totals: st.Totals, Journal: st.Journal}
	out.Behind = st.Journal.Committed - min(st.Journal.Viewed, st.Journal.Committed)
	places, risks, carriers := map[pulsePlace]*control.OverviewPlace{}, map[tsujiban.CustomerID]*control.OverviewRisk{}, map[tsujiban.CarrierID]*control.CarrierHealth{}
	for i := range st.Carriers {
		carriers[tsujiban.CarrierID(st.Carriers[i].ID)] = &control.CarrierHealth{Carrier: st.Carriers[i]}
	}
	out.Hours = a.pulse.past(now, places, risks, carriers)
	a.presence(now, places, risks)
	for _, c := range a.edge.Live(nil) {
		if h := carriers[c.Carrier]; h != nil {
			h.Running++
		}
	}
	out.Places = sorted(places, func(x, y *control.OverviewPlace) int {
		return cmp.Or(cmp.Compare(y.AtRisk, x.AtRisk), cmp.Compare(y.Charge, x.Charge), cmp.Compare(y.Attempts, x.Attempts), cmp.Compare(x.Country, y.Country))
	})
	out.Carriers = sorted(carriers, func(x, y *control.CarrierHealth) int { return cmp.Compare(x.ID, y.ID) })
	out.Customers = a.topRisks(risks)
	return out, nil
}

func sorted[K comparable, V any](m map[K]*V, by func(x, y *V) int) []V {
	list := make([]*V, 0, len(m))
	for _, v := range m {
		list = append(list, v)
	}
	slices.SortFunc(list, by)
	out := make([]V, 0, len(list))
	for _, v := range list {
		out = append(out, *v)
	}
	return out
}

func entry[K comparable, V any](m map[K]*V, k K, fresh V) *V {
	v := m[k]
	if v == nil {
		v = &fresh
		m[k] = v
	}
	return v
}

// past tells the hours, and adds up the last 24 of them.
func (p *pulse) past(now time.Time, places map[pulsePlace]*control.OverviewPlace, risks map[tsujiban.CustomerID]*control.OverviewRisk, carriers map[tsujiban.CarrierID]*control.CarrierHealth) (hours []control.OverviewHour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	this := hourOf(now)
	for hour := this - pulseHours + 1; hour <= this; hour++ {
		h := &p.hours[hour%pulseHours]
		if h.hour != hour {
			hours = append(hours, control.OverviewHour{At: time.Unix(hour*3600, 0).UTC()})
			continue
		}
		hours = append(hours, control.OverviewHour{At: time.Unix(hour*3600, 0).UTC(), Attempts: h.attempts, Denied: h.denied, Answered: h.answered, Charge: control.Amount(h.charge)})
		if hour <= this-24 {
			continue
		}
		for k, s := range h.places {
			v := entry(places, k, control.OverviewPlace{Country: k.country, Scope: k.scope.String()})
			v.Attempts, v.Denied, v.Charge = v.Attempts+s.attempts, v.Denied+s.denied, add(v.Charge, s.charge)
		}
		for id, s := range h.customers {
			v := entry(risks, id, control.OverviewRisk{Customer: string(id)})
			v.Denied, v.Day = v.Denied+s.denied, add(v.Day, s.charge)
			if hour == this {
				v.Hour = add(v.Hour, s.charge)
			}
		}
		for id, s := range h.carriers {
			if v := carriers[id]; v != nil {
				v.Calls, v.Answered, v.Charge = v.Calls+s.ended, v.Answered+s.answered, add(v.Charge, s.charge)
				v.Rate = float64(v.Answered) / float64(max(v.Calls, 1))
			}
		}
	}
	return hours
}

func add(a control.Amount, m tsujiban.Money) control.Amount {
	return control.Amount(tsujiban.Money(a).Add(m))
}

// presence adds what runs now.
func (a *App) presence(now time.Time, places map[pulsePlace]*control.OverviewPlace, risks map[tsujiban.CustomerID]*control.OverviewRisk) {
	p := a.policy.Load()
	list := a.guard.Running(nil)
	for i := range list {
		c := &list[i]
		if c.Direction != tsujiban.Out {
			continue
		}
		place := pulsePlace{c.Destination.Country(), c.Destination.Scope}
		v := entry(places, place, control.OverviewPlace{Country: place.country, Scope: place.scope.String()})
		v.Running, v.AtRisk = v.Running+1, add(v.AtRisk, c.Reserved)
		if price, ok := p.Price(c.Callee, c.Destination, now); ok {
			v.PerMinute = add(v.PerMinute, price.PerMinute)
		}
		r := entry(risks, c.Customer, control.OverviewRisk{Customer: string(c.Customer)})
		r.Running, r.AtRisk = r.Running+1, add(r.AtRisk, c.Reserved)
	}
}

// topRisks names the customers with the most at stake: first those against whom something stands or weighs, then by money.
func (a *App) topRisks(risks map[tsujiban.CustomerID]*control.OverviewRisk) []control.OverviewRisk {
	for id, r := range a.guard.Restrictions() {
		v := entry(risks, id, control.OverviewRisk{Customer: string(id)})
		v.Level, v.Restriction = r.Level.String(), r.By
	}
	rank := func(r *control.OverviewRisk) int64 {
		l, _ := tsujiban.ParseLevel(r.Level)
		return int64(l)
	}
	by := func(x, y *control.OverviewRisk) int {
		return cmp.Or(cmp.Compare(rank(y), rank(x)), cmp.Compare(y.Weight, x.Weight), cmp.Compare(y.AtRisk+y.Day, x.AtRisk+x.Day), cmp.Compare(x.Customer, y.Customer))
	}
	var u guard.Usage
	for id, r := range risks {
		if u, _ = a.guard.Usage(id); u.Level > tsujiban.LevelNone || u.Weight > 0 {
			r.Weight, r.Level = float64(u.Weight), u.Level.String()
		}
	}
	list := sorted(risks, by)
	list = list[:min(len(list), topRisks)]
	names := a.names()
	for i := range list {
		list[i].Name = names(tsujiban.CustomerID(list[i].Customer))
		list[i].Level = cmp.Or(list[i].Level, tsujiban.LevelNone.String())
	}
	return list
}
