package main

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tsujiban"
	"tsujiban/journal"
)

// history writes a journal as the program would have written it so many days ago, a segment for each day that is named: two calls
// of hakata-shokai, and a look into them.
func history(ts *testscript.TestScript, _ bool, args []string) {
	j, err := journal.Open(journal.Options{Dir: ts.MkAbs("data/journal"), CommitInterval: -1})
	ts.Check(err)
	put := func(ev tsujiban.Event) {
		_, err := j.Append(&ev)
		ts.Check(err)
	}
	number := func(digits string) tsujiban.Number {
		n, err := tsujiban.NumberFromDigits(digits)
		ts.Check(err)
		return n
	}
	var last tsujiban.CallID
	for _, arg := range args {
		days, err := strconv.Atoi(arg)
		ts.Check(err)
		at := time.Now().UTC().AddDate(0, 0, -days)
		j.Roll()
		for _, callee := range []string{"81312345678", "81665550100"} {
			last = tsujiban.NextCallID(last, at)
			put(tsujiban.Event{Kind: tsujiban.EventAttempt, At: at, Call: last,
				Attempt: tsujiban.Attempt{Customer: "hakata-shokai", Trunk: "hakata-pbx", Source: netip.MustParseAddrPort("192.0.2.10:5060"), Caller: []byte("0925551234"), Dialled: []byte("0" + callee[2:])},
				Verdict: tsujiban.Verdict{Action: tsujiban.Allow, Caller: number("81925551234"), Callee: number(callee)}})
			put(tsujiban.Event{Kind: tsujiban.EventAnswered, At: at, Call: last})
			put(tsujiban.Event{Kind: tsujiban.EventEnded, At: at.Add(time.Minute), Call: last,
				Outcome: tsujiban.Outcome{Customer: "hakata-shokai", Status: 200, Talk: time.Minute, Charge: 3 * tsujiban.Unit, By: tsujiban.PartyCaller}})
		}
		put(tsujiban.Event{Kind: tsujiban.EventSet, At: at, By: "front desk", Note: "looked into calls; ground: consent"})
		ts.Check(j.Wait(context.Background(), j.Stats().Appended))
	}
	ts.Check(j.Close())
}
