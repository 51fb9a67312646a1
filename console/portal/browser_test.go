package portal_test

import (
	"net/http"
	"strconv"
	"testing"

	"tsujiban"
	"tsujiban/app/control"
	"tsujiban/console/consoletest"
	"tsujiban/console/portal"
	"tsujiban/people"
)

// busy gives the firm calls at home and abroad that have ended, one that is up, and a hijacking that the guard has stopped.
func busy(t *testing.T, s *consoletest.Site) {
	t.Helper()
	for _, dialled := range []string{"0312345678", "0667891234", "010886223456789", "01012125551234"} {
		s.PBX.Call(dialled)
	}
	for i := range 9 {
		s.PBX.Call("010232771234" + strconv.Itoa(50+i))
	}
	s.Until(func() bool { c := state(t, s); return c.Restriction != nil && c.Restriction.Level == "restrict" })
	for _, c := range s.App.Frame().Calls {
		if c.Country != "TW" {
			err := s.App.Office("test").Do(t.Context(), http.MethodDelete, "/v1/running/"+c.Call, control.Order{Note: "test"}, nil)
			if err != nil && tsujiban.CodeOf(err) != tsujiban.CodeNotFound { // the guard may be faster
				t.Fatal(err)
			}
		}
	}
	s.Until(func() bool { return len(s.App.Frame().Calls) <= 1 })
}

// TestLook looks at every page in every window.
func TestLook(t *testing.T) {
	s := consoletest.Start(t, "")
	set(t, s, http.MethodPatch, "/v1/customers/hakata-shokai", map[string]any{"limits": map[string]any{"cap_day": 20000, "cap_month": 100000, "bar_countries": []string{"CU"}}})
	busy(t, s)
	set(t, s, http.MethodPut, "/v1/customers/hakata-shokai/own", control.Own{BarCountries: []string{"SL", "MV"}})
	text, err := s.App.Door().ReplyLink(portal.Subject("hakata-shokai", 1<<40))
	if err != nil {
		t.Fatal(err)
	}
	b := s.Browse(t)
	for i, w := range consoletest.Windows(people.CustomerRole) {
		t.Run(w.String(), func(t *testing.T) {
			tab := b.Open(t, w, firm)
			for j, path := range []string{firm, firm + "/bill", firm + "/bill?by=place", firm + "/settings", firm + "/stop", firm + "/history", "/checks"} {
				if !consoletest.Turn(i, j) {
					continue
				}
				tab.Go(path)
				tab.Check()
				tab.Shot()
			}
			// Somebody else of the firm is faster.
			tab.Go(firm + "/settings")
			set(t, s, http.MethodPatch, "/v1/customers/hakata-shokai/own", map[string]any{"cap_day": 7000 + i})
			tab.Fill("#f-cap_day", "9000")
			tab.Follow("form[action$=limits] button.main")
			tab.Wait("#meanwhile-title")
			tab.Here("clash")
			nobody := w
			nobody.Role = 0
			asked := b.Open(t, nobody, "/reply/"+text+"?answer=no")
			asked.Check()
			asked.Shot()
			asked.Go("/reply/spent")
			asked.Check()
			asked.Shot()
		})
	}
}
