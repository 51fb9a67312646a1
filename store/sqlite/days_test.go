package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"tsujiban"
	"tsujiban/bill"
	"tsujiban/store"
)

func zoneNamed(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	must(t, err)
	return zone
}

func openIn(t *testing.T, path string, zone *time.Location) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, WithZone(zone))
	must(t, err)
	return s
}

// random makes events of few calls that cross midnights: answers and ends that come late, twice, in any order, before their call or without one,
// calls that begin twice, refused ones that end.
func random(rng *rand.Rand, seq uint64, n int) (events []tsujiban.Event) {
	for range n {
		seq++
		id := 1 + rng.IntN(60)
		begun := time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC).Add(time.Duration(id) * time.Hour)
		ev := tsujiban.Event{Seq: seq, Call: tsujiban.NextCallID(0, begun), At: begun.Add(time.Duration(rng.IntN(3000)) * time.Second)}
		switch rng.IntN(5) {
		case 0, 1:
			ev.Kind, ev.At = tsujiban.EventAttempt, begun
			a, v := &ev.Attempt, &ev.Verdict
			a.Customer, a.Direction = tsujiban.CustomerID(fmt.Sprint("c", id%3)), tsujiban.Direction(rng.IntN(4)/3)
			if v.Destination = (tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassMobile, Code: 232, ISO: [2]byte{'S', 'L'}}); id%2 == 0 {
				v.Destination = tsujiban.Destination{Scope: tsujiban.ScopeDomestic, Class: tsujiban.ClassFixed, Code: 81, ISO: [2]byte{'J', 'P'}}
			}
			if id%7 == 0 {
				v.Action, v.Reason = tsujiban.Deny, []tsujiban.Reason{tsujiban.ReasonNone, tsujiban.ReasonFraud, tsujiban.ReasonChannels}[id%3]
			}
		case 2:
			ev.Kind = tsujiban.EventAnswered
		default:
			ev.Kind = tsujiban.EventEnded
			ev.Outcome = tsujiban.Outcome{Status: 200, Talk: time.Duration(rng.IntN(600_000)) * time.Millisecond, Charge: tsujiban.Money(rng.IntN(1000)) * tsujiban.Unit, By: []tsujiban.Party{tsujiban.PartyCaller, tsujiban.PartyGuard}[rng.IntN(2)]}
		}
		events = append(events, ev)
	}
	return events
}

// sumsAreRight holds the sums that are kept against what a walk through the calls finds, and what is answered from them against what is answered
// from the calls: of another name, the same zone's days are read from the calls.
func sumsAreRight(t *testing.T, s *Store) {
	t.Helper()
	wrong, err := s.CompareDays(t.Context())
	must(t, err)
	if wrong.Count() > 0 {
		t.Fatalf("sums are not what the calls come to: %+v", wrong)
	}
	jst := time.FixedZone("JST", 9*3600)
	if s.zone.String() != "Asia/Tokyo" {
		return
	}
	for _, span := range [][2]time.Time{
		{time.Date(2026, 3, 28, 0, 0, 0, 0, jst), time.Date(2026, 3, 30, 0, 0, 0, 0, jst)},
		{time.Date(2026, 3, 28, 5, 0, 0, 0, jst), time.Date(2026, 3, 30, 7, 0, 0, 0, jst)},
		{time.Date(2026, 3, 28, 5, 0, 0, 0, jst), time.Date(2026, 3, 28, 7, 0, 0, 0, jst)},
		{time.Date(2026, 3, 1, 5, 0, 0, 0, jst), time.Date(2026, 5, 1, 7, 0, 0, 0, jst)},
	} {
		var kept, walked []store.DayUse
		var keptDays, walkedDays []store.CustomerDay
		for _, customer := range []tsujiban.CustomerID{"c0", "c1", "c2"} {
			use, err := s.DailyUse(t.Context(), customer, span[0].In(s.zone), span[1])
			must(t, err)
			for i := range use {
				use[i].Day = use[i].Day.In(jst)
			}
			kept = append(kept, use...)
			use, err = s.DailyUse(t.Context(), customer, span[0], span[1])
			must(t, err)
			walked = append(walked, use...)
		}
		if d := gocmp.Diff(walked, kept); d != "" {
			t.Fatalf("from sums the + lines, from calls the - lines:\n%s", d)
		}
		before := span[0].AddDate(0, 0, -1)
		keptDays, err = s.CustomerDays(t.Context(), span[0].In(s.zone), span[1], before)
		must(t, err)
		walkedDays, err = s.CustomerDays(t.Context(), span[0], span[1], before)
		must(t, err)
		if d := gocmp.Diff(walkedDays, keptDays); d != "" && span[0].Hour() == 0 {
			t.Fatalf("from sums the + lines, from calls the - lines:\n%s", d)
		}
	}
}

