package spend

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tsujiban"
)

func drawPrice(t *rapid.T) tsujiban.Price {
	return tsujiban.Price{
		Setup:     tsujiban.Money(rapid.IntRange(0, 50).Draw(t, "setup")) * tsujiban.Unit,
		PerMinute: tsujiban.Money(rapid.IntRange(1, 500_000_000).Draw(t, "per minute")),
		Increment: time.Duration(rapid.SampledFrom([]int{100, 500, 1000, 6000, 7000, 30_000, 60_000, 180_000}).Draw(t, "increment")) * time.Millisecond,
		Minimum:   time.Duration(rapid.IntRange(0, 90).Draw(t, "minimum")) * time.Second,
	}
}

// TestStretches: they are whole increments, long enough, and always end after the margin.
func TestStretches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPrice(t)
		paid := First(p)
		if paid < Stretch || paid < p.Minimum || paid%p.Increment != 0 || paid >= max(Stretch, p.Minimum)+p.Increment {
			t.Fatalf("%+v: first stretch of %v", p, paid)
		}
		if early := Next(p, paid, paid-Margin-1); early != paid {
			t.Fatalf("%+v: paid up to %v, more than the margin ahead, but the next stretch is %v", p, paid, early)
		}
		talked := paid - Margin + time.Duration(rapid.IntRange(0, 4000).Draw(t, "late"))*time.Second
		next := Next(p, paid, talked)
		if next <= talked+Margin || (next-paid)%p.Increment != 0 {
			t.Fatalf("%+v: paid up to %v, talked %v: next stretch to %v", p, paid, talked, next)
		}
		if step := max(Stretch, p.Increment) + p.Increment; next > talked+Margin+step {
			t.Fatalf("%+v: talked %v: paid far ahead, to %v", p, talked, next)
		}
		// However it is asked, the ends of the stretches are the same.
		if again := Next(p, Next(p, paid, paid), talked); again != max(next, Next(p, paid, paid)) {
			t.Fatalf("%+v: talked %v: %v in one step, %v in two", p, talked, next, again)
		}
	})
}

func TestFreeCallsHaveNoStretch(t *testing.T) {
	if got := First(tsujiban.Price{}); got != 0 {
		t.Errorf("first stretch of a free call: %v", got)
	}
	if got := Next(tsujiban.Price{}, 0, time.Hour); got != 0 {
		t.Errorf("next stretch of a free call: %v", got)
	}
}

// TestBooksHoldTheCaps books calls on days and months that come in any order and holds the
// sum of every book, whenever it was begun, to the caps.
func TestBooksHoldTheCaps(t *testing.T) {
	type open struct {
		slip Slip
	}
	rapid.Check(t, func(t *rapid.T) {
		var b Books
		caps := Caps{Call: 60, Day: 100, Month: 150}
		var running []*open
		charged := map[string]map[int32]tsujiban.Money{"day": {}, "month": {}}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			amount := tsujiban.Money(rapid.IntRange(0, 70).Draw(t, "amount"))
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				day := int32(rapid.IntRange(0, 12).Draw(t, "day"))
				month := day / 3
				if b.Allows(caps, day, month, amount) == tsujiban.ReasonNone {
					o := &open{}
					b.Reserve(&o.slip, day, month, amount)
					running = append(running, o)
				}
			case 2:
				if len(running) > 0 {
					o := running[rapid.IntRange(0, len(running)-1).Draw(t, "call")]
					before := b
					if r := b.Extend(&o.slip, caps, o.slip.Reserved+amount); r != tsujiban.ReasonNone && b != before {
						t.Fatalf("refused for %v, but the books changed", r)
					}
				}
			case 3:
				if len(running) > 0 {
					i := rapid.IntRange(0, len(running)-1).Draw(t, "call")
					o := running[i]
					charge := min(amount, o.slip.Reserved)
					charged["day"][o.slip.day] += charge
					charged["month"][o.slip.month] += charge
					b.Settle(&o.slip, charge)
					running = append(running[:i], running[i+1:]...)
				}
			}
			for name, limit := range map[string]tsujiban.Money{"day": caps.Day, "month": caps.Month} {
				for label, sum := range charged[name] {
					if sum > limit {
						t.Fatalf("%s %d was charged %d, the cap is %d", name, label, sum, limit)
					}
				}
			}
		}
	})
}

func TestBooksOfADayThatIsGone(t *testing.T) {
	var b Books
	var slip Slip
	caps := Caps{Day: 1000}
	b.Reserve(&slip, 1, 1, 10)
	for day := int32(2); day < 6; day++ {
		var s Slip
		b.Reserve(&s, day, 1, 10)
	}
	if r := b.Extend(&slip, caps, 20); r != tsujiban.ReasonCapDay {
		t.Errorf("a call of a day whose books are gone is extended: %v", r)
	}
	if r := b.Extend(&slip, Caps{}, 20); r != tsujiban.ReasonNone {
		t.Errorf("without a cap it is cut: %v", r)
	}
	b.Settle(&slip, 15)
	if s := b.Sums(5, 1); s.Today != 0 || s.TodayReserved != 10 || s.Month != 15 || s.MonthReserved != 40 {
		t.Errorf("%+v", s)
	}
}

// TestSumsStayExact: amounts that would overflow are refused also without a cap.
func TestSumsStayExact(t *testing.T) {
	var b Books
	if r := b.Allows(Caps{}, 1, 1, tsujiban.MaxMoney); r == tsujiban.ReasonNone {
		t.Error("an endless amount is allowed")
	}
	var s Slip
	b.Reserve(&s, 1, 1, tsujiban.MaxMoney-10)
	if r := b.Allows(Caps{}, 1, 1, 10); r == tsujiban.ReasonNone {
		t.Error("a sum that overflows is allowed")
	}
	b.Settle(&s, 7)
	if got := b.Sums(1, 1); got != (Sums{Today: 7, Month: 7}) {
		t.Errorf("%+v", got)
	}
}

func TestPace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 50).Draw(t, "limit")
		var p Pace
		var taken []int64
		at := int64(1_000_000)
		for range 200 {
			at += int64(rapid.IntRange(0, 300).Draw(t, "ms"))
			if p.Allows(at, limit) {
				p.Take(at, limit)
				taken = append(taken, at)
			}
			// A second that begins with a full bucket has at most twice the limit.
			n := 0
			for _, x := range taken {
				if x > at-1000 {
					n++
				}
			}
			if n > 2*limit {
				t.Fatalf("%d calls in a second, the limit is %d", n, limit)
			}
		}
	})
	var p Pace
	for i := range 5 {
		if !p.Allows(0, 5) {
			t.Fatalf("call %d of 5 in a second is refused", i+1)
		}
		p.Take(0, 5)
	}
	if p.Allows(0, 5) || p.Allows(199, 5) || !p.Allows(200, 5) {
		t.Error("after five calls at once the next one passes after a fifth of a second")
	}
	if !p.Allows(-3_600_000, 5) {
		t.Error("a clock that was set back stops all calls")
	}
	if !p.Allows(0, 0) {
		t.Error("no limit, but the call is refused")
	}
}
