package storetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"tsujiban"
	"tsujiban/store"
)

func callsFold(t *testing.T, s *subject) {
	check := func(want store.Call) {
		t.Helper()
		got, err := s.Call(ctx, want.ID)
		ok(t, err)
		same(t, got, want)
	}
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(1, 1, noon)}))
	want := attempted(1, 1, noon)
	check(want)
	running, err := s.OpenCalls(ctx)
	ok(t, err)
	same(t, running, []store.Call{want})

	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{answered(2, 1, noon.Add(time.Second))}))
	want.Answered, want.Carrier = noon.Add(time.Second), "carrier-a"
	want.Entries.Answered = 2
	check(want)
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{ended(3, 1, noon.Add(33*time.Second))}))
	want.Ended, want.Status, want.Talk = noon.Add(33*time.Second), 200, 32*time.Second
	want.Charge, want.Cut, want.By, want.Entries.Ended = 175*tsujiban.Unit, tsujiban.ReasonCapDay, tsujiban.PartyGuard, 3
	check(want)
	running, err = s.OpenCalls(ctx)
	ok(t, err)
	same(t, running, nil)

	// The same in one batch, the carrier only known at the end, and a local number.
	first, last := attempt(4, 2, noon), ended(6, 2, noon.Add(33*time.Second))
	first.Verdict.Callee, first.Attempt.Direction = number("117"), tsujiban.In
	between := answered(5, 2, noon.Add(time.Second))
	between.Dialog.Carrier, last.Outcome.Carrier = "", "carrier-b"
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{first, between, last}))
	want.ID, want.Callee, want.Direction, want.Carrier = callID(2), number("117"), tsujiban.In, "carrier-b"
	want.Entries = store.Entries{Asked: 4, Answered: 5, Ended: 6}
	check(want)
	found, err := s.Calls(ctx, store.CallQuery{Number: number("117")})
	ok(t, err)
	same(t, found.Calls, []store.Call{want})

	// A refused call is over at once; an event of an unknown call, and a second attempt of
	// a known one, change nothing.
	denied := attempt(7, 3, noon)
	denied.Verdict.Action, denied.Verdict.Reason = tsujiban.Deny, tsujiban.ReasonCapDay
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{denied, answered(8, 99, noon), ended(9, 99, noon), attempt(10, 2, noon.Add(time.Hour))}))
	check(want)
	want = attempted(7, 3, noon)
	want.Action, want.Reason, want.Ended, want.Status = tsujiban.Deny, tsujiban.ReasonCapDay, noon, 402
	check(want)
	_, err = s.Call(ctx, callID(99))
	fails(t, err, tsujiban.CodeNotFound, callID(99).String())
}

func callsPosition(t *testing.T, s *subject) {
	at := func(want uint64) {
		t.Helper()
		pos, err := s.Position(ctx)
		ok(t, err)
		same(t, pos, want)
	}
	at(0)
	ok(t, s.ApplyEvents(ctx, nil))
	at(0)
	fails(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(2, 2, noon)}), tsujiban.CodeConflict, "0", "2", "rebuild")
	one, two := attempt(1, 1, noon), ended(2, 1, noon.Add(time.Second))
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{one, two}))
	at(2)
	before, err := s.Call(ctx, callID(1))
	ok(t, err)
	one.Attempt.Customer = "other" // given again it must not be looked at
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{one, two}))
	at(2)
	three := tsujiban.Event{Seq: 3, Kind: tsujiban.EventStopped}
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{two, three, attempt(4, 2, noon)}))
	at(4)
	after, err := s.Call(ctx, callID(1))
	ok(t, err)
	same(t, after, before)
	fails(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(5, 3, noon), attempt(7, 4, noon)}), tsujiban.CodeConflict, "5", "7")
	at(4)
}

// callsRollback checks that of a batch that fails nothing is left.
func callsRollback(t *testing.T, s *subject) {
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(1, 1, noon)}))
	fails(t, s.ApplyEvents(ctx, []tsujiban.Event{ended(2, 1, noon), attempt(3, 2, noon), attempt(9, 3, noon)}), tsujiban.CodeConflict)
	page, err := s.Calls(ctx, store.CallQuery{})
	ok(t, err)
	same(t, page.Calls, []store.Call{attempted(1, 1, noon)})
}

