package guard_test

import (
	"sync"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/guard"
)

// TestManyAtOnce lets calls, readers, staff and a reload at one guard; the race detector
// watches, and in the end nothing is left set aside.
func TestManyAtOnce(t *testing.T) {
	src := source(t, tsujiban.Customer{ID: "a", International: true}, tsujiban.Customer{ID: "b", International: true})
	g := guard.New(guard.Options{Policy: compile(t, src)})
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			customer := []tsujiban.CustomerID{"a", "b"}[n%2]
			var v tsujiban.Verdict
			var o tsujiban.Outcome
			for i := range 500 {
				at := monday.Add(time.Duration(i) * time.Minute)
				a := tsujiban.Attempt{Call: tsujiban.CallID(n*1000 + i + 1), At: at, Customer: customer, Dialled: []byte("01082212345678")}
				if g.Decide(&a, &v); v.Action == tsujiban.Deny {
					continue
				}
				g.Answered(a.Call, at)
				g.Extend(a.Call, at.Add(8*time.Second))
				g.Ended(a.Call, at.Add(30*time.Second), &o)
			}
		})
	}
	wg.Go(func() {
		var running []guard.Running
		var effects []guard.Effect
		for i := range 200 {
			g.SetPolicy(compile(t, src))
			g.Usage("a")
			g.Totals()
			running, effects = g.Running(running[:0]), g.Effects(effects[:0])
			if i%20 == 0 {
				g.Restrict(&tsujiban.Restriction{Customer: "b", Level: tsujiban.LevelRestrict, Reason: tsujiban.ReasonStaff, At: monday})
				g.Release("b", monday)
			}
		}
	})
	wg.Wait()
	if totals := g.Totals(); totals.Running != 0 || totals.Reserved != 0 || totals.International != 0 {
		t.Errorf("%+v", totals)
	}
	if err := g.CheckLists(); err != nil {
		t.Error(err)
	}
}
