package guard_test

import (
	"testing"
	"time"

	"tsujiban"
	"tsujiban/guard"
)

// TestKnownNumbersPassAGuardsRestriction: whom a customer knows it can go on calling, and a call to them that is up stays; what a member of
// staff puts on spares nobody.
func TestKnownNumbersPassAGuardsRestriction(t *testing.T) {
	const partner, stranger = "01082212345678", "01082298765432"
	for _, c := range []struct {
		by       string
		passes   bool
		stranger bool
	}{{guard.By, true, false}, {"sato", false, false}} {
		w := newWorld(t, compile(t, source(t, tsujiban.Customer{ID: "firm", International: true})))
		call := func(at time.Time, dialled string, talk time.Duration) {
			w.plan(planned{at: at, customer: "firm", dialled: dialled, source: "192.0.2.7", agent: "PBX/1.0", talk: talk})
		}
		for day := range 10 {
			call(monday.Add(time.Duration(day)*24*time.Hour+10*time.Hour), partner, 5*time.Minute)
		}
		then := monday.Add(14*24*time.Hour + 10*time.Hour)
		call(then, partner, time.Hour)
		call(then.Add(time.Minute), stranger, time.Hour)
		w.later(then.Add(10*time.Minute), func() {
			w.g.Restrict(&tsujiban.Restriction{Customer: "firm", Level: tsujiban.LevelRestrict, Reason: tsujiban.ReasonFraud, By: c.by, At: w.now})
		})
		call(then.Add(20*time.Minute), partner, time.Minute)
		call(then.Add(20*time.Minute), stranger, time.Minute)
		w.run()
		for _, o := range w.done {
			if o.at.Before(then) {
				continue
			}
			want, through := o.dialled == partner && c.passes, o.verdict.Action != tsujiban.Deny && o.end.Cut == tsujiban.ReasonNone
			if through != want {
				t.Errorf("restricted by %s, call of %s to %s went through: %v, want %v", c.by, o.at.Sub(then), o.dialled, through, want)
			}
		}
	}
}

// TestNumbersOfTodayPassAtHome: while calls to strangers at home are stopped, whoever was talked to that very day can be called again, as who called in
// can; abroad a number has to be known from the day before.
func TestNumbersOfTodayPassAtHome(t *testing.T) {
	w := newWorld(t, compile(t, source(t, tsujiban.Customer{ID: "firm", International: true})))
	call := func(at time.Time, dialled string) {
		w.plan(planned{at: at, customer: "firm", dialled: dialled, source: "192.0.2.7", agent: "PBX/1.0", talk: 2 * time.Minute})
	}
	then := monday.Add(14*24*time.Hour + 10*time.Hour)
	for day := range 10 {
		call(monday.Add(time.Duration(day)*24*time.Hour+10*time.Hour), "0312345678")
	}
	const met, stranger, abroad = "09012345678", "09087654321", "01082212345678"
	call(then, met)
	call(then.Add(time.Minute), abroad)
	w.later(then.Add(10*time.Minute), func() {
		w.g.Restrict(&tsujiban.Restriction{
			Customer: "firm", Level: tsujiban.LevelRestrict, Reason: tsujiban.ReasonFraud, By: guard.By, At: w.now,
			Reach: tsujiban.ReachHome().With(tsujiban.ReachKey(82)),
		})
	})
	for _, to := range []string{met, stranger, abroad} {
		call(then.Add(20*time.Minute), to)
	}
	w.run()
	for _, o := range w.done {
		if want := o.dialled == met; o.at.After(then.Add(15*time.Minute)) && (o.verdict.Action != tsujiban.Deny) != want {
			t.Errorf("the call to %s went through: %v, want %v", o.dialled, !want, want)
		}
	}
}