func callsReset(t *testing.T, s *subject) {
	ok(t, s.AddCustomer(ctx, "sato", fullCustomer("a")))
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(1, 1, noon), attempt(2, 2, noon)}))
	ok(t, s.ResetViews(ctx, 1))
	page, err := s.Calls(ctx, store.CallQuery{})
	ok(t, err)
	same(t, page.Calls, nil)
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(1, 1, noon)}))
	// The journal may have let go of its oldest events.
	ok(t, s.ResetViews(ctx, 500))
	fails(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(501, 1, noon)}), tsujiban.CodeConflict)
	ok(t, s.ApplyEvents(ctx, []tsujiban.Event{attempt(500, 1, noon)}))
	pos, err := s.Position(ctx)
	ok(t, err)
	same(t, pos, 500)
	_, err = s.Customer(ctx, "a")
	ok(t, err)
}

// callsQueries folds a random course of events in random batches and compares every page
// of random queries with what the world says.
func callsQueries(t *testing.T, s *subject) {
	w := newWorld(7)
	for len(w.events) < 2000 {
		w.step()
	}
	for rest := w.events; len(rest) > 0; {
		n := min(1+w.r.IntN(300), len(rest))
		ok(t, s.ApplyEvents(ctx, rest[:n]))
		rest = rest[n:]
	}
	for range 80 {
		q := w.query()
		want := w.find(&q)
		var got []store.Call
		for {
			page, err := s.Calls(ctx, q)
			ok(t, err)
			got = append(got, page.Calls...)
			if page.Next == "" {
				break
			}
			if len(page.Calls) != q.Limit {
				t.Fatalf("a page of %d calls, and there is another one", len(page.Calls))
			}
			q.Cursor = page.Next
		}
		same(t, got, want)
	}
	running, err := s.OpenCalls(ctx)
	ok(t, err)
	same(t, running, w.find(&store.CallQuery{OnlyOpen: true}))
}

// query is a random one, with pages so small that there are some.
func (w *world) query() (q store.CallQuery) {
	q.Limit = 20 + w.r.IntN(200)
	if w.r.IntN(2) == 0 {
		q.Customer = tsujiban.CustomerID("c" + string(rune('0'+w.r.IntN(5))))
	}
	if w.r.IntN(2) == 0 {
		for q.Number.IsZero() {
			q.Number = w.number()
		}
	}
	span := w.now.Sub(noon)
	if w.r.IntN(3) == 0 {
		q.From = noon.Add(time.Duration(w.r.Int64N(int64(span)))).Truncate(time.Microsecond)
	}
	if w.r.IntN(3) == 0 {
		q.To = w.calls[w.r.IntN(len(w.calls))].At
	}
	if w.r.IntN(3) == 0 {
		d := tsujiban.Direction(w.r.IntN(tsujiban.NumDirections))
		q.Direction = &d
	}
	if w.r.IntN(3) == 0 {
		a := tsujiban.Action(w.r.IntN(3))
		q.Action = &a
	}
	q.OnlyOpen = w.r.IntN(6) == 0
	if w.r.IntN(4) == 0 {
		q.TalkFrom, q.TalkTo = 31*time.Second, []time.Duration{0, 31_999 * time.Millisecond, 32 * time.Second}[w.r.IntN(3)]
	}
	return q
}

