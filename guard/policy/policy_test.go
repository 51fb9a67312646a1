package policy_test

import (
	"strings"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/guard/policy"
	"tsujiban/numbering"
	"tsujiban/rating"
)

var tokyo = time.FixedZone("JST", 9*3600)

func plan(t testing.TB) *numbering.Plan {
	t.Helper()
	p, err := numbering.New("JP")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func compile(t testing.TB, src policy.Source) *policy.Policy {
	t.Helper()
	src.Plan = plan(t)
	if src.Location == nil {
		src.Location = tokyo
	}
	p, err := policy.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func one(l tsujiban.Limits) []tsujiban.Customer {
	return []tsujiban.Customer{{ID: "firm", International: true, Limits: l}}
}

func TestCheck(t *testing.T) {
	monday := time.Date(2026, 11, 2, 10, 0, 0, 0, tokyo)
	for _, c := range []struct {
		name    string
		src     policy.Source
		at      time.Time
		dialled string
		reason  tsujiban.Reason
		rule    string
	}{
		{name: "international is off unless switched on", src: policy.Source{Customers: []tsujiban.Customer{{ID: "firm"}}}, dialled: "01044207123456", reason: tsujiban.ReasonInternationalOff, rule: "international off"},
		{name: "domestic needs no switch", src: policy.Source{Customers: []tsujiban.Customer{{ID: "firm"}}}, dialled: "0312345678"},
		{name: "switched on", src: policy.Source{Customers: one(tsujiban.Limits{})}, dialled: "010442071234567"},
		{name: "barred country", src: policy.Source{Customers: one(tsujiban.Limits{BarCountries: []string{"sl"}})}, dialled: "01023277123456", reason: tsujiban.ReasonBarredCountry, rule: "country SL"},
		{name: "another country", src: policy.Source{Customers: one(tsujiban.Limits{BarCountries: []string{"SL"}})}, dialled: "010442071234567"},
		{name: "not among the allowed countries", src: policy.Source{Customers: one(tsujiban.Limits{AllowCountries: []string{"KR", "CN"}})}, dialled: "010442071234567", reason: tsujiban.ReasonBarredCountry, rule: "country GB"},
		{name: "among the allowed countries", src: policy.Source{Customers: one(tsujiban.Limits{AllowCountries: []string{"KR", "CN"}})}, dialled: "01082212345678"},
		{name: "allowed countries do not touch domestic calls", src: policy.Source{Customers: one(tsujiban.Limits{AllowCountries: []string{"KR"}})}, dialled: "0312345678"},
		{name: "barred prefix", src: policy.Source{Customers: one(tsujiban.Limits{BarPrefixes: []string{"23276", "+4420"}})}, dialled: "010442071234567", reason: tsujiban.ReasonBarredPrefix, rule: "prefix 4420"},
		{name: "barred domestic prefix", src: policy.Source{Customers: one(tsujiban.Limits{BarPrefixes: []string{"813"}})}, dialled: "0312345678", reason: tsujiban.ReasonBarredPrefix, rule: "prefix 813"},
		{name: "premium is barred by default", src: policy.Source{Customers: one(tsujiban.Limits{})}, dialled: "0990512345", reason: tsujiban.ReasonBarredClass, rule: "class premium"},
		{name: "premium opened", src: policy.Source{Customers: one(tsujiban.Limits{AllowClasses: []string{"premium"}})}, dialled: "0990512345"},
		{name: "satellite is barred by default", src: policy.Source{Customers: one(tsujiban.Limits{})}, dialled: "010870773123456", reason: tsujiban.ReasonBarredClass, rule: "class satellite"},
		{name: "satellite opened", src: policy.Source{Customers: one(tsujiban.Limits{AllowClasses: []string{"satellite"}})}, dialled: "010870773123456"},
		{name: "undesignated is barred by default", src: policy.Source{Customers: one(tsujiban.Limits{})}, dialled: "010210123456", reason: tsujiban.ReasonBarredClass, rule: "class undesignated"},
		{name: "closed for all", src: policy.Source{Customers: one(tsujiban.Limits{}), Closed: []string{"232", "23277"}}, dialled: "01023277123456", reason: tsujiban.ReasonClosedForAll, rule: "closed 23277"},
		{name: "outside hours", src: policy.Source{Customers: one(tsujiban.Limits{Hours: "Mon-Fri 11:00-20:00"})}, dialled: "0312345678", reason: tsujiban.ReasonOutsideHours, rule: "hours Mon-Fri 11:00-20:00"},
		{name: "within hours", src: policy.Source{Customers: one(tsujiban.Limits{Hours: "Mon-Fri 11:00-20:00"})}, at: monday.Add(time.Hour), dialled: "0312345678"},
		{name: "hours over midnight", src: policy.Source{Customers: one(tsujiban.Limits{Hours: "Sun 22:00-06:00"})}, at: monday.Add(-5 * time.Hour), dialled: "0312345678"},
		{name: "a default holds", src: policy.Source{Customers: one(tsujiban.Limits{}), Defaults: tsujiban.Limits{BarCountries: []string{"GB"}}}, dialled: "010442071234567", reason: tsujiban.ReasonBarredCountry, rule: "country GB"},
		{name: "a limit of its own instead of the default", src: policy.Source{Customers: one(tsujiban.Limits{BarCountries: []string{"SL"}}), Defaults: tsujiban.Limits{BarCountries: []string{"GB"}}}, dialled: "010442071234567"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := compile(t, c.src)
			if c.at.IsZero() {
				c.at = monday
			}
			d, err := p.Plan().Parse([]byte(c.dialled))
			if err != nil {
				t.Fatal(err)
			}
			reason, rule := p.Check(p.Customer("firm"), d.Number, d.Destination, p.Moment(c.at))
			if reason != c.reason || rule != c.rule {
				t.Errorf("%s (%+v): %v %q, want %v %q", c.dialled, d.Destination, reason, rule, c.reason, c.rule)
			}
		})
	}
}

// TestCompileSaysWhatIsWrong: every error names the customer and the field.
func TestCompileSaysWhatIsWrong(t *testing.T) {
	limits := func(l tsujiban.Limits) policy.Source { return policy.Source{Customers: one(l)} }
	for _, c := range []struct {
		src  policy.Source
		want string
	}{
		{limits(tsujiban.Limits{CapDay: -1}), `customer "firm": cap per day: -0.000001 is negative`},
		{limits(tsujiban.Limits{CapCall: -1}), `customer "firm": cap per call:`},
		{limits(tsujiban.Limits{CapMonth: -1}), `customer "firm": cap per month:`},
		{limits(tsujiban.Limits{Channels: -1}), `customer "firm": channels: -1`},
		{limits(tsujiban.Limits{CallsPerSecond: 1 << 20}), `customer "firm": calls per second: 1048576`},
		{limits(tsujiban.Limits{LongestCall: -time.Second}), `customer "firm": longest call: -1s`},
		{limits(tsujiban.Limits{AllowCountries: []string{"JPN"}}), `customer "firm": allowed countries: "JPN": want an ISO 3166-1 code`},
		{limits(tsujiban.Limits{BarCountries: []string{"1A"}}), `customer "firm": barred countries: "1A"`},
		{limits(tsujiban.Limits{BarPrefixes: []string{"44a"}}), `customer "firm": barred prefixes: "44a"`},
		{limits(tsujiban.Limits{BarPrefixes: make([]string, 2000)}), `customer "firm": barred prefixes: 2000 entries`},
		{limits(tsujiban.Limits{AllowClasses: []string{"mobile"}}), `customer "firm": allowed classes: "mobile": want premium, satellite or undesignated`},
		{limits(tsujiban.Limits{Hours: "Mon 8-9"}), `customer "firm": hours: "Mon 8-9"`},
		{policy.Source{Customers: []tsujiban.Customer{{ID: "a"}, {ID: "a"}}}, `customer "a": id: occurs twice`},
		{policy.Source{Customers: []tsujiban.Customer{{Name: "A"}}}, `customer "A": id: must not be empty`},
		{policy.Source{Customers: []tsujiban.Customer{{ID: "a", Numbers: []string{"0312345678"}}}}, `customer "a": numbers: "0312345678": want an E.164 number`},
		{policy.Source{Customers: []tsujiban.Customer{{ID: "a", Numbers: []string{"+8131234x"}}}}, `customer "a": numbers: "+8131234x"`},
		{policy.Source{Customers: []tsujiban.Customer{{ID: "a", Numbers: []string{"*"}}}}, `customer "a": numbers: "*"`},
		{policy.Source{Customers: []tsujiban.Customer{{ID: "a", Numbers: []string{"+81312345678"}}, {ID: "b", Numbers: []string{"+81312345678"}}}}, `customer "b": numbers: "+81312345678" is held by customer "a" already`},
		{policy.Source{Closed: []string{"x"}}, `closed destinations: "x"`},
		{policy.Source{Hints: []string{""}}, `hints of past abuse: ""`},
		{policy.Source{Defaults: tsujiban.Limits{Hours: "x"}}, `default limits: hours:`},
	} {
		c.src.Plan = plan(t)
		_, err := policy.Compile(c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
		if tsujiban.CodeOf(err) != tsujiban.CodeInvalid {
			t.Errorf("%v: code %v", err, tsujiban.CodeOf(err))
		}
	}
	if _, err := policy.Compile(policy.Source{}); err == nil {
		t.Error("compiled without a numbering plan")
	}
}

func TestHolderAndCaller(t *testing.T) {
	p := compile(t, policy.Source{Customers: []tsujiban.Customer{
		{ID: "block", Numbers: []string{"+8131234*", "+81501234*"}},
		{ID: "inside", Numbers: []string{"+81312345678", "+813123499*"}},
		{ID: "free"},
	}})
	for _, c := range []struct {
		number string
		holder tsujiban.CustomerID
	}{
		{"+81312341111", "block"}, {"+81312345678", "inside"}, {"+81312349911", "inside"}, {"+81312350000", ""}, {"+815012345678", "block"}, {"110", ""},
	} {
		n, err := tsujiban.ParseNumber(c.number)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := p.Holder(n); got != c.holder || ok != (c.holder != "") {
			t.Errorf("%s is held by %q, want %q", c.number, got, c.holder)
		}
	}
	for _, c := range []struct {
		customer tsujiban.CustomerID
		caller   string
		mine     bool
	}{
		{"block", "0312341111", true},
		{"block", "+81312341111", true},
		{"block", "0312345678", false}, // a number of another within its block
		{"block", "0612341111", false},
		{"block", "", true},
		{"block", "Anonymous", true},
		{"block", "unavailable", true},
		{"block", "alice", false},
		{"block", "110", false},
		{"inside", "0312345678", true},
		{"inside", "0312349911", true},
		{"inside", "0312341111", false},
		{"free", "0612341111", true},
		{"free", "alice", true},
		{"nobody", "0612341111", true},
	} {
		if n, mine := p.Caller(p.Customer(c.customer), []byte(c.caller)); mine != c.mine {
			t.Errorf("%s shows %q (%v): %v, want %v", c.customer, c.caller, n, mine, c.mine)
		}
	}
}

func TestPrice(t *testing.T) {
	deck, err := rating.Parse(strings.NewReader("prefix,name,yen_per_minute,increment_s\n81,HOME,8,180\n44,UK,20,6\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dialled string
		deck    *rating.Deck
		known   bool
	}{{"0312345678", deck, true}, {"010442071234567", deck, true}, {"01033123456789", deck, false}, {"110", deck, true}, {"110", nil, true}, {"0120123456", nil, true}, {"0312345678", nil, false}} {
		p := compile(t, policy.Source{Rates: c.deck})
		d, err := p.Plan().Parse([]byte(c.dialled))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := p.Price(d.Number, d.Destination, time.Now()); ok != c.known {
			t.Errorf("%s: price known %v, want %v", c.dialled, ok, c.known)
		}
	}
}

func TestMoment(t *testing.T) {
	p := compile(t, policy.Source{})
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	west := compile(t, policy.Source{Location: newYork})
	for _, c := range []struct {
		policy *policy.Policy
		at     time.Time
		want   policy.Moment
	}{
		{p, time.Date(2026, 11, 1, 15, 0, 0, 0, time.UTC), policy.Moment{Day: 20759, Month: 2026*12 + 10, Minute: 0}},
		{p, time.Date(2026, 11, 30, 14, 59, 59, 0, time.UTC), policy.Moment{Day: 20787, Month: 2026*12 + 10, Minute: 24*60 - 1}},
		{p, time.Date(2026, 11, 30, 15, 0, 0, 0, time.UTC), policy.Moment{Day: 20788, Month: 2026*12 + 11, Minute: 24 * 60}},
		{p, time.Date(1969, 12, 31, 14, 59, 0, 0, time.UTC), policy.Moment{Day: -1, Month: 1969*12 + 11, Minute: 3*24*60 - 1}},
		{west, time.Date(2026, 11, 1, 5, 30, 0, 0, time.UTC), policy.Moment{Day: 20758, Month: 2026*12 + 10, Minute: 6*24*60 + 90}}, // before the clocks go back
		{west, time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC), policy.Moment{Day: 20758, Month: 2026*12 + 10, Minute: 6*24*60 + 90}}, // and after
	} {
		if got := c.policy.Moment(c.at); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.at, got, c.want)
		}
	}
}
