package guard_test

import (
	"testing"

	"tsujiban"
)

// TestSuspendedNumbers: a number that nobody may use neither calls nor is called, but reaches the emergency services.
func TestSuspendedNumbers(t *testing.T) {
	src := firmSource(t, tsujiban.Limits{BarCountries: []string{"SL"}})
	src.Customers = append(src.Customers, tsujiban.Customer{ID: "shop", Numbers: []string{"+81612340001", "+81612340002"}}, tsujiban.Customer{ID: "free"})
	src.Suspended = []string{"+81312345678", "+81612340002"}
	d := newDesk(t, src)
	out := func(c tsujiban.CustomerID, caller, presented string) tsujiban.Attempt {
		return tsujiban.Attempt{Customer: c, Dialled: []byte("0612345678"), Caller: []byte(caller), Presented: []byte(presented)}
	}
	for name, c := range map[string]struct {
		ask    tsujiban.Attempt
		denied bool
	}{
		"calls":                        {out("firm", "0312345678", ""), true},
		"calls without a number":       {out("firm", "anonymous", ""), true},
		"is called":                    {tsujiban.Attempt{Direction: tsujiban.In, Customer: "firm", Dialled: []byte("0312345678"), Caller: []byte("0699999999")}, true},
		"shows it in From":             {out("shop", "0612340001", "0612340002"), true},
		"asserts it":                   {out("shop", "0612340002", "0612340001"), true},
		"another number of the holder": {out("shop", "0612340001", ""), false},
		"no number, one is left":       {out("shop", "anonymous", ""), false},
		"a customer without numbers":   {out("free", "anonymous", ""), false},
		"a stranger shows it":          {out("free", "0312345678", ""), true},
		"emergency":                    {tsujiban.Attempt{Customer: "firm", Dialled: []byte("110"), Caller: []byte("0312345678")}, false},
	} {
		_, v := d.ask(c.ask)
		if got := v.Action == tsujiban.Deny; got != c.denied || c.denied && (v.Reason != tsujiban.ReasonSuspended || v.Rule != "number suspended") {
			t.Errorf("%s: %v %v %q", name, v.Action, v.Reason, v.Rule)
		}
	}
}