// TestDaysAreTheCalls: whatever comes, in whatever batches, and whatever is erased or made anew, each sum is what its calls come to.
func TestDaysAreTheCalls(t *testing.T) {
	tokyo, berlin := zoneNamed(t, "Asia/Tokyo"), zoneNamed(t, "Europe/Berlin")
	for range 5 {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		rng := rand.New(rand.NewPCG(seed, 0))
		path, zone := filepath.Join(t.TempDir(), "store.db"), tokyo
		s := openIn(t, path, zone)
		var all []tsujiban.Event
		for range 12 {
			switch []string{"events", "events", "events", "erase", "rebuild", "reopen", "move", "reset"}[rng.IntN(8)] {
			case "events":
				for range 1 + rng.IntN(4) {
					batch := random(rng, uint64(len(all)), 1+rng.IntN(80))
					all = append(all, batch...)
					must(t, s.ApplyEvents(t.Context(), batch))
				}
			case "erase":
				erased := time.Date(2026, 3, 28, rng.IntN(48), 0, 0, 0, time.UTC)
				_, err := s.EraseCalls(t.Context(), erased, nil, func() error { return nil })
				must(t, err)
			case "rebuild":
				n := 0
				must(t, s.Rebuild(t.Context(), 1, func(context.Context) (*tsujiban.Event, error) {
					if n == len(all) {
						return nil, io.EOF
					}
					n++
					return &all[n-1], nil
				}, nil))
			case "move": // the configuration has another zone, first with events before the sums are made anew
				if zone = berlin; rng.IntN(2) == 0 {
					zone = tokyo
				}
				must(t, s.Close())
				s = openIn(t, path, zone)
				batch := random(rng, uint64(len(all)), 20)
				all = append(all, batch...)
				must(t, s.ApplyEvents(t.Context(), batch))
				must(t, s.MakeDays(t.Context()))
			case "reopen":
				must(t, s.Close())
				s = openIn(t, path, zone)
			case "reset":
				must(t, s.ResetViews(t.Context(), 1))
				must(t, s.ApplyEvents(t.Context(), all))
			}
			sumsAreRight(t, s)
		}
		must(t, s.Close())
	}
}

