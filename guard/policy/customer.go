package policy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"tsujiban"
)

// Limits of what is read for one customer.
const (
	maxListed    = 1000               // countries, prefixes or classes in one list
	maxChannels  = 100_000            // calls at once
	maxPerSecond = 10_000             // calls per second
	maxLongest   = 7 * 24 * time.Hour // longest call
)

// Customer is what one customer may do. It is immutable.
type Customer struct {
	ID            tsujiban.CustomerID
	Index         int // place among the customers of its policy, from 0
	International bool

	CapCall, CapDay, CapMonth tsujiban.Money // 0: none
	Channels                  int            // 0: no limit
	CallsPerSecond            int            // 0: no limit
	LongestCall               time.Duration  // 0: no limit

	// Rules in words, for a verdict that they decide.
	CapCallRule, CapDayRule, CapMonthRule, ChannelsRule, CallsPerSecondRule string

	barred        uint32      // classes, a bit each
	shared        bool        // another customer holds numbers within the blocks
	suspended     bool        // all of its numbers are
	stopped       bool        // by the customer itself
	whole, blocks []uint64    // numbers and blocks that it holds, by Number.Prefix
	allow, bar    *countrySet // nil: none given
	prefixes      *prefixSet
	hours         *Week
	hoursRule     string
}

// Capped tells whether any limit of money holds for the customer.
func (c *Customer) Capped() bool { return c.CapCall|c.CapDay|c.CapMonth != 0 }

// withDefaults fills each limit that is zero from the defaults.
func withDefaults(l tsujiban.Limits, d *tsujiban.Limits) tsujiban.Limits {
	fill(&l.CapCall, d.CapCall)
	fill(&l.CapDay, d.CapDay)
	fill(&l.CapMonth, d.CapMonth)
	fill(&l.Channels, d.Channels)
	fill(&l.CallsPerSecond, d.CallsPerSecond)
	fill(&l.LongestCall, d.LongestCall)
	fill(&l.Hours, d.Hours)
	fillList(&l.AllowCountries, d.AllowCountries)
	fillList(&l.BarCountries, d.BarCountries)
	fillList(&l.BarPrefixes, d.BarPrefixes)
	fillList(&l.AllowClasses, d.AllowClasses)
	return l
}

func fill[T comparable](own *T, def T) {
	var zero T
	if *own == zero {
		*own = def
	}
}

func fillList(own *[]string, def []string) {
	if len(*own) == 0 {
		*own = def
	}
}

// compiler keeps what customers share, so that equal hours and lists are stored once: most customers of an operator
// have those of its tariff, which then stay in the cache.
type compiler struct {
	weeks     map[string]*Week
	countries map[string]*countrySet
	prefixes  map[string]*prefixSet
}

func newCompiler() compiler {
	return compiler{weeks: map[string]*Week{}, countries: map[string]*countrySet{}, prefixes: map[string]*prefixSet{}}
}

// shared returns what was made of an equal list, or makes it.
func shared[T any](made map[string]*T, list []string, make func() (*T, error)) (*T, error) {
	key := strings.Join(list, "\x00")
	if v, ok := made[key]; ok {
		return v, nil
	}
	v, err := make()
	if err == nil {
		made[key] = v
	}
	return v, err
}

// limits compiles the limits of one customer; errors begin with the field's name.
func (c *compiler) limits(l *tsujiban.Limits) (*Customer, error) {
	out := &Customer{
		CapCall: l.CapCall, CapDay: l.CapDay, CapMonth: l.CapMonth,
		Channels: l.Channels, CallsPerSecond: l.CallsPerSecond, LongestCall: l.LongestCall,
	}
	if err := checkRanges(l); err != nil {
		return nil, err
	}
	var err error
	if out.allow, err = c.countrySet(l.AllowCountries); err != nil {
		return nil, fmt.Errorf("allowed countries: %w", err)
	}
	if out.bar, err = c.countrySet(l.BarCountries); err != nil {
		return nil, fmt.Errorf("barred countries: %w", err)
	}
	if len(l.BarPrefixes) > 0 {
		if out.prefixes, err = c.prefixSet(l.BarPrefixes); err != nil {
			return nil, fmt.Errorf("barred prefixes: %w", err)
		}
	}
	if out.barred, err = barredClasses(l.AllowClasses); err != nil {
		return nil, fmt.Errorf("allowed classes: %w", err)
	}
	if l.Hours != "" {
		if out.hours, err = c.week(l.Hours); err != nil {
			return nil, fmt.Errorf("hours: %w", err)
		}
		out.hoursRule = "hours " + l.Hours
	}
	out.CapCallRule = moneyRule("cap-call", l.CapCall)
	out.CapDayRule = moneyRule("cap-day", l.CapDay)
	out.CapMonthRule = moneyRule("cap-month", l.CapMonth)
	out.ChannelsRule = countRule("channels", l.Channels)
	out.CallsPerSecondRule = countRule("calls-per-second", l.CallsPerSecond)
	return out, nil
}

func moneyRule(label string, m tsujiban.Money) string {
	if m == 0 {
		return ""
	}
	return label + " " + m.String()
}

func countRule(label string, n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s %d", label, n)
}

