package store

import (
	"fmt"
	"slices"
	"time"

	"tsujiban"
)

// Rules is what is set for all customers at run time. What the configuration says stays beneath it.
type Rules struct {
	Closed   []string        `json:"closed,omitempty"`  // E.164 prefixes closed for all, besides those of the configuration
	Hints    []string        `json:"hints,omitempty"`   // prefixes known from past abuse, besides those of the configuration's file
	Defaults tsujiban.Limits `json:"defaults,omitzero"` // limits of customers that have none of their own, in place of the configuration's; zero fields follow it

	At   time.Time `json:"-"` // when it was set; zero: never
	By   string    `json:"-"`
	Note string    `json:"-"`
}

// MaxRulePrefixes is how many prefixes a list of Rules holds.
const MaxRulePrefixes = 5000

// ValidRules checks what is set for all, sorts its lists and takes out what is there twice.
func ValidRules(r *Rules) error {
	for _, l := range []struct {
		name string
		list *[]string
	}{{"closed", &r.Closed}, {"hints", &r.Hints}} {
		if len(*l.list) > MaxRulePrefixes {
			return invalid(l.name, "%d prefixes; at most %d can be set", len(*l.list), MaxRulePrefixes)
		}
		for _, p := range *l.list {
			if _, err := tsujiban.NumberFromDigits(p); err != nil {
				return invalid(l.name, "%q: write the first digits of numbers, with country code and without plus sign, such as 232", p)
			}
		}
		*l.list = slices.Clone(*l.list)
		slices.Sort(*l.list)
		*l.list = slices.Compact(*l.list)
	}
	c := tsujiban.Customer{ID: "defaults", Name: "defaults", Limits: r.Defaults}
	if err := ValidCustomer(&c); err != nil {
		return fmt.Errorf("defaults: %w", err)
	}
	return nil
}