func (w *world) find(q *store.CallQuery) (out []store.Call) {
	for _, c := range w.calls {
		if q.Customer != "" && c.Customer != q.Customer || !q.Number.IsZero() && c.Caller != q.Number && c.Callee != q.Number ||
			!q.From.IsZero() && c.At.Before(q.From) || !q.To.IsZero() && !c.At.Before(q.To) ||
			q.Direction != nil && c.Direction != *q.Direction || q.Action != nil && c.Action != *q.Action || c.Talk < q.TalkFrom || q.TalkTo > 0 && c.Talk > q.TalkTo || q.OnlyOpen && !c.Open() {
			continue
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b store.Call) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return out
}

func callsRefused(t *testing.T, s *subject) {
	for _, limit := range []int{-1, store.MaxPage + 1} {
		_, err := s.Calls(ctx, store.CallQuery{Limit: limit})
		fails(t, err, tsujiban.CodeInvalid, "limit: ")
	}
	for _, cursor := range []string{"x", "'; DROP TABLE calls", "AAAA", "////////////////////////"} {
		_, err := s.Calls(ctx, store.CallQuery{Cursor: cursor})
		fails(t, err, tsujiban.CodeInvalid, "cursor: ")
	}
	for _, span := range [][2]time.Time{{noon, noon}, {noon, noon.Add(-time.Hour)}, {noon, noon.AddDate(2, 0, 0)}, {{}, noon}} {
		_, err := s.DailyUse(ctx, "a", span[0], span[1])
		fails(t, err, tsujiban.CodeInvalid, "from")
	}
}

// dailyUse compares with sums over the world, by days in Japan.
func dailyUse(t *testing.T, s *subject) {
	tokyo := time.FixedZone("JST", 9*3600)
	w := newWorld(11)
	for len(w.events) < 2000 {
		w.step()
		w.now = w.now.Add(2 * time.Minute)
	}
	ok(t, s.ApplyEvents(ctx, w.events))
	from := time.Date(2026, 11, 4, 0, 0, 0, 0, tokyo)
	got, err := s.DailyUse(ctx, "c1", from, from.AddDate(0, 0, 2))
	ok(t, err)
	var want []store.DayUse
	for day := range 2 {
		begin := from.AddDate(0, 0, day)
		u := store.DayUse{Day: begin, Destination: attempted(1, 1, noon).Destination}
		for _, c := range w.calls {
			if c.Customer != "c1" || c.Direction != tsujiban.Out || c.At.Before(begin) || !c.At.Before(begin.AddDate(0, 0, 1)) {
				continue
			}
			u.Attempts++
			if c.Action == tsujiban.Deny {
				u.Refused++
			}
			if !c.Answered.IsZero() {
				u.Answered++
			}
			u.Talk += c.Talk
			u.Charge += c.Charge
		}
		want = append(want, u)
	}
	if want[0].Charge == 0 || want[1].Charge == 0 {
		t.Fatal("nothing to sum up")
	}
	same(t, len(got), 2)
	for i := range want {
		if !got[i].Day.Equal(want[i].Day) {
			t.Errorf("day %v, want %v", got[i].Day, want[i].Day)
		}
		got[i].Day = want[i].Day
	}
	same(t, got, want)
}

// dailyUseSummerTime checks days of 23 and 25 hours, destinations apart, and sums that
// stop at the largest amount.
func dailyUseSummerTime(t *testing.T, s *subject) {
	zone, err := time.LoadLocation("Europe/Berlin")
	ok(t, err)
	var events []tsujiban.Event
	call := func(at time.Time, charge tsujiban.Money, iso string) {
		n := len(events)/2 + 1
		ev := attempt(uint64(len(events))+1, n, at)
		copy(ev.Verdict.Destination.ISO[:], iso)
		end := ended(ev.Seq+1, n, at.Add(time.Minute))
		end.Outcome.Charge = charge
		events = append(events, ev, end)
	}
	spring := time.Date(2026, 3, 29, 0, 0, 0, 0, zone)
	autumn := time.Date(2026, 10, 25, 0, 0, 0, 0, zone)
	call(spring, 1, "SL")
	call(spring.Add(23*time.Hour-time.Microsecond), 2, "SL")
	call(spring.Add(23*time.Hour), 4, "SL")
	call(autumn.Add(25*time.Hour-time.Microsecond), tsujiban.MaxMoney, "SL")
	call(autumn.Add(24*time.Hour), 16, "CU")
	call(autumn.Add(24*time.Hour), 16, "SL")
	ok(t, s.ApplyEvents(ctx, events))
	use, err := s.DailyUse(ctx, "hakata", spring, autumn.AddDate(0, 0, 1))
	ok(t, err)
	var got []string
	for _, u := range use {
		got = append(got, u.Day.Format("01-02 15:04 ")+u.Destination.Country()+" "+u.Charge.String())
	}
	same(t, got, []string{"03-29 00:00 SL 0.000003", "03-30 00:00 SL 0.000004", "10-25 00:00 SL " + tsujiban.MaxMoney.String(), "10-25 00:00 CU 0.000016"})
}