func (c *compiler) week(hours string) (*Week, error) {
	if w, ok := c.weeks[hours]; ok {
		return w, nil
	}
	w, err := ParseHours(hours)
	if err == nil {
		c.weeks[hours] = w
	}
	return w, err
}

func (c *compiler) countrySet(codes []string) (*countrySet, error) {
	return shared(c.countries, codes, func() (*countrySet, error) { return newCountrySet(codes) })
}

func (c *compiler) prefixSet(prefixes []string) (*prefixSet, error) {
	return shared(c.prefixes, prefixes, func() (*prefixSet, error) {
		s, err := newPrefixSet("prefix", prefixes)
		return &s, err
	})
}

func checkRanges(l *tsujiban.Limits) error {
	for _, m := range []struct {
		field string
		value tsujiban.Money
	}{{"cap per call", l.CapCall}, {"cap per day", l.CapDay}, {"cap per month", l.CapMonth}} {
		if m.value < 0 {
			return fmt.Errorf("%s: %v is negative", m.field, m.value)
		}
	}
	if l.Channels < 0 || l.Channels > maxChannels {
		return fmt.Errorf("channels: %d is not within 0 to %d", l.Channels, maxChannels)
	}
	if l.CallsPerSecond < 0 || l.CallsPerSecond > maxPerSecond {
		return fmt.Errorf("calls per second: %d is not within 0 to %d", l.CallsPerSecond, maxPerSecond)
	}
	if l.LongestCall < 0 || l.LongestCall > maxLongest {
		return fmt.Errorf("longest call: %v is not within 0 to %v", l.LongestCall, maxLongest)
	}
	for _, list := range []struct {
		field string
		items []string
	}{{"allowed countries", l.AllowCountries}, {"barred countries", l.BarCountries}, {"barred prefixes", l.BarPrefixes}, {"allowed classes", l.AllowClasses}} {
		if len(list.items) > maxListed {
			return fmt.Errorf("%s: %d entries, at most %d are read", list.field, len(list.items), maxListed)
		}
	}
	return nil
}

// barredByDefault are the classes that are barred unless they are opened.
const barredByDefault uint32 = 1<<tsujiban.ClassPremium | 1<<tsujiban.ClassSatellite | 1<<tsujiban.ClassUndesignated

var errClass = errors.New("want premium, satellite or undesignated")

func barredClasses(open []string) (uint32, error) {
	barred := barredByDefault
	for _, name := range open {
		c, ok := tsujiban.ParseClass(name)
		if !ok || barredByDefault&(1<<c) == 0 {
			return 0, fmt.Errorf("%q: %w", name, errClass)
		}
		barred &^= 1 << c
	}
	return barred, nil
}

// Check tells whether the rules let a call out pass: ReasonNone, or the reason
// with the rule that stands against it. Emergency calls must not be asked about.
func (p *Policy) Check(c *Customer, callee tsujiban.Number, d tsujiban.Destination, m Moment) (tsujiban.Reason, string) {
	if c.stopped {
		return tsujiban.ReasonStopped, "stopped by the customer"
	}
	if i, ok := p.closed.find(callee); ok {
		return tsujiban.ReasonClosedForAll, p.closed.rules[i]
	}
	if c.barred>>d.Class&1 != 0 {
		return tsujiban.ReasonBarredClass, classRules[d.Class]
	}
	// What is neither domestic nor known is taken for international: the safe side.
	if d.Scope != tsujiban.ScopeDomestic {
		switch {
		case !c.International:
			return tsujiban.ReasonInternationalOff, "international off"
		case c.bar.has(d.ISO) || c.allow != nil && !c.allow.has(d.ISO):
			return tsujiban.ReasonBarredCountry, p.countries.of(d.ISO)
		}
	}
	if c.prefixes != nil {
		if i, ok := c.prefixes.find(callee); ok {
			return tsujiban.ReasonBarredPrefix, c.prefixes.rules[i]
		}
	}
	if c.hours != nil && !c.hours.Has(m.Minute) {
		return tsujiban.ReasonOutsideHours, c.hoursRule
	}
	return tsujiban.ReasonNone, ""
}

// classRules name the classes that can be barred.
var classRules = [tsujiban.NumClasses]string{
	tsujiban.ClassPremium: "class premium", tsujiban.ClassSatellite: "class satellite", tsujiban.ClassUndesignated: "class undesignated",
}

// Caller reads the caller number of a call out and tells whether the customer may
// show it. A caller who is withheld (no number, or one of the words that stand for
// it, RFC 3323 §4.1.1.3) passes: the trunk says who it is. A customer that has no
// numbers set may show any, and so may one that is not known (nil).
func (p *Policy) Caller(c *Customer, caller []byte) (tsujiban.Number, bool) {
	if withheld(caller) {
		return tsujiban.Number{}, true
	}
	free := c == nil || len(c.whole)+len(c.blocks) == 0
	dialled, err := p.plan.Parse(caller)
	if err != nil {
		return tsujiban.Number{}, free
	}
	return dialled.Number, free || p.holds(c, dialled.Number)
}

var withheldWords = [...][]byte{[]byte("anonymous"), []byte("unavailable"), []byte("restricted")}

func withheld(caller []byte) bool {
	if len(caller) == 0 {
		return true
	}
	for _, w := range withheldWords {
		if bytes.EqualFold(caller, w) {
			return true
		}
	}
	return false
}
