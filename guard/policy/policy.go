package policy

import (
	"time"

	"tsujiban"
	"tsujiban/numbering"
	"tsujiban/rating"
)

// FraudMode says what the weighing of evidence may do.
type FraudMode uint8

// The modes.
const (
	FraudOff     FraudMode = iota // nothing is weighed
	FraudObserve                  // weighed and shown; nothing is refused for it
	FraudEnforce                  // restrictions are imposed
)

// NoRate says what happens to a call whose price is not known.
type NoRate uint8

// The choices.
const (
	// NoRateDeny refuses the call when a cap applies to the customer: its worst
	// case cannot be set aside. Without any cap it passes.
	NoRateDeny NoRate = iota
	NoRateAllow
)

// Source is what a policy is compiled from.
type Source struct {
	Customers []tsujiban.Customer
	Defaults  tsujiban.Limits // hold for each customer where its own limit is zero
	Closed    []string        // E.164 prefixes closed for all
	Rates     *rating.Deck    // nil: no price is known
	Plan      *numbering.Plan
	Location  *time.Location // the node's time zone: hours, days and months; nil is UTC
	Hints     []string       // E.164 prefixes known from past abuse
	Fraud     FraudMode
	NoRate    NoRate
	Caution   tsujiban.Decibans // see fraud.Options; 0 is its default
	Harm      tsujiban.Money    // likewise
	Suspended []string          // numbers that nobody may use, written as a customer's
}

// Policy is a compiled Source. It is immutable and safe for concurrent use.
type Policy struct {
	plan      *numbering.Plan
	rates     *rating.Deck
	location  *time.Location
	customers []Customer
	names     directory
	numbers   holders
	closed    prefixSet
	suspended prefixSet
	hints     prefixSet
	countries countryRules
	fraud     FraudMode
	noRate    NoRate
	caution   tsujiban.Decibans
	harm      tsujiban.Money
}

// Compile checks a source and compiles it. Errors carry [tsujiban.CodeInvalid] and
// name the customer and the field.
func Compile(src Source) (*Policy, error) {
	if src.Plan == nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "policy: a numbering plan is needed")
	}
	p := &Policy{
		plan: src.Plan, rates: src.Rates, location: src.Location,
		customers: make([]Customer, 0, len(src.Customers)), // pointers to them stay good
		names:     newDirectory(len(src.Customers)),
		countries: newCountryRules(),
		fraud:     src.Fraud, noRate: src.NoRate, caution: src.Caution, harm: src.Harm,
	}
	if p.location == nil {
		p.location = time.UTC
	}
	var err error
	if p.closed, err = newPrefixSet("closed", src.Closed); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "closed destinations: %w", err)
	}
	if p.hints, err = newPrefixSet("hint", src.Hints); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "hints of past abuse: %w", err)
	}
	c := newCompiler()
	if _, err := c.limits(&src.Defaults); err != nil {
		return nil, tsujiban.Errorf(tsujiban.CodeInvalid, "default limits: %w", err)
	}
	for i := range src.Customers {
		if err := p.add(&c, &src.Customers[i], &src.Defaults); err != nil {
			return nil, err
		}
	}
	p.packNumbers()
	p.numbers.mark(p)
	return p, p.suspend(src.Suspended)
}

// add compiles one customer into the policy.
func (p *Policy) add(c *compiler, cust *tsujiban.Customer, defaults *tsujiban.Limits) error {
	if cust.ID == "" {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "customer %q: id: must not be empty", cust.Name)
	}
	if p.Customer(cust.ID) != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "customer %q: id: occurs twice", cust.ID)
	}
	limits := cust.Own.Narrow(withDefaults(cust.Limits, defaults))
	compiled, err := c.limits(&limits)
	if err != nil {
		return tsujiban.Errorf(tsujiban.CodeInvalid, "customer %q: %w", cust.ID, err)
	}
	compiled.ID = cust.ID
	compiled = p.insert(compiled)
	compiled.International = cust.International && !cust.Own.NoInternational
	compiled.stopped = cust.Own.Stopped
	for _, n := range cust.Numbers {
		if err := p.numbers.add(n, compiled); err != nil {
			return tsujiban.Errorf(tsujiban.CodeInvalid, "customer %q: numbers: %w", cust.ID, err)
		}
	}
	return nil
}

// insert gives a customer its place, for which there must be room.
func (p *Policy) insert(c *Customer) *Customer {
	place := len(p.customers)
	p.customers = append(p.customers, *c)
	p.names.put(c.ID, place)
	c = &p.customers[place]
	c.Index = place
	return c
}

// Customer finds a customer's rules, nil when it is not known.
func (p *Policy) Customer(id tsujiban.CustomerID) *Customer {
	place, ok := p.names.find(p.customers, id)
	if !ok {
		return nil
	}
	return &p.customers[place]
}

// Len is the count of customers.
func (p *Policy) Len() int { return len(p.customers) }

// Holder finds the customer that holds a number: the longest of all customers'
// numbers and blocks that the number falls under.
func (p *Policy) Holder(n tsujiban.Number) (tsujiban.CustomerID, bool) { return p.numbers.find(n) }

// Plan is the numbering plan of the policy.
func (p *Policy) Plan() *numbering.Plan { return p.plan }

// Fraud is what the weighing of evidence may do.
func (p *Policy) Fraud() FraudMode { return p.fraud }

// Caution is how much evidence it takes to stop calls, and what it costs to stop an honest customer's.
func (p *Policy) Caution() (tsujiban.Decibans, tsujiban.Money) { return p.caution, p.harm }

// NoRate is what happens to a call whose price is not known.
func (p *Policy) NoRate() NoRate { return p.noRate }

// Hint tells whether a number leads to a range known from past abuse.
func (p *Policy) Hint(n tsujiban.Number) bool {
	_, ok := p.hints.find(n)
	return ok
}

// Price finds what a call costs. Emergency calls are free, and so is freephone
// in the home country unless the deck says otherwise.
func (p *Policy) Price(n tsujiban.Number, d tsujiban.Destination, at time.Time) (tsujiban.Price, bool) {
	if d.Scope == tsujiban.ScopeEmergency {
		return tsujiban.Price{}, true
	}
	if p.rates != nil {
		if price, _, ok := p.rates.Find(n, at); ok {
			return price, true
		}
	}
	return tsujiban.Price{}, d.Class == tsujiban.ClassFreephone && d.Scope == tsujiban.ScopeDomestic
}

// Moment is an instant as the rules see it, in the node's time zone.
type Moment struct {
	Day    int32 // days since 1970-01-01, local
	Month  int32 // months since year 0, local
	Minute int   // of the week, from Monday 00:00
}

// Hour is the hour of the week, 0 to 167, from Monday 00:00.
func (m Moment) Hour() int { return m.Minute / 60 }

// Moment says where an instant falls in the node's time zone.
func (p *Policy) Moment(at time.Time) Moment {
	local := at.In(p.location)
	_, offset := local.Zone()
	seconds := at.Unix() + int64(offset)
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	year, month, _ := local.Date()
	const thursday = 3 // 1970-01-01
	weekday := ((day+thursday)%7 + 7) % 7
	return Moment{
		Day:    int32(day),
		Month:  int32(year*12 + int(month) - 1),
		Minute: int(weekday)*minutesPerDay + int(seconds-day*86400)/60,
	}
}