// TestDaysThatAreWrong are found: each figure, one too many, one that is missing.
func TestDaysThatAreWrong(t *testing.T) {
	s := openIn(t, filepath.Join(t.TempDir(), "store.db"), zoneNamed(t, "Asia/Tokyo"))
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.ApplyEvents(t.Context(), random(rand.New(rand.NewPCG(1, 2)), 0, 400)))
	sumsAreRight(t, s)
	change := func(query string, want ...RowFaultKind) {
		t.Helper()
		_, err := s.view.write.ExecContext(t.Context(), query)
		must(t, err)
		wrong, err := s.CompareDays(t.Context())
		var kinds []RowFaultKind
		table := "days"
		if strings.Contains(query, "billed") {
			table = "billed"
		}
		for _, f := range wrong.Rows {
			kinds = append(kinds, f.Kind)
			if f.Customer == "" || f.From.Year() < 2026 || f.Key == "" || f.Table != table {
				t.Errorf("%s: %+v", query, f)
			}
		}
		slices.Sort(kinds)
		if err != nil || !slices.Equal(kinds, want) || wrong.Count() != len(want) {
			t.Errorf("%s: %+v, %v; want %v", query, wrong, err, want)
		}
	}
	for _, column := range []string{"attempts", "answered", "cut", "night", "talk_ms", "charge"} {
		one := ` WHERE (day, customer, class, refused) IN (SELECT day, customer, class, refused FROM days ORDER BY day DESC, customer, class, refused LIMIT 1)`
		change(`UPDATE days SET `+column+` = `+column+` + 1`+one, RowChanged)
		change(`UPDATE days SET ` + column + ` = ` + column + ` - 1` + one)
	}
	for _, column := range []string{"calls", "first", "last", "talk_ms", "least", "most", "charge"} {
		one := ` WHERE (customer, iso, about) IN (SELECT customer, iso, about FROM billed ORDER BY customer, iso, about LIMIT 1)`
		change(`UPDATE billed SET `+column+` = `+column+` + 1`+one, RowChanged)
		change(`UPDATE billed SET ` + column + ` = ` + column + ` - 1` + one)
	}
	change(`UPDATE billed SET month = month + 30 WHERE (customer, iso, about) IN (SELECT customer, iso, about FROM billed ORDER BY customer, iso, about LIMIT 1)`, RowMissing, RowAdded)
	change(`UPDATE billed SET month = month - 30 WHERE month > 2026 * 12 + 20`)
	change(`INSERT INTO days SELECT day + 1000, customer, scope, class, code, iso, refused, attempts, answered, cut, night, talk_ms, charge FROM days LIMIT 1`, RowAdded)
	change(`DELETE FROM days WHERE (day, customer, class, refused) IN (SELECT day, customer, class, refused FROM days ORDER BY day, customer, class, refused LIMIT 1)`, RowMissing, RowAdded)
}

// TestDaysAfterKill: a process that is killed while it folds leaves sums and calls of the same moment.
func TestDaysAfterKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	for range 2 {
		killed(t, "work", path, 5+rand.IntN(40))
		s, err := Open(t.Context(), path)
		must(t, err)
		sumsAreRight(t, s)
		must(t, s.Close())
	}
}

// TestBilled holds folded lines against a fold of the calls here, with the 14,000 equal calls of March 2015 among them.
func TestBilled(t *testing.T) {
	s := open(t)
	var events []tsujiban.Event
	last := tsujiban.CallID(0)
	call := func(at time.Time, talk time.Duration, charge tsujiban.Money, iso string) {
		ev := tsujiban.Event{Seq: uint64(len(events)) + 1, Kind: tsujiban.EventAttempt, At: at}
		last = tsujiban.NextCallID(last, at)
		ev.Call = last
		ev.Attempt.Customer, ev.Attempt.Direction = "hakata", tsujiban.Out
		ev.Verdict.Destination = tsujiban.Destination{Scope: tsujiban.ScopeInternational, Class: tsujiban.ClassMobile, Code: 232}
		copy(ev.Verdict.Destination.ISO[:], iso)
		var err error
		ev.Verdict.Callee, err = tsujiban.ParseNumber("+23276123456")
		must(t, err)
		end := tsujiban.Event{Seq: ev.Seq + 1, Kind: tsujiban.EventEnded, At: at.Add(talk), Call: ev.Call, Outcome: tsujiban.Outcome{Status: 200, Talk: talk, Charge: charge}}
		events = append(events, ev, end)
	}
	from := time.Date(2015, 3, 20, 0, 0, 0, 0, time.UTC)
	for i := range 14_000 {
		call(from.Add(time.Duration(i)*25*time.Second), time.Duration(28+i%5)*time.Second, 175*tsujiban.Unit, "SL")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range 300 {
		call(from.Add(time.Duration(i)*17*time.Minute+time.Second), time.Duration(rng.IntN(900))*time.Second, tsujiban.Money(rng.IntN(100))*tsujiban.Unit/3, []string{"CU", "US"}[rng.IntN(2)])
	}
	call(from.Add(time.Hour+time.Millisecond), time.Minute, tsujiban.MaxMoney, "GB")
	call(from.Add(2*time.Hour+time.Millisecond), time.Minute, 5, "GB")
	call(from.Add(3*time.Hour+time.Millisecond), 0, 0, "FR") // nobody answered
	must(t, s.ApplyEvents(t.Context(), events))
	got, err := s.Billed(t.Context(), "hakata", from.AddDate(0, 0, 1-from.Day()))
	must(t, err)
	type kind struct {
		iso   string
		about int64
	}
	want, places := map[kind]*store.Alike{}, 0
	must(t, s.EachCall(t.Context(), "hakata", from, from.AddDate(0, 0, 30), func(c *store.CallSum) error {
		if c.Talk == 0 && c.Charge == 0 {
			return nil
		}
		k := kind{c.Destination.Country(), int64((c.Talk + bill.FoldAbout/2) / bill.FoldAbout)}
		a := want[k]
		if a == nil {
			a = &store.Alike{Destination: c.Destination, First: c.At, Least: c.Charge, Most: c.Charge}
			a.Destination.Code = 0
			want[k] = a
		}
		a.Last, a.Count, a.Talk, a.Charge = c.At, a.Count+1, a.Talk+c.Talk, a.Charge.Add(c.Charge)
		a.Least, a.Most = min(a.Least, c.Charge), max(a.Most, c.Charge)
		a.Calls = append(a.Calls, store.CallSum{ID: c.ID, At: c.At, Callee: c.Callee, Talk: c.Talk, Charge: c.Charge})
		return nil
	}))
	for _, a := range got {
		slices.SortFunc(a.Calls, func(x, y store.CallSum) int { return cmp.Compare(x.ID, y.ID) })
		w := want[kind{a.Destination.Country(), int64((a.Talk/time.Duration(a.Count) + bill.FoldAbout/2) / bill.FoldAbout)}]
		if w == nil {
			t.Fatalf("%+v is nowhere in the calls", a)
		}
		if w.Count > bill.FoldFrom {
			w.Calls = nil
		}
		if d := gocmp.Diff(*w, a, gocmp.Comparer(func(x, y tsujiban.Number) bool { return x == y })); d != "" {
			t.Errorf("got the + lines, want the - lines:\n%s", d)
		}
		if a.Destination.Country() == "SL" {
			places++
			if a.Count != 14_000 || a.Charge != 2_450_000*tsujiban.Unit {
				t.Errorf("%+v", a)
			}
		}
	}
	elsewhere, err := s.Billed(t.Context(), "hakata", time.Date(2015, 3, 1, 0, 0, 0, 0, time.FixedZone("", 0))) // read from the calls
	must(t, err)
	byFirst := func(a, b store.Alike) int { return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Count, b.Count)) }
	slices.SortFunc(got, byFirst)
	slices.SortFunc(elsewhere, byFirst)
	for i := range elsewhere {
		slices.SortFunc(elsewhere[i].Calls, func(x, y store.CallSum) int { return cmp.Compare(x.ID, y.ID) })
	}
	if d := gocmp.Diff(elsewhere, got, gocmp.Comparer(func(x, y tsujiban.Number) bool { return x == y })); d != "" {
		t.Errorf("from lines the + lines, from calls the - lines:\n%s", d)
	}
	if len(got) != len(want) || places != 1 {
		t.Errorf("%d kinds of line, %d to Sierra Leone; want %d and 1", len(got), places, len(want))
	}
}
